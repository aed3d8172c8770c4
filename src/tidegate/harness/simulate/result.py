"""What the rehearsals of a row came to, against what is required, and the table of all rows."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum

import msgspec

from tidegate.harness.simulate.rows import Figure, Row
from tidegate.rehearsal.course import Course
from tidegate.rehearsal.summary import upper_bound


class Verdict(StrEnum):
    """What the repetitions say of a requirement; too few can show neither."""

    KEPT = "kept"
    MISSED = "missed"
    UNSHOWN = "not shown"


NEAR = 1.25
"""Rules look once a minute and the design's figures are round: by this factor an interval may miss them."""


class Beside(msgspec.Struct, frozen=True):
    """A rule's median here (None: never) with its interval of 95 %, and what the design says it is."""

    p50: float | None
    low: float | None
    high: float | None
    expected: float
    agrees: bool


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """One row's figures: `hits` of `reps`, or requests (None: never); intervals of 95 %."""

    name: str
    said: str
    figure: Figure
    unit: str
    reps: int
    hits: int
    upper: float
    p50: float | None = None
    p50_interval: tuple[float | None, float | None] = (None, None)
    p95: float | None = None
    required: str
    verdict: Verdict
    rivals: dict[str, tuple[float | None, float | None]] = {}
    """By rule the median and the 95th percentile of candidate requests until it acted."""
    rival_hits: dict[str, tuple[int, int]] = {}
    """By rule how often it rolled back falsely, and of how many."""
    beside_design: dict[str, Beside] = {}


def result(row: Row, courses: Sequence[Course], compared: Sequence[Course]) -> Result:
    """Of at least one course; `compared` are those that other rules were tried on too."""
    unit = "user" if "unit: user" in row.spec else "request"
    counts = sorted(_count(row.figure, course) for course in courses)
    hits = sum(math.isfinite(each) for each in counts)
    p50, p95 = ranked(counts, 0.5), ranked(counts, 0.95)
    false = row.share is not None
    upper = upper_bound(hits, len(courses))
    low, high = middle(counts)
    return Result(
        name=row.name,
        said=row.said,
        figure=row.figure,
        unit=unit,
        reps=len(courses),
        hits=hits,
        upper=upper,
        p50=None if false else finite(p50),
        p50_interval=(None, None) if false else (finite(low), finite(high)),
        p95=None if false else finite(p95),
        required=required(row),
        verdict=_within(row, p50, p95) if row.share is None else shown_share(hits, len(courses), row.share),
        rivals={} if not compared or false else _rivals(compared),
        rival_hits=_rival_hits(compared) if compared and false else {},
        beside_design=_beside_design(row, compared),
    )


def pooled(rows: Sequence[Row], results: Iterable[Result]) -> Iterator[Result]:
    """What the rows of each pool show together: of their mean, each counting by its repetitions."""
    pools: dict[str, list[Result]] = {}
    for found in results:
        row = next(row for row in rows if row.name == found.name)
        if row.pool is not None:
            pools.setdefault(row.pool, []).append(found)
    for pool, parts in pools.items():
        reps, hits = sum(each.reps for each in parts), sum(each.hits for each in parts)
        share = max(row.share or 0.0 for row in rows if row.pool == pool)
        yield msgspec.structs.replace(
            parts[0],
            name=pool,
            said=pool,
            unit="any",
            reps=reps,
            hits=hits,
            upper=upper_bound(hits, reps),
            verdict=shown_share(hits, reps, share),
        )


def shown_share(hits: int, reps: int, share: float) -> Verdict:
    """Missed above the share, where at least one hit is expected of so many at it, or more are too unlikely
    (5 %) at it; not shown where the upper bound exceeds it.
    """
    if hits > share * reps and (share * reps >= 1 or upper_bound(reps - hits, reps) < 1 - share):
        return Verdict.MISSED
    return Verdict.KEPT if upper_bound(hits, reps) <= share else Verdict.UNSHOWN


def required(row: Row) -> str:
    """In words."""
    if row.share is not None:
        return f"≤ {row.share:.0%}"
    p50 = f"≤ {row.p50:,.0f}" if row.p50 is not None else "–"
    return p50 if row.p95 is None else f"{p50} / ≤ {row.p95:,.0f}"


def _within(row: Row, p50: float, p95: float) -> Verdict:
    kept = (row.p50 is None or p50 <= row.p50) and (row.p95 is None or p95 <= row.p95)
    return Verdict.KEPT if kept else Verdict.MISSED


def _count(figure: Figure, course: Course) -> float:
    """What is counted of one course; infinite where it did not happen."""
    if figure is Figure.FALSE_ROLLBACKS:
        return 1.0 if course.false_rollback else math.inf
    if figure is Figure.REQUESTS:
        seen = course.outcome == "rolled-back" and not course.before_fault
        return course.requests if seen else math.inf
    return math.inf if course.certified is None else course.certified


def _rivals(compared: Sequence[Course]) -> dict[str, tuple[float | None, float | None]]:
    """By rule the median and the 95th percentile of the candidate's requests until it acted."""
    found: dict[str, tuple[float | None, float | None]] = {}
    for name in compared[0].rivals:
        counts = sorted(_count(Figure.REQUESTS, course.rivals[name]) for course in compared)
        found[name] = (finite(ranked(counts, 0.5)), finite(ranked(counts, 0.95)))
    return found


def _beside_design(row: Row, compared: Sequence[Course]) -> dict[str, Beside]:
    found: dict[str, Beside] = {}
    asked = compared[0].rivals if compared else {}
    for name, expected in row.expected.items():
        if name not in asked:
            continue
        acted = [course.rivals[name] for course in compared if not course.rivals[name].before_fault]
        if not acted:
            continue  # it had ended every one before there was a fault to see
        counts = sorted(_count(Figure.REQUESTS, course) for course in acted)
        low, high = middle(counts)
        agrees = low <= expected * NEAR and high >= expected / NEAR
        found[name] = Beside(finite(ranked(counts, 0.5)), finite(low), finite(high), expected, agrees)
    return found


def _rival_hits(compared: Sequence[Course]) -> dict[str, tuple[int, int]]:
    return {
        name: (sum(course.rivals[name].false_rollback for course in compared), len(compared))
        for name in compared[0].rivals
    }


def ranked(ordered: Sequence[float], q: float) -> float:
    """The q-quantile by nearest rank."""
    return ordered[math.ceil(q * len(ordered)) - 1]


def middle(ordered: Sequence[float]) -> tuple[float, float]:
    """What holds the median with 95 %, by order statistics (ranks by the normal approximation)."""
    count, spread = len(ordered), 0.98 * math.sqrt(len(ordered))
    low, high = math.floor(count / 2 - spread), math.ceil(count / 2 + spread)
    return ordered[max(0, low - 1)], ordered[min(count - 1, high)]


def finite(value: float) -> float | None:
    """None for never."""
    return value if math.isfinite(value) else None


def table(results: Iterable[Result], printed: str) -> str:
    """Markdown; `printed` says when and how."""
    rows = list(results)
    return "\n".join((printed, "", *_false_lines(rows), "", *_counted_lines(rows), "", *_design_lines(rows)))


def _false_lines(rows: Sequence[Result]) -> Iterable[str]:
    names = list(dict.fromkeys(name for row in rows for name in row.rival_hits))
    head = "| what must not happen | unit | repetitions | happened | at most (95 %) | required | |"
    yield head + "".join(f" {name}'s rule |" for name in names)
    yield "|---|---|---|---|---|---|---|" + "---|" * len(names)
    for row in rows:
        if row.figure in (Figure.FALSE_ROLLBACKS, Figure.FALSE_CERTIFICATES):
            yield (
                f"| {row.figure}: {row.said} | `{row.unit}` | {row.reps:,} | {row.hits} | {row.upper:.2%} "
                f"| {row.required} | {_said(row.verdict)} |"
                + "".join(f" {_hits(row.rival_hits, name)} |" for name in names)
            )


def _counted_lines(rows: Sequence[Result]) -> Iterable[str]:
    names = list(dict.fromkeys(name for row in rows for name in row.rivals))
    others = "".join(f" {name}'s rule |" for name in names)
    head = (
        "| until it is seen, in candidate requests | unit | repetitions | median (95 %) | p95 | required | |"
    )
    yield head + others
    yield "|---|---|---|---|---|---|---|" + "---|" * len(names)
    for row in rows:
        if row.figure in (Figure.REQUESTS, Figure.CERTIFIED):
            low, high = row.p50_interval
            yield (
                f"| {row.said} | `{row.unit}` | {row.reps:,} | {shown(row.p50)} ({shown(low)}–{shown(high)}) "
                f"| {shown(row.p95)} | {row.required} | {_said(row.verdict)} |"
                + "".join(f" {_pair(row.rivals, name)} |" for name in names)
            )


def _design_lines(rows: Sequence[Result]) -> Iterable[str]:
    lines = [
        f"* {row.said}: {name} {shown(each.p50)} ({shown(each.low)}–{shown(each.high)}), design "
        f"{each.expected:,.0f}: {'agrees' if each.agrees else '**differs**'}"
        for row in rows
        for name, each in row.beside_design.items()
    ]
    return ["Other tools' medians beside the design's:", "", *lines, ""] if lines else ()


def _said(verdict: Verdict) -> str:
    return f"**{verdict}**" if verdict is Verdict.MISSED else str(verdict)


def _hits(found: Mapping[str, tuple[int, int]], name: str) -> str:
    return "{} of {}".format(*found[name]) if name in found else "–"


def _pair(rivals: Mapping[str, tuple[float | None, float | None]], name: str) -> str:
    return " / ".join(map(shown, rivals[name])) if name in rivals else "–"


def shown(value: float | None) -> str:
    """A count, or that it never came."""
    return "never" if value is None else f"{value:,.0f}"
