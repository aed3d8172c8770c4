"""One stage's part of a report: read what it needs, day by day, and put the figures together."""

import asyncio
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from tidegate.control.reporting.advice import gates, recommend
from tidegate.control.reporting.course import Visit
from tidegate.control.reporting.evidence import StageLook, look
from tidegate.control.reporting.view import View
from tidegate.control.timestamp import rfc3339, rfc3339_or_none
from tidegate.domain.assignment import BUCKETS, judged_share
from tidegate.domain.reporting import savings
from tidegate.domain.reporting.arms import both_arms
from tidegate.domain.reporting.attribution import attribution
from tidegate.domain.reporting.document import Certificate, Interval, Savings, StageFigures
from tidegate.domain.reporting.period import Period, overlap
from tidegate.domain.reporting.projection import holdout_cost, projection
from tidegate.domain.reporting.spending import DaySpending, spending_by_day
from tidegate.domain.reporting.sums import Place
from tidegate.domain.rollout import Unit
from tidegate.domain.savings import ALPHA_CERTIFICATE, ALPHA_FLOOR, CERTIFICATE, FLOOR


@dataclass(frozen=True, slots=True)
class Told:
    """A stage's figures, and when the newest thing in them was (epoch seconds)."""

    figures: StageFigures
    as_of: float


async def stage_figures(view: View, visit: Visit) -> Told:
    """The stage within the view's period; savings from its start."""
    period, store = view.period, view.store
    days = view.days(visit.entered, visit.left)
    seen = await look(store.ledger, visit, days)
    first = sum(edge < period.since for edge in days.edges[:-1])
    rollout = visit.rollout
    place = Place(rollout.name, rollout.attempt, rollout.stage)
    by_unit = rollout.plan.unit is not Unit.REQUEST
    spent = await store.figures.spending(place, days.edges, by_unit=by_unit)
    tasks = await store.figures.tasks(place, days.edges[first:])
    as_of = min(period.until, visit.left or max(view.newest, seen.evidence.last_at or 0.0))
    mine = [line for line in view.lines if (line.attempt, line.stage) == visit.place]
    arms = both_arms(seen.tally(first), mine, tasks)
    by_day = await asyncio.to_thread(spending_by_day, spent, len(days.days), anew=_anew(visit, days))
    saved = _savings(visit, seen, days, by_day)
    figures = StageFigures(
        name=rollout.current.name,
        weight=100 * rollout.current.weight / BUCKETS,
        attempt=rollout.attempt,
        entered=rfc3339(visit.entered),
        left=rfc3339_or_none(visit.left),
        ended_by=visit.ended.event.kind if visit.ended else None,
        arms=arms,
        savings=saved,
        attribution=attribution(mine),
        projection=projection(arms, saved.so_far, overlap(period.edges, visit.entered, as_of)),
        holdout_usd=holdout_cost(arms.candidate, arms.control) if _holds_back(visit) else None,
        gates=gates(visit, seen.evidence),
        record=visit.record,
        recommendation=recommend(visit, seen.evidence, as_of),
    )
    return Told(figures, as_of)


def _anew(visit: Visit, days: Period) -> int:
    """The number of the day on which prices changed last; 0 where they have not."""
    at = visit.rollout.repriced_at
    return 0 if at is None else max(0, bisect_right(days.edges, at) - 1)


def _holds_back(visit: Visit) -> bool:
    stage = visit.rollout.current
    return stage.weight == BUCKETS and stage.holdout > 0


def _savings(visit: Visit, seen: StageLook, days: Period, spent: Sequence[DaySpending]) -> Savings:
    told = savings.savings_days(spent, days.days, seen.e_values)
    present = [day for day in told if day.day >= days.days[_anew(visit, days)]]
    gate = visit.rollout.plan.gates.savings
    last = spent[-1]
    so_far: Interval = savings.interval_of(last.candidate_so_far, last.control_so_far)
    return Savings(
        so_far=so_far,
        certificate=_certificate(visit, seen),
        sustained=savings.sustained(present, gate.min) if gate else None,
        days=told,
        reason=savings.no_savings(so_far.point, told),
    )


def _certificate(visit: Visit, seen: StageLook) -> Certificate:
    plan = visit.rollout.plan
    gate = plan.gates.savings
    least, floor = (gate.min, gate.floor) if gate else (None, None)
    why = savings.why_no_certificate(plan, judged_share(visit.rollout))
    if why is not None:
        return Certificate(state="none", min=least, floor=floor, reason=why)
    enough = savings.needed(visit.rollout, ALPHA_CERTIFICATE)
    too_much = savings.needed(visit.rollout, ALPHA_FLOOR)
    found = seen.evidence.test(CERTIFICATE)
    state, reason = "not-yet", "the evidence is not enough to be sure"
    if floor is not None and seen.evidence.test(FLOOR).peak >= too_much:
        state, reason = "below-floor", "savings are surely below the floor"
    elif found.since is not None:
        state, reason = "certified", "savings are surely at least min (wrong in at most 1 % of rollouts)"
    return Certificate(
        state=state,
        min=least,
        floor=floor,
        e_value=found.e_value,
        needed=enough,
        since=rfc3339_or_none(found.since),
        reason=reason + _counted_from(visit),
    )


def _counted_from(visit: Visit) -> str:
    at = visit.rollout.repriced_at
    return "" if at is None else f"; prices changed, and savings are judged from {rfc3339(at)} on"
