"""What a plan can see with the traffic there is: said at its start, before users are spent on it.

The reckoning is that of the expected growth of the errors test's wealth. If the candidate fails `ratio` times
as often as control does with probability p, one request of a share rho of candidates adds on average, for a
ratio r of the test's grid,

    rho p ratio ln(r/r0) - (rho p ratio + (1-rho) p) ln[(1+rho(r-1)) / (1+rho(r0-1))]

to the logarithm of wealth, and it has to come from the prior mass that the stage's start has to 1/alpha. That
is about the median of when a fault is seen which is there from the stage's start. By sticky unit the same is
reckoned with units in place of requests, each read once in a window. For savings see `domain/certifying`.
"""

import math
from collections.abc import Iterable
from itertools import pairwise

import msgspec

from tidegate.domain.assignment import BUCKETS, candidate_share, ceiling
from tidegate.domain.certifying import seconds_to_certify
from tidegate.domain.measure import ALPHA_ERRORS, ERRORS, RATIOS
from tidegate.domain.past import ENOUGH, Past
from tidegate.domain.prior import stage_prior
from tidegate.domain.processes import certifies
from tidegate.domain.rollout import Plan, Stage, Unit
from tidegate.domain.window import KIND_SHARES, SPANS, START_MASS, calendar

DOUBLED = 2.0
"""A plan that cannot see errors double does not promise much."""

SURELY = 2.0
"""Of faults, 19 in 20 are seen within so many times the median."""

HOPED = 0.08
"""How much less than it may a candidate is taken to cost: 40 % are hoped for where 35 % are asked."""

CLASS_WIDTH = 0.05
"""Of units that ask about as often, in the logarithm."""

SHARES = (1, 2, 3, 5, 7, 10, 15, 20, 25, 30, 40, 50)
"""Percentages that are proposed."""


def seconds_to_see(plan: Plan, stage: int, past: Past, ratio: float) -> float:
    """About how long a fault goes unseen by the errors gate, if requests then fail `ratio` times as often.

    The median, where it is there from the stage's start and the traffic is the past's; infinite where no time
    is enough.
    """
    share = candidate_share(plan.stages[stage])
    if share >= 1 or not past.per_second:
        return math.inf
    if plan.unit is Unit.REQUEST:
        mass = stage_prior(plan, stage).start
        needed = math.log(len(RATIOS) / mass / ALPHA_ERRORS)
        return needed / (past.per_second * growth(share, fault_rate(past), ratio)) if ratio > 1 else math.inf
    return min(_seconds_by_unit(plan, stage, past, ratio), default=math.inf)


def fault_rate(past: Past) -> float:
    """The share of past requests that faulted; half a request more, so that none is not never."""
    return (past.faulted + 0.5) / (past.requests + 1)


def growth(share: float, rate: float, ratio: float, tolerated: float | None = None) -> float:
    """What one request adds to the logarithm of wealth, at the best ratio of the grid; above 0."""
    r0 = ERRORS.tolerated if tolerated is None else tolerated
    return _best(share * min(1.0, rate * ratio), (1 - share) * rate, share, r0)


def _best(candidate: float, control: float, share: float, tolerated: float) -> float:
    """The same by how many of either arm's are expected to be bad."""
    return max(
        1e-300,
        *(
            candidate * math.log(r / tolerated)
            - (candidate + control) * math.log((1 + share * (r - 1)) / (1 + share * (tolerated - 1)))
            for r in RATIOS
        ),
    )


def weak_spots(plan: Plan, past: Past) -> tuple[str, ...]:
    """Warnings of what the plan's gates promise and this traffic cannot show; none without a past."""
    if past.requests < ENOUGH:
        return ()
    return tuple(
        warning
        for place in range(len(plan.stages))
        for warning in (
            _unseen(plan, place, past),
            _unsampled(plan, place, past),
            _uncertified(plan, place, past),
        )
        if warning
    )


def _unseen(plan: Plan, place: int, past: Past) -> str | None:
    stage = plan.stages[place]
    if plan.gates.errors is None or candidate_share(stage) >= 1:
        return None
    if _sees(plan, place, past, DOUBLED):
        return None
    rate, share = fault_rate(past), candidate_share(stage)
    what = f"errors ({_percent(rate)} to {_percent(min(1.0, DOUBLED * rate))})"
    return (
        f"at {_traffic(plan, past)} the {100 * share:.4g} % {stage.name} cannot see a doubling of {what} in "
        f"{_hours(stage.bake_seconds)}; {_advice(plan, place, past)}"
    )


def _advice(plan: Plan, place: int, past: Past) -> str:
    stage = plan.stages[place]
    held = stage.weight == BUCKETS
    for percent in SHARES:
        changed = _with_share(stage, percent, held=held)
        better = min(percent, 100 - percent) > 100 * min(candidate_share(stage), 1 - candidate_share(stage))
        stages = (*plan.stages[:place], changed, *plan.stages[place + 1 :])
        other = msgspec.structs.replace(plan, stages=stages)
        if better and _rising(stages) and _sees(other, place, past, DOUBLED):
            return f"use a holdout of {percent} %" if held else f"use {percent} %"
    seen = next((r for r in (3, 5, 10, 20, 50) if _sees(plan, place, past, r)), None)
    least = f"a fault has to be {seen} times the usual to be seen" if seen else "it sees no fault for certain"
    return f"{least}; bake longer, or cover more traffic"


def _rising(stages: Iterable[Stage]) -> bool:
    """Whether a spec may have these: each gives more units the candidate than the one before."""
    return all(
        after.weight > before.weight and ceiling(after) > ceiling(before)
        for before, after in pairwise(stages)
    )


def _sees(plan: Plan, place: int, past: Past, ratio: float) -> bool:
    return SURELY * seconds_to_see(plan, place, past, ratio) <= plan.stages[place].bake_seconds


def _with_share(stage: Stage, percent: int, *, held: bool) -> Stage:
    if held:
        return msgspec.structs.replace(stage, holdout=100 * percent)
    return msgspec.structs.replace(stage, weight=100 * percent)


def _unsampled(plan: Plan, place: int, past: Past) -> str | None:
    stage, gate = plan.stages[place], plan.gates.samples
    if gate is None:
        return None
    expected = past.per_second * candidate_share(stage) * stage.bake_seconds
    if expected >= gate.min:
        return None
    return (
        f"at {_traffic(plan, past)} stage {stage.name!r} has about {expected:,.0f} candidate requests of "
        f"samples.min {gate.min:,} after {_hours(stage.bake_seconds)}, and would extend itself"
    )


def _uncertified(plan: Plan, place: int, past: Past) -> str | None:
    stage, gate = plan.stages[place], plan.gates.savings
    if gate is None or not certifies(plan) or candidate_share(stage) >= 1:
        return None
    hoped = gate.min + HOPED * (1 - gate.min)
    seconds = seconds_to_certify(plan, place, past, hoped)
    if seconds <= stage.bake_seconds:
        return None
    wanted = f"savings of {_percent(gate.min)}, if they are {_percent(hoped)}"
    late = f"certifies {wanted}, only after about {_hours(seconds)}"
    said = f"cannot certify {wanted}" if math.isinf(seconds) else late
    return f"at {_traffic(plan, past)} stage {stage.name!r} {said}; it bakes for {_hours(stage.bake_seconds)}"


def _seconds_by_unit(plan: Plan, stage: int, past: Past, ratio: float) -> Iterable[float]:
    """For each length of window and kind of its planned ones, when it sees the fault, if it does."""
    share, rate = candidate_share(plan.stages[stage]), fault_rate(past)
    counts = calendar(plan, stage).counts
    part = dict(KIND_SHARES)["bad"]
    for span, count in zip(SPANS, counts, strict=True):
        alpha = ALPHA_ERRORS * part / len(SPANS) / count
        needed = math.log(len(RATIOS) / START_MASS / alpha)
        life = min(span.life, plan.stages[stage].bake_seconds)
        for seconds in (life * n / 48 for n in range(1, 49)):
            if _unit_growth(share, rate, ratio, past, seconds) >= needed:
                yield seconds
                break


def _unit_growth(share: float, rate: float, ratio: float, past: Past, seconds: float) -> float:
    """Of all units in a window of so many seconds, each at its own pace and read at its first fault."""
    usual = worse = 0.0
    for requests, units in _alike(past):
        asked = requests * seconds / past.span
        usual -= units * math.expm1(-asked * rate)
        worse -= units * math.expm1(-asked * min(1.0, rate * ratio))
    return _best(share * worse, (1 - share) * usual, share, 1.0)


def _alike(past: Past) -> Iterable[tuple[float, int]]:
    """How often units asked, and how many did, those within a few percent together; without a spectrum all
    ask alike."""
    if not past.spectrum:
        return [(past.requests / max(past.units, 1), past.units)]
    classes: dict[int, tuple[int, int]] = {}
    for requests, units in past.spectrum.items():
        place = round(math.log(requests) / CLASS_WIDTH)
        known = classes.get(place, (0, 0))
        classes[place] = known[0] + requests * units, known[1] + units
    return [(requests / units, units) for requests, units in classes.values()]


def _traffic(plan: Plan, past: Past) -> str:
    users = "" if plan.unit is Unit.REQUEST else f" of {past.units:,} users in {_hours(past.span)}"
    return f"{_figure(60 * past.per_second)} requests/min{users}"


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _percent(ratio: float) -> str:
    return f"{100 * ratio:.2g} %"


def _hours(seconds: float) -> str:
    return f"{seconds / 3600:.3g} h" if seconds >= 3600 else f"{seconds / 60:.3g} min"
