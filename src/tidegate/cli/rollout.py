"""`tidegate rollout`: start a staged rollout, watch it, and move it by hand."""

import sys
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

import msgspec
import typer

from tidegate.cli.call import call
from tidegate.cli.options import AsJson, DryRun, Reason, tell
from tidegate.cli.output import emit_json, emit_table, run, say
from tidegate.cli.rollout_lines import HistoryDocument, SummariesDocument, headline, rolls_out
from tidegate.cli.rollout_watch import watch as watch_rollout
from tidegate.control.linked_approval import LinkShown
from tidegate.control.status import RolloutStatus
from tidegate.domain.difference import Change

app = typer.Typer(no_args_is_help=True, help="Staged rollouts: start, watch, promote, undo.")

_NO_ROLLOUT = "there is no rollout yet; start the first with `tidegate rollout start SPEC --reason …`"

Name = Annotated[str, typer.Argument(metavar="NAME", help="The rollout's name.")]


@app.command()
def start(
    spec: Annotated[Path, typer.Argument(metavar="SPEC", help="The rollout's spec (YAML).")],
    reason: Reason,
    as_json: AsJson = False,
    dry_run: DryRun = False,
) -> None:
    """Start a rollout from its spec; skills are pinned to the digests they have now."""
    body = {"spec": _read(spec), "reason": reason}
    document = run(call("POST", "/api/rollouts", json=body, dry_run=dry_run))
    started = msgspec.convert(document, RolloutStatus)
    tell(document, f"{rolls_out(started)}\n{headline(started)}", as_json=as_json)


@app.command("list")
def list_rollouts(as_json: AsJson = False) -> None:
    """List every rollout, newest first."""
    document = run(call("GET", "/api/rollouts"))
    if as_json:
        emit_json(document)
        return
    rows = [
        (one.name, one.state, one.stage, f"{one.weight:g} %", one.since, one.created_by)
        for one in msgspec.convert(document, SummariesDocument).rollouts
    ]
    emit_table(
        "rollouts", ("name", "state", "stage", "weight", "since", "started by"), rows, empty=_NO_ROLLOUT
    )


@app.command()
def status(name: Name, as_json: AsJson = False) -> None:
    """Show state, evidence per arm, gates, savings and the last decision."""
    document = run(call("GET", _path(name)))
    if as_json:
        emit_json(document)
        return
    from tidegate.cli.rollout_view import show  # noqa: PLC0415 (drawing takes long to load; JSON needs none)

    show(msgspec.convert(document, RolloutStatus))


@app.command()
def watch(name: Name, as_json: AsJson = False) -> None:
    """Follow a rollout until it ends: exit 0 when it completed, 1 when it was rolled back or aborted."""
    if not run(watch_rollout(_path(name), as_json=as_json)):
        raise typer.Exit(1)


@app.command()
def promote(name: Name, reason: Reason, as_json: AsJson = False, dry_run: DryRun = False) -> None:
    """Approve the next stage of a rollout that awaits approval."""
    _move(name, "promote", reason, as_json, dry_run)


@app.command()
def link(
    name: Name,
    key: Annotated[str, typer.Option("--for", help="The id of the operator's key that it stands for.")],
    as_json: AsJson = False,
) -> None:
    """Print a link by which the holder of a key promotes what awaits approval."""
    document = run(call("GET", f"{_path(name)}/link", params={"key": key}))
    if as_json:
        emit_json(document)
        return
    made = msgspec.convert(document, LinkShown)
    say(made.link)
    sys.stderr.write(
        f"tidegate: good until {made.expires_at}; whoever has it promotes in the name of {made.approver}\n"
    )


@app.command()
def pause(name: Name, reason: Reason, as_json: AsJson = False, dry_run: DryRun = False) -> None:
    """Stay in this stage; guardrails are judged on, and time paused does not count as baking."""
    _move(name, "pause", reason, as_json, dry_run)


@app.command()
def resume(name: Name, reason: Reason, as_json: AsJson = False, dry_run: DryRun = False) -> None:
    """Go on with a paused rollout."""
    _move(name, "resume", reason, as_json, dry_run)


@app.command()
def abort(name: Name, reason: Reason, as_json: AsJson = False, dry_run: DryRun = False) -> None:
    """End a running rollout: everybody gets the baseline, at once."""
    _move(name, "abort", reason, as_json, dry_run)


@app.command()
def undo(name: Name, reason: Reason, as_json: AsJson = False, dry_run: DryRun = False) -> None:
    """Take a completed rollout back: everybody gets the baseline, at once."""
    _move(name, "undo", reason, as_json, dry_run)


@app.command()
def retry(name: Name, reason: Reason, as_json: AsJson = False, dry_run: DryRun = False) -> None:
    """Start a rolled-back or aborted rollout again, with new assignment and new evidence."""
    _move(name, "retry", reason, as_json, dry_run)


@app.command()
def revise(
    name: Name,
    spec: Annotated[Path, typer.Argument(metavar="SPEC", help="Its spec (YAML) with another candidate.")],
    reason: Reason,
    as_json: AsJson = False,
    dry_run: DryRun = False,
) -> None:
    """Change the candidate of a running rollout, by its edited spec; evidence starts anew."""
    body = {"spec": _read(spec), "reason": reason}
    document = run(call("POST", f"{_path(name)}/revise", json=body, dry_run=dry_run))
    status = msgspec.convert(document, RolloutStatus)
    tell(document, headline(status) + _noted(status), as_json=as_json)
    for change in [] if as_json else msgspec.convert(document, _Revised).changes:
        say(f"  candidate.{change.path}: {_value(change.before)} → {_value(change.after)}")


@app.command()
def history(name: Name, as_json: AsJson = False) -> None:
    """List every event: who, when, why."""
    document = run(call("GET", f"{_path(name)}/history"))
    if as_json:
        emit_json(document)
        return
    rows = [
        (str(event.seq), event.at, event.kind, event.actor, event.reason)
        for event in msgspec.convert(document, HistoryDocument).events
    ]
    emit_table(
        f"history of {name}", ("#", "at", "event", "by", "reason"), rows, empty="nothing has happened to it"
    )


@app.command()
def verify(name: Name, as_json: AsJson = False) -> None:
    """Check the hash chain of a rollout's events; exit 1 where it is broken."""
    document = run(call("GET", f"{_path(name)}/verify"))
    result = msgspec.convert(document, _Verified)
    if as_json:
        emit_json(document)
    elif result.intact:
        say(f"{name}: {result.events} events, chain intact, head {result.head}")
    if not result.intact:
        sys.stderr.write(
            f"tidegate: the history of rollout {name!r} was changed: event {result.broken_at} of "
            f"{result.events} does not follow from the one before it; compare it with a backup\n"
        )
        raise typer.Exit(1)


@app.command()
def replay(name: Name, as_json: AsJson = False) -> None:
    """Decide again from the stored evidence; exit 1 where a decision comes out otherwise."""
    document = run(call("GET", f"{_path(name)}/replay"))
    result = msgspec.convert(document, _Replayed)
    if as_json:
        emit_json(document)
    else:
        say(f"{name}: {result.same} of {result.decisions} decisions come out again, to the byte")
    if result.differing:
        for each in result.differing:
            sys.stderr.write(f"tidegate: event {each.seq} ({each.kind}, {each.at}) comes out otherwise\n")
        sys.stderr.write(
            "tidegate: it was decided by another version of Tidegate, or the record was changed: "
            f"`tidegate rollout verify {name}` tells; --json shows both decisions\n"
        )
        raise typer.Exit(1)


class _Verified(msgspec.Struct):
    events: int
    intact: bool
    broken_at: int | None
    head: str | None


def _read(spec: Path) -> str:
    try:
        return spec.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise typer.BadParameter(f"cannot read {spec} ({why}); give the YAML file of a rollout") from error


def _move(name: str, move: str, reason: str, as_json: bool, dry_run: bool) -> None:
    document = run(call("POST", f"{_path(name)}/{move}", json={"reason": reason}, dry_run=dry_run))
    status = msgspec.convert(document, RolloutStatus)
    tell(document, headline(status) + _approved(status), as_json=as_json)


def _approved(status: RolloutStatus) -> str:
    """How many approvals there are, where some are and more are wanted."""
    given, needed = len(status.approvals.given_by), status.approvals.needed
    return f"; approval {given} of {needed} is recorded, another person must promote it too" if given else ""


def _noted(status: RolloutStatus) -> str:
    noted = "; the revision takes effect with the next stage, once this one is promoted"
    return noted if status.revision_noted else ""


def _value(value: str | float | bool | None) -> str:
    return "none" if value is None else str(value)


def _path(name: str) -> str:
    return f"/api/rollouts/{quote(name, safe='')}"


class _Revised(msgspec.Struct):
    changes: list[Change]


class _Differing(msgspec.Struct):
    seq: int
    at: str
    kind: str


class _Replayed(msgspec.Struct):
    decisions: int
    same: int
    differing: list[_Differing]
