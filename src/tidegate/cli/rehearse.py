"""`tidegate rehearse`: try a plan on simulated traffic before any user is touched."""

import asyncio
import time
from pathlib import Path
from typing import Annotated, NamedTuple

import msgspec
import typer

from tidegate.cli.fitting import Since, Until, fit_period, note_fit
from tidegate.cli.options import AsJson
from tidegate.cli.output import emit_json, run, say
from tidegate.cli.rehearse_view import show, show_timeline
from tidegate.config.values import duration
from tidegate.control.timestamp import epoch, rfc3339
from tidegate.domain.errors import InvalidInput
from tidegate.domain.schedule import ALWAYS
from tidegate.harness.load.trace import read_trace
from tidegate.rehearsal.fitting.text import scenario_text
from tidegate.rehearsal.named import NAMED
from tidegate.rehearsal.past import warnings
from tidegate.rehearsal.plan import plan_of, starting
from tidegate.rehearsal.repeat import Work, repeat, start_of
from tidegate.rehearsal.rivals import RIVALS, names
from tidegate.rehearsal.scenario import Scenario, with_faults_of
from tidegate.rehearsal.scenario_file import read_scenario
from tidegate.rehearsal.summary import of_rivals, summary

app = typer.Typer(
    subcommand_metavar="",
    help="Rehearse a rollout: the real decisions on simulated traffic and a virtual clock.",
)

_AT_ONCE, _NEVER = "at-once", "never"

Spec = Annotated[Path, typer.Argument(metavar="SPEC", help="The rollout's spec.")]
Named = Annotated[
    str, typer.Option("--scenario", metavar="FILE|NAME", help=f"A file, or one of {', '.join(NAMED)}.")
]
Reps = Annotated[int, typer.Option(min=1, max=1_000_000, help="How many repetitions.")]
Trace = Annotated[
    Path | None,
    typer.Option(help="CSV: TIMESTAMP,ContextTokens,GeneratedTokens; its arrivals, over and over."),
]
Seed = Annotated[int, typer.Option(help="The same seed gives the same rehearsals.")]
Approve = Annotated[
    str, typer.Option(metavar=f"{_AT_ONCE}|{_NEVER}", help="When a stage that asks for approval gets it.")
]
Revise = Annotated[
    list[str] | None,
    typer.Option(metavar="TIME", help="Revise the candidate so long after the start, as in 30h; repeatable."),
]
Start = Annotated[
    str | None,
    typer.Option(
        metavar="TIME",
        help="When it starts, for its schedule (2027-01-29T09:00:00Z); else now, or as --resume has it.",
    ),
]
Keep = Annotated[
    Path | None, typer.Option("--resume", metavar="FILE", help="Keep repetitions there, and go on with them.")
]
Workers = Annotated[int | None, typer.Option(min=1, max=1024, help="Processes; else one for each core.")]
FromLedger = Annotated[
    bool,
    typer.Option(
        "--from-ledger", help="Traffic and control as the ledger has them; of --scenario the faults."
    ),
]
Against = Annotated[
    str | None,
    typer.Option(
        metavar="RULES", help=f"Put traffic of the same kind to these rules too: {','.join(RIVALS)}."
    ),
]


@app.callback(invoke_without_command=True, context_settings={"allow_interspersed_args": True})
def rehearse(
    spec: Spec,
    *,
    scenario: Named = "aa",
    reps: Reps = 1,
    trace: Trace = None,
    seed: Seed = 1,
    approve: Approve = _AT_ONCE,
    revise: Revise = None,
    start: Start = None,
    kept: Keep = None,
    workers: Workers = None,
    against: Against = None,
    from_ledger: FromLedger = False,
    since: Since = None,
    until: Until = None,
    as_json: AsJson = False,
) -> None:
    """Carry the plan out on simulated traffic: what would have been decided when, and what it would cost."""
    if not from_ledger and (since or until):
        raise typer.BadParameter("--since and --until say which past: give --from-ledger too")
    run(
        _rehearse(
            Asked(
                spec=spec,
                scenario=scenario,
                trace=trace,
                seed=seed,
                approve=_approves(approve),
                against=_rivals(against or ""),
                start=_start(start, kept),
                revisions=_times(revise or []),
            ),
            past=(since, until) if from_ledger else None,
            reps=reps,
            workers=workers,
            kept=kept,
            as_json=as_json,
        )
    )


class Asked(NamedTuple):
    """What is to be rehearsed, as it was asked for."""

    spec: Path
    scenario: str
    trace: Path | None
    seed: int
    approve: bool
    against: tuple[str, ...]
    start: float
    revisions: tuple[float, ...] = ()

    def work(self, past: str | None = None) -> Work:
        """`past` is the scenario of the ledger, which then only gets faults from the other.

        Raises InvalidInput for what cannot be read.
        """
        scenario, beside = _scenario(self.scenario)
        if past is not None:
            scenario = with_faults_of(read_scenario(past), scenario, self.scenario)
        trace = self.trace or (beside / scenario.traffic.trace if scenario.traffic.trace else None)
        return Work(
            plan=starting(plan_of(_text(self.spec, "the rollout's spec")), self.start),
            scenario=scenario,
            seed=self.seed,
            approve=self.approve,
            times=tuple(each.at for each in read_trace(trace)) if trace else (),
            against=self.against,
            revisions=self.revisions,
        )


async def _rehearse(
    asked: Asked,
    *,
    past: tuple[str | None, str | None] | None,
    reps: int,
    workers: int | None,
    kept: Path | None,
    as_json: bool,
) -> None:
    work = await asyncio.to_thread(asked.work, await _fitted(asked.spec, *past) if past else None)
    weak = await asyncio.to_thread(warnings, work.plan, work.scenario)
    courses = await asyncio.to_thread(repeat, work, reps, workers=workers, kept=kept)
    if as_json:
        rivals = {name: summary(each) for name, each in of_rivals(courses).items()}
        found = msgspec.to_builtins(summary(courses)) | ({"against": rivals} if rivals else {})
        emit_json(found | {"warnings": weak, "start": rfc3339(asked.start)})
        return
    for warning in weak:
        say(f"warning: {warning}")
    if reps == 1:
        show_timeline(courses[0])
    if work.plan.schedule != ALWAYS:
        say(f"started at {rfc3339(asked.start)}, for its schedule (--start)")
    show(courses)


async def _fitted(spec: Path, since: str | None, until: str | None) -> str:
    """The scenario of what the spec's scope was like, through the text that `ledger fit` prints."""
    scope = plan_of(await asyncio.to_thread(_text, spec, "the rollout's spec")).eligible
    found = await fit_period(since, until, tenants=scope.tenants, tasks=scope.tasks)
    note_fit(found)
    return scenario_text(found)


def _scenario(name: str) -> tuple[Scenario, Path]:
    """The scenario, and the folder that its trace's path starts from."""
    if name in NAMED:
        return read_scenario(NAMED[name]), Path()
    path = Path(name)
    if not path.is_file():
        raise InvalidInput(f"{name}: no such file, and no scenario of that name: {', '.join(NAMED)}")
    return read_scenario(_text(path, "the scenario")), path.parent


def _approves(approve: str) -> bool:
    """Raises BadParameter for any other word."""
    if approve not in (_AT_ONCE, _NEVER):
        raise typer.BadParameter(f"--approve {approve}: use {_AT_ONCE} or {_NEVER}")
    return approve == _AT_ONCE


def _rivals(against: str) -> tuple[str, ...]:
    """Raises BadParameter for a rule that is not known."""
    found = names(against)
    for name in found:
        if name not in RIVALS:
            raise typer.BadParameter(f"--against {name}: use {', '.join(RIVALS)}")
    return found


def _start(text: str | None, kept: Path | None) -> float:
    """Raises BadParameter for what is no time."""
    if text is not None:
        try:
            return epoch(text, name="--start")
        except InvalidInput as wrong:
            raise typer.BadParameter(str(wrong)) from wrong
    return (start_of(kept) if kept else None) or float(int(time.time()))


def _times(texts: list[str]) -> tuple[float, ...]:
    """Raises BadParameter for what is no duration."""
    try:
        return tuple(duration(text) for text in texts)
    except ValueError as wrong:
        raise typer.BadParameter(f"--revise: {wrong}") from wrong


def _text(path: Path, what: str) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as wrong:
        raise InvalidInput(f"{what} {path} cannot be read: {wrong}") from wrong
