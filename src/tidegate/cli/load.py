"""`tidegate load`: load a gateway and judge it by its promises."""

import os
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import msgspec
import typer
import uvloop

from tidegate.cli.options import AsJson
from tidegate.cli.output import emit_json, emit_table, run, say
from tidegate.config.values import lasting
from tidegate.domain.errors import InvalidInput
from tidegate.harness.load.arrivals import planned, replayed
from tidegate.harness.load.generator import Generator
from tidegate.harness.load.outcome import Outcome
from tidegate.harness.load.page import html
from tidegate.harness.load.run import check_target, run_load
from tidegate.harness.load.scenario import SCENARIOS, Scenario
from tidegate.harness.load.shot import Shot
from tidegate.harness.load.tally import Tally, Times
from tidegate.harness.load.testbed import open_testbed
from tidegate.harness.load.trace import read_trace

app = typer.Typer(
    subcommand_metavar="",
    help="Load a gateway, timed from when each request was due, and judge it by its promises.",
)

_PER_MINUTE = {"s": 60.0, "min": 1.0, "h": 1 / 60}
_LONGEST = lasting("1s", "24h")
_CLIENT_KEY = "TIDEGATE_CLIENT_KEY"


Name = Annotated[str, typer.Argument(metavar="SCENARIO", help=", ".join(SCENARIOS))]
Url = Annotated[str | None, typer.Option(help="The gateway; else TIDEGATE_URL, else one is started here.")]
Key = Annotated[str | None, typer.Option(help="A client key; else TIDEGATE_CLIENT_KEY.")]
Users = Annotated[int | None, typer.Option(min=1, max=1_000_000, help="How many users ask.")]
Rate = Annotated[str | None, typer.Option(help="Requests, as in 1000/min or 20/s.")]
For = Annotated[str | None, typer.Option("--for", help="How long, as in 90s or 5m.")]
Trace = Annotated[Path | None, typer.Option(help="CSV: TIMESTAMP,ContextTokens,GeneratedTokens; replayed.")]
Workers = Annotated[int, typer.Option(min=1, max=64, help="Of the gateway that is started here.")]
EmulatorUrl = Annotated[str | None, typer.Option(help="The gateway's emulated provider, for faults.")]
Page = Annotated[Path | None, typer.Option("--html", help="Write a report with charts there.")]
Seed = Annotated[int, typer.Option(help="Of arrivals, users and questions.")]
Owned = Annotated[bool, typer.Option("--i-own-this-target", help="Load a machine that is not this one.")]


@app.callback(invoke_without_command=True, context_settings={"allow_interspersed_args": True})
def load(
    scenario: Name,
    *,
    url: Url = None,
    key: Key = None,
    users: Users = None,
    rate: Rate = None,
    lasting_for: For = None,
    trace: Trace = None,
    workers: Workers = 1,
    emulator: EmulatorUrl = None,
    page: Page = None,
    seed: Seed = 1,
    i_own_this_target: Owned = False,
    as_json: AsJson = False,
) -> None:
    """Run a scenario; exit 1 where a promise was not kept: p95 under 5 s, errors under 2 %."""
    place = url or os.environ.get("TIDEGATE_URL") or ""
    given = key or (os.environ.get(_CLIENT_KEY) or "")
    run_it = _run(
        _chosen(scenario, users, rate, lasting_for, trace),
        trace,
        seed=seed,
        place=place,
        key=given,
        emulator=emulator or "",
        owned=i_own_this_target,
        workers=workers,
    )
    outcome = run(run_it, loop_factory=uvloop.new_event_loop)
    if page is not None:
        page.write_text(html(outcome), encoding="utf-8")
    if as_json:
        emit_json(outcome)
    else:
        _tell(outcome)
    if outcome.missed:
        raise typer.Exit(1)


def _chosen(
    name: str, users: int | None, rate: str | None, lasting_for: str | None, trace: Path | None
) -> Scenario:
    """The scenario with what was given in place of its own; a wrong use is a usage error."""
    if name not in SCENARIOS:
        raise typer.BadParameter(f"no scenario {name!r}; there are {', '.join(SCENARIOS)}")
    if name == "trace" and trace is None:
        raise typer.BadParameter("scenario trace needs a file to replay", param_hint="--trace")
    chosen = SCENARIOS[name]
    try:
        seconds = chosen.seconds if lasting_for is None else _LONGEST(lasting_for)
    except ValueError as wrong:
        raise typer.BadParameter(f"must be {wrong}", param_hint="--for") from wrong
    own_pace = chosen.per_minute if trace is None else 0.0
    return msgspec.structs.replace(
        chosen,
        users=users or chosen.users,
        per_minute=own_pace if rate is None else _per_minute(rate),
        seconds=seconds,
    )


def _per_minute(text: str) -> float:
    number, _, unit = text.partition("/")
    try:
        rate = float(number) * _PER_MINUTE[unit]
    except (ValueError, KeyError):
        rate = 0.0
    if not 0 < rate <= 6_000_000:
        raise typer.BadParameter(f"{text!r} is no rate; write 1000/min or 20/s", param_hint="--rate")
    return rate


async def _run(
    scenario: Scenario,
    trace: Path | None,
    *,
    seed: int,
    place: str,
    key: str,
    emulator: str,
    owned: bool,
    workers: int,
) -> Outcome:
    shots = (
        planned(scenario, seed=seed) if trace is None else replayed(scenario, read_trace(trace), seed=seed)
    )
    if place:
        check_target(place, owned=owned)
        if not key:
            raise InvalidInput(
                f"no client key: give --key, or set {_CLIENT_KEY} to a key of role client (TIDEGATE_KEY is "
                "for commands that manage the gateway, and is not used here)"
            )
        return await _loaded(scenario, shots, place, key, emulator)
    with tempfile.TemporaryDirectory(prefix="tidegate-load-") as folder:
        async with open_testbed(Path(folder), up=("--workers", str(workers))) as testbed:
            return await _loaded(scenario, shots, testbed.gateway, testbed.client_key, testbed.emulator)


async def _loaded(scenario: Scenario, shots: Iterable[Shot], url: str, key: str, emulator: str) -> Outcome:
    live = sys.stderr.isatty()
    outcome = await run_load(
        scenario, shots, url=url, key=key, emulator=emulator, progress=_show if live else None
    )
    if live:
        sys.stderr.write("\n")
    return outcome


def _show(generator: Generator, tally: Tally) -> None:
    """One line that is written over: how it goes."""
    sys.stderr.write(
        f"\r{generator.sent} sent, {generator.open} in flight, {tally.failures.total()} failed "
        f"({tally.errors:.2%})   "
    )
    sys.stderr.flush()


def _tell(outcome: Outcome) -> None:
    rows = [
        _row(kind.kind, kind.requests, kind.failures, kind.seconds, kind.first_token_seconds)
        for kind in outcome.kinds
    ]
    failed = sum(outcome.failures.values())
    rows.append(_row("all", outcome.requests, failed, outcome.seconds, outcome.first_token_seconds))
    emit_table(
        f"{outcome.scenario}: seconds from the scheduled start",
        ("kind", "requests", "failed", "p50", "p95", "p99", "longest", "first token p50", "p95"),
        rows,
        empty="nothing was sent",
    )
    for name, count in {
        **outcome.failures,
        **{f"fallback {k}": v for k, v in outcome.fallbacks.items()},
    }.items():
        say(f"{name}: {count}")
    say(
        f"{outcome.sent_per_minute:,.0f} requests a minute; the generator was at most "
        f"{_seconds(outcome.late_seconds.p99)} s late for 99 in 100"
    )
    for line in outcome.missed:
        sys.stderr.write(f"tidegate: not kept: {line}\n")
    if not outcome.missed:
        say(
            "kept: "
            + f"p95 under {outcome.promises.p95_seconds:g} s, errors under {outcome.promises.errors:.0%}"
        )


def _row(name: str, requests: int, failed: int, seconds: Times, first: Times) -> tuple[str, ...]:
    figures = (seconds.p50, seconds.p95, seconds.p99, seconds.longest, first.p50, first.p95)
    return (name, str(requests), str(failed), *map(_seconds, figures))


def _seconds(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
