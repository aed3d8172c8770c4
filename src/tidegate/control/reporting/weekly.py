"""A weekly report: all rollouts and skills of an ISO week."""

from collections.abc import Iterable
from itertools import pairwise
from zoneinfo import ZoneInfo

from tidegate.control.reporting.assemble import SWITCHES, assemble, follow, viewed, visits_in
from tidegate.control.reporting.happened import switched
from tidegate.control.services import Services
from tidegate.control.timestamp import rfc3339
from tidegate.domain.reporting.document import Happened, PeriodShown, RolloutReport
from tidegate.domain.reporting.period import Period, week_period
from tidegate.domain.reporting.sums import Line, Span
from tidegate.domain.reporting.week import WeeklyReport, rollout_of, skills_of, totals
from tidegate.domain.rollout import Rollout


async def weekly(services: Services, week: str | None, zone: ZoneInfo) -> WeeklyReport:
    """The week (None: this one). Raises InvalidInput for what is no week, or one that has not begun."""
    period = week_period(week, services.clock.now(), zone, zone.key)
    by_day = [await services.store.figures.lines(Span(*ends)) for ends in pairwise(period.edges)]
    lines = [line for day in by_day for line in day]
    rollouts = [each for each in await services.store.rollouts.list() if each.created_at < period.until]
    reports = [await _report(services, each, period, zone, lines) for each in rollouts]
    told = [report for report in reports if report.stages or report.after or report.decisions]
    switches = switched(await services.store.rollouts.events(SWITCHES), Span(period.since, period.until))
    newest = [line.last_at for line in lines]
    days = [totals(day, mine) for day, mine in zip(period.days, by_day, strict=True)]
    return WeeklyReport(
        report="weekly",
        period=PeriodShown(
            label=period.label,
            since=rfc3339(period.since),
            until=rfc3339(period.until),
            as_of=max(
                [rfc3339(at) for at in newest] + [each.period.as_of for each in told],
                default=rfc3339(period.since),
            ),
            timezone=period.timezone,
        ),
        note=None if lines else "No request came in this week.",
        total=totals(period.label, lines),
        days=tuple(day for day in days if day.requests),
        rollouts=tuple(rollout_of(report) for report in told),
        skills=skills_of(lines),
        switches=_elsewhere(switches, told),
    )


def _elsewhere(switches: Iterable[Happened], told: Iterable[RolloutReport]) -> tuple[Happened, ...]:
    """Those that no rollout's incidents tell of."""
    known = {incident for report in told for incident in report.incidents}
    return tuple(each for each in switches if each not in known)


async def _report(
    services: Services, rollout: Rollout, period: Period, zone: ZoneInfo, lines: list[Line]
) -> RolloutReport:
    followed = await follow(services, rollout, period.until)
    mine = [line for line in lines if line.rollout == rollout.name]
    view = await viewed(services, followed, period, zone, mine)
    span = Span(period.since, period.until, rollout.name)
    return await assemble("weekly", followed, visits_in(followed, period), view, span)
