"""What was saved after a rollout had completed, from the units that are still held back."""

import asyncio
from itertools import pairwise

from tidegate.control.reporting.course import Course, held_back
from tidegate.control.reporting.evidence import added
from tidegate.control.reporting.view import View
from tidegate.control.timestamp import rfc3339
from tidegate.domain.evidence import AFTER, Tally
from tidegate.domain.reporting.arms import both_arms
from tidegate.domain.reporting.attribution import attribution
from tidegate.domain.reporting.document import AfterFigures
from tidegate.domain.reporting.period import Period, overlap, within
from tidegate.domain.reporting.projection import holdout_cost, projection
from tidegate.domain.reporting.savings import interval_of, savings_days, sustained
from tidegate.domain.reporting.spending import spending_by_day
from tidegate.domain.reporting.sums import Place
from tidegate.domain.rollout import Unit
from tidegate.ports import StageKey


async def after_figures(view: View, course: Course) -> AfterFigures | None:
    """Figures within the view's period, savings from completion on; None where nobody is held back."""
    held, plan, period = held_back(course), course.rollout.plan, view.period
    if held is None or held[0] >= period.until or held[1] <= period.since:
        return None
    completed, _ = held
    days = view.days(*held)
    place = Place(course.rollout.name, course.rollout.attempt, None)
    by_unit = plan.unit is not Unit.REQUEST
    spent = await view.store.figures.spending(place, days.edges, by_unit=by_unit)
    told = within(days, period.since, period.until - 1)
    tasks = await view.store.figures.tasks(place, told.edges)
    mine = [line for line in view.lines if line.stage is None and line.attempt == course.rollout.attempt]
    last = max((line.last_at for line in mine), default=completed)
    arms = both_arms(await _tallies(view, course, told), mine, tasks, by_unit=False)
    by_day = await asyncio.to_thread(spending_by_day, spent, len(days.days))
    each_day = savings_days(by_day, days.days, [None] * len(by_day))
    saved = interval_of(by_day[-1].candidate_so_far, by_day[-1].control_so_far)
    gate = plan.gates.savings
    return AfterFigures(
        completed=rfc3339(completed),
        arms=arms,
        savings=saved,
        sustained=sustained(each_day, gate.min) if gate else None,
        days=each_day,
        attribution=attribution(mine),
        projection=projection(arms, saved, overlap(period.edges, completed, last)),
        holdout_usd=holdout_cost(arms.candidate, arms.control),
    )


async def _tallies(view: View, course: Course, told: Period) -> tuple[Tally, Tally]:
    """What was summed of candidate and control, day by day."""
    key = StageKey(course.rollout.name, course.rollout.attempt, AFTER)
    found = Tally(), Tally()
    for since, until in pairwise(told.edges):
        day = await view.store.ledger.evidence(key, latest=0, since=since, until=until)
        found = await asyncio.to_thread(added, found, day)
    return found
