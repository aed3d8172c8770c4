"""How a rollout looks on a terminal."""

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from tidegate.cli.paper import paper
from tidegate.cli.rollout_lines import headline, rolls_out
from tidegate.control.status import ArmStatus, RolloutStatus, SavingsStatus
from tidegate.control.watch_status import WatchStatus
from tidegate.domain.reporting.document import RecordShown
from tidegate.domain.rollout import ACTIVE


def show(status: RolloutStatus) -> None:
    """Print the whole status."""
    paper().print(picture(status))


def picture(status: RolloutStatus, *, brief: bool = False) -> RenderableType:
    """Headline, arms, gates and the last decision, one below the other; `brief`: gates without why."""
    parts: list[RenderableType] = [
        Text(headline(status), style="bold"),
        Text(rolls_out(status)),
        _arms(status),
        _gates(status, brief=brief),
    ]
    if status.revisions:
        parts.append(Text(f"revision {status.revisions} of the candidate; evidence is of this one alone"))
    if status.revision_noted:
        parts.append(Text("a revision is noted: it takes effect with the next stage"))
    if status.savings.point is not None:
        parts.append(Text(_savings(status.savings, status.savings.point)))
    if status.watch is not None:
        parts.append(Text(_watch(status.watch), style="bold" if status.watch.state == "alarm" else ""))
    parts += [Text(f"open: {each.kind}: {each.what} ({each.reason})") for each in status.incidents]
    if status.record is not None:
        parts += _record(status.record)
    last, event = status.last_decision, status.last_event
    if last is not None and not _overtaken(status):
        parts.append(Text(f"last decision: {last.kind} at {last.at}: {last.reason}"))
    if event is not None and event.kind != "hold":
        parts.append(Text(f"last event: {event.kind} at {event.at} by {event.actor}: {event.reason}"))
    return Group(*parts)


def _overtaken(status: RolloutStatus) -> bool:
    """Whether somebody ended it after the controller's last decision, which then says nothing any more."""
    last, event = status.last_decision, status.last_event
    return status.state not in ACTIVE and last is not None and event is not None and event.at > last.at


def _savings(savings: SavingsStatus, point: float) -> str:
    said = f"savings {point:.1%} against concurrent control"
    if savings.low is not None and savings.high is not None:
        said += f", between {savings.low:.1%} and {savings.high:.1%} (95 % at any time)"
    since = savings.certified_since
    return f"{said}; certified since {since}" if since else said


def _watch(watch: WatchStatus) -> str:
    until = f" until {watch.until}" if watch.until else ""
    called = {"watching": "watching", "alarm": "ALARM", "off": "nothing watches"}[watch.state]
    return f"{called} since {watch.since}{until}: {watch.reason}"


def _record(record: RecordShown) -> list[RenderableType]:
    """What the stage's end was decided on, in three lines at most beside what was open."""
    votes = record.votes
    says = ", ".join(f"{each.name} {each.verdict} → {each.says}" for each in record.criteria) or "no gates"
    lines = [
        f"stage's end ({record.event} at {record.at}): {record.recommendation}: {record.reason}",
        f"  criteria: {says}",
        f"  votes: candidate {votes.candidate_up:,} up, {votes.candidate_down:,} down; "
        f"control {votes.control_up:,} up, {votes.control_down:,} down",
        *(f"  open then: {each.kind}: {each.what} ({each.reason})" for each in record.incidents),
    ]
    return [Text(line) for line in lines]


def _arms(status: RolloutStatus) -> Table:
    table = Table(
        "arm", "requests", "triggered", "errors", "faults", "p95 s", "cost USD", header_style="bold"
    )
    for name, arm in (("candidate", status.arms.candidate), ("control", status.arms.control)):
        table.add_row(name, *_arm_cells(arm))
    return table


def _arm_cells(arm: ArmStatus) -> tuple[str, ...]:
    p95 = "–" if arm.p95_seconds is None else f"{arm.p95_seconds:.3f}"
    return (
        f"{arm.requests:,}",
        f"{arm.triggered:,}",
        f"{arm.errors:,}",
        f"{arm.faulted:,}",
        p95,
        f"{arm.cost_usd:.4f}",
    )


def _gates(status: RolloutStatus, *, brief: bool) -> Table:
    why = () if brief else ("why",)
    table = Table("gate", "verdict", "of", "value", "bound", "e-value", *why, header_style="bold")
    for gate in status.gates:
        cells = [_figure(number, gate.measure) for number in (gate.value, gate.bound)]
        e_value = "–" if gate.e_value is None else f"{gate.e_value:.4g}"
        table.add_row(
            gate.name, gate.verdict, gate.measure, *cells, e_value, *([] if brief else [Text(gate.reason)])
        )
    return table


def _figure(number: float | None, measure: str) -> str:
    """A count of requests as such; everything else is a share."""
    if number is None:
        return "–"
    return f"{number:,.0f}" if measure == "requests" else f"{100 * number:.4g} %"
