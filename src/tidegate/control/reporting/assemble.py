"""A rollout's report put together: its stages, what came after, what happened, what people said."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from tidegate.control.commit import stream
from tidegate.control.reporting.advice import nothing_to_decide
from tidegate.control.reporting.after import after_figures
from tidegate.control.reporting.course import Course, Visit, course
from tidegate.control.reporting.happened import decisions, incidents
from tidegate.control.reporting.stages import stage_figures
from tidegate.control.reporting.view import View
from tidegate.control.services import Services
from tidegate.control.timestamp import rfc3339
from tidegate.control.variant_text import variant_text
from tidegate.domain.assignment import BUCKETS
from tidegate.domain.reporting.document import (
    AfterFigures,
    ArmFigures,
    CommentShown,
    Feedback,
    PeriodShown,
    PlanShown,
    RolloutReport,
    StageFigures,
    Sustained,
)
from tidegate.domain.reporting.period import Period
from tidegate.domain.reporting.savings import Part, throughout
from tidegate.domain.reporting.sums import Line, Span
from tidegate.domain.rollout import ACTIVE, Plan, Rollout

COMMENTS = 50
"""The newest that a report shows."""

SWITCHES = "switch"
"""The stream of what was switched off and on."""


async def follow(services: Services, rollout: Rollout, until: float) -> Course:
    """The rollout's course up to a time; raises Conflict for a record that was changed."""
    events = await services.store.rollouts.events(stream(rollout.name))
    return course(rollout, events, until)


def visits_in(followed: Course, period: Period) -> list[Visit]:
    """The stages that the period touches."""
    return [
        visit
        for visit in followed.visits
        if visit.entered < period.until and (visit.left is None or visit.left >= period.since)
    ]


async def assemble(
    kind: str, followed: Course, visits: Sequence[Visit], view: View, span: Span
) -> RolloutReport:
    """The report of these stages, with what happened in the span."""
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
            until=rfc3339(span.until if kind in ("daily", "weekly") else as_of),
            as_of=rfc3339(min(as_of, span.until)),
            timezone=view.period.timezone,
        ),
        state=rollout.phase,
        attempt=rollout.attempt,
        plan=_plan(rollout.plan),
        note=_note(kind, rollout, stages, after),
        recommendation=stages[-1].recommendation if stages else nothing_to_decide(rollout),
        sustained=_sustained(view, visits, stages, after) if kind == "final" else None,
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


async def viewed(
    services: Services,
    followed: Course,
    period: Period,
    zone: ZoneInfo,
    lines: Sequence[Line] | None = None,
) -> View:
    """What is read once for all parts of a report; `lines` where they are known already."""
    rollout = followed.rollout
    if lines is None:
        lines = await services.store.figures.lines(Span(period.since, period.until, rollout.name))
    newest = followed.entries[-1].event.at if followed.entries else rollout.created_at
    return View(services.store, period, zone, lines, newest)


def _plan(plan: Plan) -> PlanShown:
    return PlanShown(
        unit=plan.unit,
        baseline=variant_text(plan.baseline),
        candidate=variant_text(plan.candidate),
        stages=tuple(f"{each.name} {100 * each.weight / BUCKETS:g} %" for each in plan.stages),
    )


def _note(
    kind: str, rollout: Rollout, stages: Sequence[StageFigures], after: AfterFigures | None
) -> str | None:
    """What a reader should know first where there is little to read."""
    if not stages and after is None:
        return f"It was {rollout.phase} all the time: nothing was compared."
    arms = [arm for part in (*stages, *([after] if after else [])) for arm in _sides(part)]
    if not any(arm.requests for arm in arms):
        return "No request of either arm came in this time."
    if not any(arm.priced for arm in arms):
        return "No request has a known price: nothing tells of costs."
    return "It has not ended: this is how it stands." if kind == "final" and rollout.phase in ACTIVE else None


def _sustained(
    view: View, visits: Sequence[Visit], stages: Sequence[StageFigures], after: AfterFigures | None
) -> Sustained | None:
    """Over the last attempt, from when prices last changed; None without a savings gate or a priced day."""
    last = visits[-1].rollout if visits else None
    gate = last.plan.gates.savings if last else None
    if last is None or gate is None:
        return None
    parts: list[Part] = []
    for visit, stage in zip(visits, stages, strict=True):
        if visit.rollout.attempt == last.attempt:
            at = visit.rollout.repriced_at
            parts.append((stage.savings.days, None if at is None else view.days(at, None).days[0]))
    return throughout([*parts, *([(after.days, None)] if after else [])], gate.min)


def _sides(part: StageFigures | AfterFigures) -> tuple[ArmFigures, ArmFigures]:
    return part.arms.candidate, part.arms.control
