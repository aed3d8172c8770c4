"""The trials against their bounds, as a table for people and as data."""

import math
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

import msgspec

from tidegate.harness.faults.plan import (
    CLOSING_SECONDS,
    DEADLINE_SECONDS,
    ERRORS,
    LATE_SECONDS,
    MEMORY_GROWTH,
    PROBE_SECONDS,
    RATE,
    TO_OPEN,
)
from tidegate.harness.faults.trial import Seen


class Line(msgspec.Struct, frozen=True):
    """What of a ledger's line is looked at."""

    at: datetime
    seconds: float
    first_attempt_failed: bool = False
    fallback: str | None = None

    @property
    def came(self) -> float:
        """Epoch seconds."""
        return self.at.timestamp()


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One trial's figures; `missed` says in words what was not kept.

    `errors`: failures where another way to answer was left, as a share of all requests. `to_open`: failures
    that were over when the first request came that the breaker refused, where failures are quick.
    """

    name: str
    requests: int
    failed: dict[str, int]
    errors: float
    midway: int
    rescued: int
    longest: float
    to_open: int | None
    struck: int
    closed_after: float | None
    megabytes: float
    missed: tuple[str, ...]


class Faults(msgspec.Struct, frozen=True, kw_only=True):
    """The whole result; memory in megabytes after a first round through all faults, if there was one."""

    at: float
    seconds: float
    warm_megabytes: float | None
    rows: tuple[Row, ...]

    @property
    def missed(self) -> list[str]:
        """All that was not kept."""
        return [f"{row.name}: {what}" for row in self.rows for what in row.missed]


def row(seen: Seen, lines: Iterable[Line], *, warm: float | None) -> Row:
    """Judge one trial by its clients, its provider and its lines of the ledger; memory against `warm`."""
    within = [line for line in lines if seen.at - 0.5 <= line.came < seen.over + 0.5]
    longest = max((line.seconds for line in within), default=0.0)
    unguarded = seen.trial.breaker is None
    closed_after = math.inf if seen.closed_after is None else seen.closed_after
    to_open = _to_open(seen, within) if seen.trial.quick else None
    errors = seen.failed.total() / seen.requests if seen.requests else 1.0
    checks = (
        (errors < ERRORS, f"{errors:.2%} failed though another way was left: {dict(seen.failed)}"),
        (longest <= DEADLINE_SECONDS + LATE_SECONDS, f"an exchange took {longest:.2f} s"),
        (seen.opened or unguarded, "its breaker did not open"),
        (to_open is None or to_open <= TO_OPEN, f"{to_open} requests failed before the breaker opened"),
        (
            unguarded or closed_after <= PROBE_SECONDS + CLOSING_SECONDS,
            f"the breaker took {seen.closed_after} s to close",
        ),
        (warm is None or seen.megabytes <= warm * MEMORY_GROWTH, f"memory grew to {seen.megabytes:.0f} MB"),
    )
    return Row(
        name=seen.trial.name,
        requests=seen.requests,
        failed=dict(seen.failed),
        errors=errors,
        midway=seen.midway,
        rescued=sum(line.fallback is not None for line in within),
        longest=longest,
        to_open=to_open,
        struck=seen.struck,
        closed_after=seen.closed_after,
        megabytes=seen.megabytes,
        missed=tuple(what for kept, what in checks if not kept),
    )


def table(faults: Faults) -> str:
    """The table as Markdown."""
    day = datetime.fromtimestamp(faults.at, UTC).date().isoformat()
    lines = [
        f"Printed on {day}: each fault for {faults.seconds:g} s at {RATE:g} requests/s; deadline "
        f"{DEADLINE_SECONDS:g} s, probes every {PROBE_SECONDS:g} s; {_warm(faults)}.",
        "",
        "| fault | requests | errors, another way left | streams broken midway | rescued | longest exchange "
        "| failed before it opened | provider failed | closed after | memory | |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
        f"| *required* | | *< {ERRORS:.0%}* | | | *≤ {DEADLINE_SECONDS + LATE_SECONDS:g} s* "
        f"| *≤ {TO_OPEN}* | | *≤ {PROBE_SECONDS:g} s and an answer* | *≤ {MEMORY_GROWTH:.0%}* | |",
    ]
    return "\n".join([*lines, *map(_line, faults.rows), ""])


def _warm(faults: Faults) -> str:
    if faults.warm_megabytes is None:
        return "memory without a first round to compare it with"
    return f"memory after a first round {faults.warm_megabytes:.0f} MB"


def _line(row: Row) -> str:
    opened = "" if row.to_open is None else str(row.to_open)
    closed = "" if row.closed_after is None else f"{row.closed_after:.2f} s"
    return (
        f"| {row.name} | {row.requests} | {sum(row.failed.values())} ({row.errors:.2%}) | {row.midway} | "
        f"{row.rescued} | {row.longest:.2f} s | {opened} | {row.struck} | {closed} "
        f"| {row.megabytes:.0f} MB | {'**missed**' if row.missed else 'kept'} |"
    )


def _to_open(seen: Seen, lines: Sequence[Line]) -> int:
    """Requests whose first attempt failed, over before the first one came that a breaker refused."""
    began = [line for line in sorted(lines, key=lambda line: line.came) if line.came >= seen.at]
    refused = next((line.came for line in began if "breaker" in (line.fallback or "")), seen.over)
    return sum(line.first_attempt_failed and line.came + line.seconds < refused for line in began)
