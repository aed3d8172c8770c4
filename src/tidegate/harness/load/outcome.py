"""The result of a run: figures, and whether the promises were kept."""

import msgspec

from tidegate.harness.load.scenario import Promises, Scenario
from tidegate.harness.load.tally import Tally, Times, quantile, times

LATE_SECONDS = 0.1
"""A generator whose requests begin later than this, one in a hundred, has not sent what was planned."""


class OfKind(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of request."""

    kind: str
    requests: int
    failures: int
    seconds: Times
    first_token_seconds: Times


class Point(msgspec.Struct, frozen=True):
    """One stretch of the run."""

    at: float
    requests: int
    failures: int
    p50: float
    p95: float


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """A whole run; `missed` says in words what was not kept, and is empty where all was."""

    scenario: str
    target: str
    users: int
    planned_per_minute: float
    sent_per_minute: float
    run_seconds: float
    requests: int
    unsent: int
    errors: float
    failures: dict[str, int]
    fallbacks: dict[str, int]
    seconds: Times
    first_token_seconds: Times
    late_seconds: Times
    kinds: tuple[OfKind, ...]
    timeline: tuple[Point, ...]
    window_seconds: float
    promises: Promises
    missed: tuple[str, ...]


def judge(scenario: Scenario, tally: Tally, *, target: str, unsent: int, sending_seconds: float) -> Outcome:
    """Sum up and judge; latencies count from when each request was due.

    `sending_seconds` lie between the first request and the last: one interval fewer than there are requests.
    """
    everything = [value for values in tally.seconds.values() for value in values]
    first = [value for values in tally.first_tokens.values() for value in values]
    seconds, late = times(everything), times(tally.late)
    return Outcome(
        scenario=scenario.name,
        target=target,
        users=scenario.users,
        planned_per_minute=scenario.per_minute,
        sent_per_minute=(tally.requests - 1) / sending_seconds * 60 if sending_seconds > 0 else 0.0,
        run_seconds=sending_seconds,
        requests=tally.requests,
        unsent=unsent,
        errors=tally.errors,
        failures=dict(tally.failures),
        fallbacks=dict(tally.fallbacks),
        seconds=seconds,
        first_token_seconds=times(first),
        late_seconds=late,
        kinds=tuple(_kinds(tally)),
        timeline=tuple(_timeline(tally)),
        window_seconds=tally.window,
        promises=scenario.promises,
        missed=tuple(_missed(scenario.promises, tally, seconds, late, unsent)),
    )


def _missed(promises: Promises, tally: Tally, seconds: Times, late: Times, unsent: int) -> list[str]:
    missed: list[str] = []
    if not tally.requests:
        return ["nothing was sent"]
    if (seconds.p95 or 0.0) >= promises.p95_seconds:
        missed.append(f"p95 is {seconds.p95:.2f} s; promised: under {promises.p95_seconds:g} s")
    if tally.errors >= promises.errors:
        missed.append(f"{tally.errors:.2%} of the requests failed; promised: under {promises.errors:.0%}")
    if (late.p99 or 0.0) > LATE_SECONDS:
        missed.append(
            f"the generator could not keep its schedule: one request in a hundred began {late.p99:.2f} s "
            "late or more; ask for a smaller --rate, or give this machine less else to do"
        )
    if unsent:
        missed.append(f"{unsent} requests were not sent: too many were in flight")
    return missed


def _kinds(tally: Tally) -> list[OfKind]:
    return [
        OfKind(
            kind=kind,
            requests=len(values),
            failures=tally.failed_by_kind[kind],
            seconds=times(values),
            first_token_seconds=times(tally.first_tokens.get(kind, ())),
        )
        for kind, values in sorted(tally.seconds.items())
    ]


def _timeline(tally: Tally) -> list[Point]:
    points: list[Point] = []
    for index, window in sorted(tally.windows.items()):
        ordered = sorted(window.seconds)
        points.append(
            Point(
                index * tally.window,
                window.requests,
                window.failures,
                quantile(ordered, 0.5),
                quantile(ordered, 0.95),
            )
        )
    return points
