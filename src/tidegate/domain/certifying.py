"""When a plan can certify its least savings, from what past requests cost: said at its start.

Past costs, less the savings that are hoped for, are put through the test of `domain/savings`: the mean of
what a request adds to the logarithm of wealth tells how many it takes to reach the stage's bound. By sticky
unit (`domain/unit_savings`) the same is reckoned at each milestone with the units of the past, of which in a
time as many have reached it as would if each went on to ask at its own pace. Units that the past did not see
are not counted, so a plan for many rare users is judged too gloomily rather than too well.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

from tidegate.domain.assignment import candidate_share
from tidegate.domain.exchange import Arm, Stakes
from tidegate.domain.past import Past
from tidegate.domain.rollout import Plan, SavingsGate, Unit
from tidegate.domain.savings import ALPHA_CERTIFICATE, BETS, UNIT, bets, stage_bound
from tidegate.domain.unit_savings import (
    LEAST_LEVEL,
    MILESTONES,
    MOST_RATIO,
    UNIT_BETS,
    Milestone,
    unit_bets,
)

SAMPLE = 2000
"""Past costs, or units, that are looked at."""

LONGEST_SECONDS = 10 * 365 * 86_400.0
"""What takes longer is never."""

_HALVINGS = 40

T = TypeVar("T")

Bill = tuple[float, float]
"""What a unit paid, and what was expected of such requests."""


def seconds_to_certify(plan: Plan, stage: int, past: Past, savings: float) -> float:
    """About how long it takes to certify the plan's least savings, if it saves `savings`.

    The time of the mean growth, which is about the median; infinite where the traffic is not enough at all.
    """
    gate, share = plan.gates.savings, candidate_share(plan.stages[stage])
    if gate is None or gate.expected is None or share >= 1 or not past.per_second:
        return math.inf
    bound = stage_bound(ALPHA_CERTIFICATE, stage, len(plan.stages))
    if plan.unit is Unit.REQUEST:
        return _by_request(gate, past, savings, share, bound)
    stakes = Stakes(0.0, gate.expected.cap, share, gate.min)
    needed = (
        (milestone, _units_needed(stakes, number, _bills(gate, past, milestone), savings, bound))
        for number, milestone in enumerate(MILESTONES)
    )
    return min(_until(past, milestone.requests, units) for milestone, units in needed)


def _by_request(gate: SavingsGate, past: Past, savings: float, share: float, bound: float) -> float:
    if gate.expected is None or not past.costs:
        return math.inf
    expected = gate.expected
    staked = (
        (Stakes(expected.of(asked), expected.cap, share, gate.min), cost)
        for asked, cost in _sampled(past.costs)
    )
    growth = _growth(
        (
            (bets(stakes, Arm.CANDIDATE, cost * (1 - savings)), bets(stakes, Arm.CONTROL, cost))
            for stakes, cost in staked
        ),
        share,
        range(len(BETS)),
    )
    return math.log(len(BETS) * bound) / (past.per_second * growth) if growth > 0 else math.inf


def _units_needed(stakes: Stakes, number: int, bills: Sequence[Bill], savings: float, bound: float) -> float:
    """How many units it takes at milestone number `number`, those that tell control's level among them."""
    if not bills:
        return math.inf
    level = sum(min(MOST_RATIO, paid / usual) if usual else MOST_RATIO for paid, usual in bills) / len(bills)
    first = 2 * len(UNIT_BETS) * number
    growth = _growth(
        (
            (
                unit_bets(stakes, Arm.CANDIDATE, number, paid * (1 - savings), usual * level),
                unit_bets(stakes, Arm.CONTROL, number, paid, usual * level),
            )
            for paid, usual in _sampled(bills)
        ),
        stakes.share,
        range(first, first + len(UNIT_BETS)),
    )
    wanted = math.log(len(UNIT_BETS) * bound / MILESTONES[number].part)
    return wanted / growth + LEAST_LEVEL / (1 - stakes.share) if growth > 0 else math.inf


def _until(past: Past, requests: int, units: float) -> float:
    """When so many units have made so many requests each."""
    return _first(
        lambda seconds: reached(past.spectrum, seconds / past.span, requests) >= units, LONGEST_SECONDS
    )


def reached(spectrum: Mapping[int, int], times: float, milestone: int) -> float:
    """How many units have made as many requests in `times` the past's length, each at its own Poisson pace.

    `spectrum`: how many units (values) made so many requests (keys) in the past.
    """
    return sum(units * _at_least(milestone, requests * times) for requests, units in spectrum.items())


def _growth(pairs: Iterable[tuple[dict[int, int], dict[int, int]]], share: float, places: range) -> float:
    """What one request, or unit, adds on average to the logarithm of wealth, at the best of the lambdas."""
    sums, count = [0.0] * len(places), 0
    for candidate, control in pairs:
        count += 1
        for n, place in enumerate(places):
            sums[n] += (share * candidate[place] + (1 - share) * control[place]) / UNIT
    return max(sums) / count


def _bills(gate: SavingsGate, past: Past, milestone: Milestone) -> list[Bill]:
    """Of each unit its first requests up to the milestone; of those that had fewer, what they had."""
    if gate.expected is None:
        return []
    of, count = gate.expected.of, milestone.requests
    return [
        (sum(cost for _, cost in unit[:count]), sum(of(asked) for asked, _ in unit[:count]))
        for unit in past.bills
    ]


def _at_least(count: int, mean: float) -> float:
    """The probability of so many or more where `mean` are expected, by Poisson's law."""
    term = total = math.exp(-mean)
    for n in range(1, count):
        term *= mean / n
        total += term
    return max(0.0, 1 - total)


def _first(enough: Callable[[float], bool], longest: float) -> float:
    """The least time that is enough, to one in a thousand; infinite where even the longest is not."""
    if not enough(longest):
        return math.inf
    low, high = 0.0, math.log(longest)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if enough(math.exp(middle)) else (middle, high)
    return math.exp(high)


def _sampled(found: Sequence[T]) -> Sequence[T]:
    return found[:: max(1, len(found) // SAMPLE)]
