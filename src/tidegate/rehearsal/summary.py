"""What many rehearsals come to: the document that programs read."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence

import msgspec

from tidegate.rehearsal.course import Course

OUTCOMES = ("completed", "rolled-back", "paused", "unfinished")


class Spread(msgspec.Struct, frozen=True):
    """The middle, and what 95 % stay within (nearest rank); None of nothing."""

    p50: float | None
    p95: float | None


class Rollback(msgspec.Struct, frozen=True):
    """Rollbacks by gate; candidate's requests and minutes from its first fault, or from the start."""

    by: dict[str, int]
    candidate_requests: Spread
    minutes: Spread
    before_fault: int


class FalseRollback(msgspec.Struct, frozen=True):
    """The share of rehearsals rolled back with no fault in the candidate so far, and its 95 % upper bound."""

    rate: float
    upper_95: float


class Point(msgspec.Struct, frozen=True):
    mean: float | None


class Savings(msgspec.Struct, frozen=True):
    """How often savings were certified, after how many of the candidate's requests, and what was saved."""

    certified_rate: float
    candidate_requests: Spread
    point: Point


class MeanHarm(msgspec.Struct, frozen=True):
    """By the candidate's faults, on average over the rehearsals."""

    users: float
    errors: float
    usd: float


class Summary(msgspec.Struct, frozen=True):
    """The printed document."""

    reps: int
    outcomes: dict[str, int]
    rollback: Rollback | None
    false_rollback: FalseRollback
    savings: Savings
    harm: MeanHarm


def summary(courses: Sequence[Course]) -> Summary:
    """Of at least one course."""
    counts = Counter(course.outcome for course in courses)
    false = sum(course.false_rollback for course in courses)
    certified = [course.certified for course in courses if course.certified is not None]
    points = [course.savings for course in courses if course.savings is not None]
    return Summary(
        reps=len(courses),
        outcomes={name: counts[name] for name in OUTCOMES},
        rollback=_rollback([course for course in courses if course.outcome == "rolled-back"]),
        false_rollback=FalseRollback(false / len(courses), upper_bound(false, len(courses))),
        savings=Savings(
            certified_rate=len(certified) / len(courses),
            candidate_requests=_spread(certified),
            point=Point(_mean(points) if points else None),
        ),
        harm=MeanHarm(
            users=_mean([course.harm.users for course in courses]),
            errors=_mean([course.harm.errors for course in courses]),
            usd=round(_mean([course.harm.usd for course in courses]), 4),
        ),
    )


def of_rivals(courses: Sequence[Course]) -> dict[str, list[Course]]:
    """By rule what it made of traffic of the same kind; empty where none was asked."""
    return {name: [course.rivals[name] for course in courses] for name in courses[0].rivals}


def upper_bound(hits: int, trials: int, confidence: float = 0.95) -> float:
    """The exact (Clopper-Pearson) upper bound of a share: above it, so few hits are too unlikely."""
    low, high = hits / trials, 1.0
    if hits == trials:
        return 1.0
    for _ in range(60):
        middle = (low + high) / 2
        if _at_most(hits, trials, middle) > 1 - confidence:
            low = middle
        else:
            high = middle
    return high


def _at_most(hits: int, trials: int, share: float) -> float:
    """P(X <= hits) of a binomial."""
    if share <= 0:
        return 1.0
    log_p, log_q = math.log(share), math.log1p(-share)
    ways = (
        math.lgamma(trials + 1) - math.lgamma(k + 1) - math.lgamma(trials - k + 1) for k in range(hits + 1)
    )
    return math.fsum(math.exp(way + k * log_p + (trials - k) * log_q) for k, way in enumerate(ways))


def _rollback(courses: Sequence[Course]) -> Rollback | None:
    if not courses:
        return None
    timed = [course for course in courses if not course.before_fault]
    return Rollback(
        by=dict(sorted(Counter(course.gate or "" for course in courses).items())),
        candidate_requests=_spread(course.requests for course in timed),
        minutes=_spread(round(course.seconds / 60, 2) for course in timed),
        before_fault=sum(course.before_fault for course in courses),
    )


def _spread(values: Iterable[float]) -> Spread:
    ordered = sorted(values)
    return Spread(_rank(ordered, 0.5), _rank(ordered, 0.95))


def _rank(ordered: Sequence[float], q: float) -> float | None:
    return ordered[math.ceil(q * len(ordered)) - 1] if ordered else None


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)
