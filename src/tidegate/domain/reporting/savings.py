"""A stage's savings as reports tell them: day by day, whether they are certain, and since when."""

from collections.abc import Iterable, Sequence

from tidegate.domain import interval
from tidegate.domain.interval import ArmSpending
from tidegate.domain.processes import certifies
from tidegate.domain.reporting.document import Interval, SavingsDay, Sustained
from tidegate.domain.reporting.spending import DaySpending
from tidegate.domain.rollout import Plan, Rollout
from tidegate.domain.savings import stage_bound

Part = tuple[Sequence[SavingsDay], str | None]
"""A stage's days, and the one on which prices changed in it: what came before that counts no more."""

_DIGITS = 6
"""Of an interval: sums of binary fractions hang on their order in the digits after these."""


def interval_of(candidate: ArmSpending, control: ArmSpending) -> Interval:
    """Savings of one arm's spending against the other's."""
    found = interval.saved(candidate, control)
    if found is None:
        return Interval()
    low, high = (None if end is None else round(end, _DIGITS) for end in (found.low, found.high))
    return Interval(found.point, low, high)


def savings_days(
    spending: Sequence[DaySpending], days: Sequence[str], e_values: Sequence[float | None]
) -> tuple[SavingsDay, ...]:
    """One entry a day, those without a priced request left out."""
    return tuple(
        SavingsDay(
            day=day,
            candidate_priced=spent.candidate.requests,
            control_priced=spent.control.requests,
            candidate_usd=spent.candidate.mean_usd,
            control_usd=spent.control.mean_usd,
            alone=interval_of(spent.candidate, spent.control),
            so_far=interval_of(spent.candidate_so_far, spent.control_so_far),
            e_value=e_value,
        )
        for day, spent, e_value in zip(days, spending, e_values, strict=True)
        if spent.candidate.requests or spent.control.requests
    )


def sustained(days: Sequence[SavingsDay], least: float) -> Sustained:
    """The run of last days at whose ends the interval's lower bound was at `least` or above."""
    run = 0
    for day in reversed(days):
        if day.so_far.low is None or day.so_far.low < least:
            break
        run += 1
    return Sustained(min=least, days=run, since=days[-run].day if run else None)


def throughout(parts: Iterable[Part], least: float) -> Sustained | None:
    """The same over several stages; of a day in two of them the one with more priced requests counts.

    None where no day had a priced request.
    """
    told: dict[str, SavingsDay] = {}
    for days, anew in parts:
        if anew is not None:
            told = {}
        for day in days:
            known = told.get(day.day)
            if day.day >= (anew or "") and (known is None or _priced(day) > _priced(known)):
                told[day.day] = day
    return sustained([told[name] for name in sorted(told)], least) if told else None


def _priced(day: SavingsDay) -> int:
    return day.candidate_priced + day.control_priced


def needed(rollout: Rollout, alpha: float) -> float:
    """What E must reach in the rollout's current stage."""
    return stage_bound(alpha, rollout.stage, len(rollout.plan.stages))


def why_no_certificate(plan: Plan, share: float) -> str | None:
    """Why savings can never be certain here; None where they can."""
    if plan.gates.savings is None:
        return "the plan has no savings gate"
    if not certifies(plan):
        return "savings are certified where the days before the rollout tell what requests cost"
    return "everybody has the candidate: there is no control to compare with" if share >= 1 else None


def no_savings(point: float | None, days: Sequence[SavingsDay]) -> str | None:
    """Why there is no point value; None where there is one."""
    if point is not None:
        return None
    if not days:
        return "no triggered request with a known price in either arm: see `tidegate costs show --by model`"
    return "no triggered request with a known price in one of the arms"
