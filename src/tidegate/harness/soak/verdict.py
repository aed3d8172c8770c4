"""A soak's figures against its bounds, as a table for people and as data."""

from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from tidegate.harness.load.outcome import Outcome
from tidegate.harness.soak.blame import Blamed
from tidegate.harness.soak.plan import GATEWAY_SHARE, HALF_AN_HOUR, MEMORY_GROWTH


class Row(msgspec.Struct, frozen=True):
    """One line of the table; `kept` is None for what is only told."""

    what: str
    required: str
    measured: str
    kept: bool | None = None


class Soak(msgspec.Struct, frozen=True, kw_only=True):
    """The whole result."""

    at: float
    seconds: float
    workers: int
    rows: tuple[Row, ...]
    outcome: Outcome
    blamed: Blamed
    done: tuple[tuple[float, str], ...]

    @property
    def missed(self) -> list[Row]:
        """What was not kept."""
        return [row for row in self.rows if row.kept is False]


def rows(
    outcome: Outcome,
    blamed: Blamed,
    *,
    mark: float,
    end: float,
    largest: float,
    done: Sequence[tuple[float, str]],
) -> tuple[Row, ...]:
    """Every line of the table; memory in megabytes; `done` is what was done to the gateway, and when."""
    p95, late = outcome.seconds.p95 or 0.0, outcome.late_seconds.p99 or 0.0
    allowed = GATEWAY_SHARE * max(outcome.requests, HALF_AN_HOUR)
    fallbacks = ", ".join(f"{name} {count}" for name, count in sorted(outcome.fallbacks.items())) or "none"
    first = outcome.first_token_seconds
    return (
        Row("requests", "1,000 a minute", f"{outcome.requests} ({outcome.sent_per_minute:,.0f} a minute)"),
        Row("p95", "< 5 s", f"{p95:.2f} s", p95 < outcome.promises.p95_seconds),
        Row("p50, p99", "", f"{outcome.seconds.p50 or 0:.2f} s, {outcome.seconds.p99 or 0:.2f} s"),
        Row("first token, p50 and p95", "", f"{first.p50 or 0:.2f} s, {first.p95 or 0:.2f} s"),
        Row("errors", "< 2 %", f"{outcome.errors:.2%}", outcome.errors < outcome.promises.errors),
        Row(
            "failures caused by the gateway itself",
            f"≤ {allowed:.0f} (0.1 % of half an hour's)",
            f"{blamed.gateway} ({_counted(blamed)})",
            blamed.gateway <= allowed,
        ),
        Row("failures caused by the provider", "", str(blamed.provider)),
        Row("served without the skill", "", fallbacks),
        *_memory(mark, end, largest),
        Row(
            "restart and kill were done",
            "both",
            ", ".join(what for _, what in done) or "neither",
            len(done) == 2,
        ),
        Row("the generator was late, p99", "≤ 0.1 s", f"{late:.3f} s", not outcome.unsent and late <= 0.1),
    )


def table(soak: Soak) -> str:
    """The table as Markdown."""
    day = datetime.fromtimestamp(soak.at, UTC).date().isoformat()
    lines = [
        f"Printed on {day}: {soak.seconds / 60:g} minutes, {soak.workers} workers, "
        f"{soak.outcome.users} users, seed 1.",
        "",
        "| | required | measured | |",
        "|---|---|---|---|",
    ]
    for row in soak.rows:
        mark = "" if row.kept is None else "kept" if row.kept else "**missed**"
        lines.append(f"| {row.what} | {row.required} | {row.measured} | {mark} |")
    events = "; ".join(f"{what} at {at:.0f} s" for at, what in soak.done)
    return "\n".join([*lines, "", f"Done meanwhile: {events}.", ""])


def _memory(mark: float, end: float, largest: float) -> tuple[Row, Row]:
    grown = end / mark if mark else 0.0
    return (
        Row(
            "memory of all processes, end against the mark",
            "≤ 110 %",
            f"{end:.0f} MB against {mark:.0f} MB, {grown:.0%}",
            0 < grown <= MEMORY_GROWTH,
        ),
        Row("memory of one worker, at most", "≤ 120 MB", f"{largest:.0f} MB", largest <= 120),
    )


def _counted(blamed: Blamed) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(blamed.why.items())) or "none"
