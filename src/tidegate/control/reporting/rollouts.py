"""Reports of one rollout: of a day, of a stage, of all of it."""

from collections.abc import Sequence
from math import inf, nextafter
from zoneinfo import ZoneInfo

from tidegate.control.commit import stream
from tidegate.control.lookup import find_rollout
from tidegate.control.reporting.advice import nothing_to_decide
from tidegate.control.reporting.after import after_figures
from tidegate.control.reporting.course import Course, Visit, course
from tidegate.control.reporting.happened import decisions, incidents
from tidegate.control.reporting.stages import stage_figures
from tidegate.control.reporting.view import View
from tidegate.control.services import Services
from tidegate.control.timestamp import rfc3339
from tidegate.domain.assignment import BUCKETS
from tidegate.domain.errors import InvalidInput, NotFound
from tidegate.domain.reporting.document import (
    AfterFigures,
    ArmFigures,
    CommentShown,
    Feedback,
    PeriodShown,
    PlanShown,
    RolloutReport,
    StageFigures,
)
from tidegate.domain.reporting.period import Period, day_period, spanned
from tidegate.domain.reporting.sums import Span
from tidegate.domain.rollout import Plan, Rollout, Variant

COMMENTS = 50
"""The newest that a report shows."""

SWITCHES = "switch"
"""The stream of what was switched off and on."""


async def daily(services: Services, name: str, day: str, zone: ZoneInfo) -> RolloutReport:
    """One day of a rollout. Raises NotFound, InvalidInput for a day in the future or before it began."""
    rollout = await find_rollout(services, name)
    period = day_period(day, services.clock.now(), zone, zone.key)
    if period.until <= rollout.created_at:
        raise InvalidInput(
            f"day {period.label}: rollout {name!r} began at {rfc3339(rollout.created_at)}, after that day"
        )
    followed = await _followed(services, rollout, period.until)
    view = await _viewed(services, followed, period, zone)
    visits = [
        visit
        for visit in followed.visits
        if visit.entered < period.until and (visit.left is None or visit.left >= period.since)
    ]
    return await _report("daily", followed, visits, view, Span(period.since, period.until, name))


async def stage(services: Services, name: str, wanted: str | None, zone: ZoneInfo) -> RolloutReport:
    """The newest visit of a stage (None: of any). Raises NotFound, InvalidInput where there was none yet."""
    rollout = await find_rollout(services, name)
    followed = await _followed(services, rollout, inf)
    visit = _newest(followed, wanted)
    last = visit.left or services.clock.now()
    period = spanned(visit.entered, last, zone, zone.key, f"stage {visit.rollout.current.name}")
    view = await _viewed(services, followed, period, zone)
    until = period.until if visit.left is None else nextafter(visit.left, inf)
    return await _report("stage", followed, [visit], view, Span(visit.entered, until, name))


async def final(services: Services, name: str, zone: ZoneInfo) -> RolloutReport:
    """All of a rollout, with what was saved after it. Raises NotFound."""
    rollout = await find_rollout(services, name)
    followed = await _followed(services, rollout, inf)
    period = spanned(rollout.created_at, services.clock.now(), zone, zone.key, "whole rollout")
    view = await _viewed(services, followed, period, zone)
    span = Span(rollout.created_at, period.until, name)
    return await _report("final", followed, followed.visits, view, span)


async def _followed(services: Services, rollout: Rollout, until: float) -> Course:
    events = await services.store.rollouts.events(stream(rollout.name))
    return course(rollout, events, until)


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


async def _report(
    kind: str, followed: Course, visits: Sequence[Visit], view: View, span: Span
) -> RolloutReport:
    rollout, store = followed.rollout, view.store
    told = [await stage_figures(view, visit) for visit in visits]
    after = None if kind == "stage" else await after_figures(view, followed)
    stages = tuple(each.figures for each in told)
    switches = await store.rollouts.events(SWITCHES)
    comments, total = await store.figures.comments(span, limit=COMMENTS)
    as_of = max([view.newest, *(each.as_of for each in told), *(line.last_at for line in view.lines)])
    return RolloutReport(
        report=kind,
        rollout=rollout.name,
        period=PeriodShown(
            label=view.period.label,
            since=rfc3339(span.since),
            until=rfc3339(span.until if kind == "daily" else as_of),
            as_of=rfc3339(min(as_of, span.until)),
            timezone=view.period.timezone,
        ),
        state=rollout.phase,
        attempt=rollout.attempt,
        plan=_plan(rollout.plan),
        note=_note(rollout, stages, after),
        recommendation=stages[-1].recommendation if stages else nothing_to_decide(rollout),
        stages=stages,
        after=after,
        incidents=incidents(followed.entries, switches, rollout.plan, span),
        decisions=decisions(followed.entries, span),
        feedback=Feedback(
            comments=tuple(
                CommentShown(at=rfc3339(each.at), arm=each.arm, vote=each.vote, comment=each.comment)
                for each in comments
            ),
            total_comments=total,
        ),
    )


async def _viewed(services: Services, followed: Course, period: Period, zone: ZoneInfo) -> View:
    """What is read once for all parts of a report."""
    rollout = followed.rollout
    lines = await services.store.figures.lines(Span(period.since, period.until, rollout.name))
    newest = followed.entries[-1].event.at if followed.entries else rollout.created_at
    return View(services.store, period, zone, lines, newest)


def _plan(plan: Plan) -> PlanShown:
    return PlanShown(
        unit=plan.unit,
        baseline=_variant(plan.baseline),
        candidate=_variant(plan.candidate),
        stages=tuple(f"{each.name} {100 * each.weight / BUCKETS:g} %" for each in plan.stages),
    )


def _variant(variant: Variant) -> str:
    skills = ", ".join(f"{ref.name}@{ref.version}" for ref in variant.skills) or "no skill"
    route = "models by the skills' effectiveness" if variant.route else "the model asked for"
    return f"{skills}; {variant.model or route}"


def _note(rollout: Rollout, stages: Sequence[StageFigures], after: AfterFigures | None) -> str | None:
    """What a reader should know first where there is little to read."""
    if not stages and after is None:
        return f"It was {rollout.phase} all the time: nothing was compared."
    arms = [arm for part in (*stages, *([after] if after else [])) for arm in _sides(part)]
    if not any(arm.requests for arm in arms):
        return "No request of either arm came in this time."
    return (
        None if any(arm.priced for arm in arms) else "No request has a known price: nothing tells of costs."
    )


def _sides(part: StageFigures | AfterFigures) -> tuple[ArmFigures, ArmFigures]:
    return part.arms.candidate, part.arms.control
