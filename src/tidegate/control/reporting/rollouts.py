"""Reports of one rollout: of a day, of a stage, of all of it."""

from math import inf, nextafter
from zoneinfo import ZoneInfo

from tidegate.control.lookup import find_rollout
from tidegate.control.reporting.assemble import assemble, follow, viewed, visits_in
from tidegate.control.reporting.course import Course, Visit
from tidegate.control.services import Services
from tidegate.control.timestamp import rfc3339
from tidegate.domain.errors import InvalidInput, NotFound
from tidegate.domain.reporting.document import RolloutReport
from tidegate.domain.reporting.period import day_period, spanned
from tidegate.domain.reporting.sums import Span


async def daily(services: Services, name: str, day: str, zone: ZoneInfo) -> RolloutReport:
    """One day of a rollout. Raises NotFound, InvalidInput for a day in the future or before it began."""
    rollout = await find_rollout(services, name)
    period = day_period(day, services.clock.now(), zone, zone.key)
    if period.until <= rollout.created_at:
        raise InvalidInput(
            f"day {period.label}: rollout {name!r} began at {rfc3339(rollout.created_at)}, after that day"
        )
    followed = await follow(services, rollout, period.until)
    view = await viewed(services, followed, period, zone)
    visits = visits_in(followed, period)
    return await assemble("daily", followed, visits, view, Span(period.since, period.until, name))


async def stage(services: Services, name: str, wanted: str | None, zone: ZoneInfo) -> RolloutReport:
    """The newest visit of a stage (None: of any). Raises NotFound, InvalidInput where there was none yet."""
    rollout = await find_rollout(services, name)
    followed = await follow(services, rollout, inf)
    visit = _newest(followed, wanted)
    last = visit.left or services.clock.now()
    period = spanned(visit.entered, last, zone, zone.key, f"stage {visit.rollout.current.name}")
    view = await viewed(services, followed, period, zone)
    until = period.until if visit.left is None else nextafter(visit.left, inf)
    return await assemble("stage", followed, [visit], view, Span(visit.entered, until, name))


async def final(services: Services, name: str, zone: ZoneInfo) -> RolloutReport:
    """All of a rollout, with what was saved after it. Raises NotFound."""
    rollout = await find_rollout(services, name)
    followed = await follow(services, rollout, inf)
    period = spanned(rollout.created_at, services.clock.now(), zone, zone.key, "whole rollout")
    view = await viewed(services, followed, period, zone)
    span = Span(rollout.created_at, period.until, name)
    return await assemble("final", followed, followed.visits, view, span)


def _newest(followed: Course, wanted: str | None) -> Visit:
    names = [each.name for each in followed.rollout.plan.stages]
    if wanted is not None and wanted not in names:
        raise NotFound(
            f"rollout {followed.rollout.name!r} has no stage {wanted!r}; its stages are {', '.join(names)}"
        )
    for visit in reversed(followed.visits):
        if wanted in (None, visit.rollout.current.name):
            return visit
    raise InvalidInput(f"stage {wanted or names[0]!r} of rollout {followed.rollout.name!r} has not begun yet")
