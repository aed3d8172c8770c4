"""The shape of a weekly report, and its figures from the ledger's lines; units as in `document`."""

from collections.abc import Iterable, Sequence

import msgspec

from tidegate.domain.account import PICOS
from tidegate.domain.exchange import BAD_OUTCOMES
from tidegate.domain.reporting.arms import tokens_of
from tidegate.domain.reporting.document import (
    Happened,
    Interval,
    PeriodShown,
    Recommendation,
    RolloutReport,
    Tokens,
)
from tidegate.domain.reporting.sums import Line
from tidegate.domain.tallying import SKILL_FAILURES


class WeekTotals(msgspec.Struct, frozen=True, kw_only=True):
    """All exchanges, of rollouts and of none, that ended in the week or on one day of it."""

    day: str
    requests: int
    errors: int
    error_ratio: float | None
    cache_hits: int
    unpriced: int
    cost_usd: float | None
    tokens: Tokens


class WeekRollout(msgspec.Struct, frozen=True, kw_only=True):
    """A rollout that ran in the week. Requests and errors are the week's, by arm; savings those of its last
    stage in the week, so far (or since completion). `saved_usd` is what the candidate's requests of the week
    cost less than as control's they would have.
    """

    name: str
    state: str
    stage: str
    weight: float | None
    candidate_requests: int
    control_requests: int
    candidate_errors: int
    control_errors: int
    savings: Interval
    certificate: str
    saved_usd: float | None
    recommendation: Recommendation
    incidents: tuple[Happened, ...]


class WeekSkill(msgspec.Struct, frozen=True, kw_only=True):
    """A skill version and the requests served with it; one served with several skills counts for each."""

    name: str
    requests: int
    errors: int
    failures: int
    fallbacks: int
    cost_usd: float | None
    cost_per_request_usd: float | None


class WeeklyReport(msgspec.Struct, frozen=True, kw_only=True):
    """All rollouts and skills of an ISO week; `note` says so where nothing came.

    `switches` were turned in the week and reached none of its rollouts; the others are incidents of theirs.
    """

    report: str
    period: PeriodShown
    note: str | None
    total: WeekTotals
    days: tuple[WeekTotals, ...]
    rollouts: tuple[WeekRollout, ...]
    skills: tuple[WeekSkill, ...]
    switches: tuple[Happened, ...]


Report = RolloutReport | WeeklyReport


def totals(day: str, lines: Sequence[Line]) -> WeekTotals:
    """The sums of all lines."""
    requests = sum(line.requests for line in lines)
    errors = sum(line.requests for line in lines if line.outcome in BAD_OUTCOMES)
    return WeekTotals(
        day=day,
        requests=requests,
        errors=errors,
        error_ratio=errors / requests if requests else None,
        cache_hits=sum(line.requests for line in lines if line.cached),
        unpriced=sum(line.unpriced for line in lines),
        cost_usd=_usd(lines),
        tokens=tokens_of(lines),
    )


def skills_of(lines: Iterable[Line]) -> tuple[WeekSkill, ...]:
    """Every skill version that was served, the most used first."""
    by_skill: dict[str, list[Line]] = {}
    for line in lines:
        for name in line.skills.split(",") if line.served else ():
            by_skill.setdefault(name, []).append(line)
    found = [_skill(name, rows) for name, rows in by_skill.items()]
    return tuple(sorted(found, key=lambda skill: (-skill.requests, skill.name)))


def rollout_of(report: RolloutReport) -> WeekRollout:
    """The week of one rollout, from its report."""
    parts = [*report.stages, *([report.after] if report.after else [])]
    last = report.stages[-1] if report.stages else None
    return WeekRollout(
        name=report.rollout,
        state=report.state,
        stage=last.name if last else "",
        weight=last.weight if last else None,
        candidate_requests=sum(part.arms.candidate.requests for part in parts),
        control_requests=sum(part.arms.control.requests for part in parts),
        candidate_errors=sum(part.arms.candidate.errors for part in parts),
        control_errors=sum(part.arms.control.errors for part in parts),
        savings=_savings(report),
        certificate=last.savings.certificate.state if last else "none",
        saved_usd=_saved(report),
        recommendation=report.recommendation,
        incidents=report.incidents,
    )


def _savings(report: RolloutReport) -> Interval:
    if report.after and report.after.savings.point is not None:
        return report.after.savings
    return report.stages[-1].savings.so_far if report.stages else Interval()


def _saved(report: RolloutReport) -> float | None:
    """Over all parts that have both arms' costs; None where none has."""
    found: list[float] = []
    for part in (*report.stages, *([report.after] if report.after else [])):
        candidate, control = part.arms.candidate, part.arms.control
        if candidate.cost_usd is not None and control.cost_per_request_usd is not None:
            found.append(candidate.priced * control.cost_per_request_usd - candidate.cost_usd)
    return sum(found) if found else None


def _skill(name: str, rows: Sequence[Line]) -> WeekSkill:
    priced = sum(row.priced for row in rows)
    cost = _usd(rows)
    return WeekSkill(
        name=name,
        requests=sum(row.requests for row in rows),
        errors=sum(row.requests for row in rows if row.outcome in BAD_OUTCOMES),
        failures=sum(row.requests for row in rows if row.skill_outcome in SKILL_FAILURES),
        fallbacks=sum(row.requests for row in rows if row.fallback),
        cost_usd=cost,
        cost_per_request_usd=cost / priced if cost is not None else None,
    )


def _usd(lines: Sequence[Line]) -> float | None:
    if not any(line.priced for line in lines):
        return None
    return sum(line.cost_picos for line in lines) / PICOS
