"""What a scenario's traffic was like before the rehearsal: that limits, expected costs and warnings go by."""

import math
from collections import Counter
from collections.abc import Iterator
from statistics import NormalDist

from tidegate.domain.past import Past
from tidegate.domain.past import with_past as by_past
from tidegate.domain.power import weak_spots
from tidegate.domain.rollout import Plan
from tidegate.domain.unit_savings import MOST_REQUESTS
from tidegate.rehearsal.answers import Shapes
from tidegate.rehearsal.crowd import activity
from tidegate.rehearsal.draws import Draws
from tidegate.rehearsal.profile import DAY
from tidegate.rehearsal.scenario import Cost, Latency, Scenario

SPAN = 7 * DAY
"""As far as a rollout looks back when it starts."""

_POINTS = 1000
"""Quantiles by which durations are told."""


def past(scenario: Scenario, shapes: Shapes) -> Past:
    """Seven days of requests on which the skill is chosen, as control has them: expected numbers."""
    requests = scenario.traffic.per_minute * scenario.traffic.triggered * SPAN / 60
    seconds = _durations(scenario.control.latency)
    shares = activity(scenario)
    units = math.fsum(-math.expm1(-share * requests) for share in shares)
    cost = scenario.control.cost
    return Past(
        span=SPAN,
        requests=round(requests),
        faulted=round(requests * scenario.control.errors),
        units=round(units),
        seconds=seconds,
        first_token=seconds,
        costs=tuple(zip(shapes.asked, shapes.dollars(cost), strict=True)),
        bills=tuple(_bills(shapes, cost)),
        spectrum=Counter(count for share in shares if (count := round(share * requests))),
    )


def _bills(shapes: Shapes, cost: Cost) -> Iterator[tuple[tuple[int, float], ...]]:
    """What units paid for their first requests: stretches of the pool, by each of the users' factors."""
    within = shapes.dollars(cost.within())
    for factor in cost.factors():
        paid = tuple((asked, factor * each) for asked, each in zip(shapes.asked, within, strict=True))
        yield from (paid[n : n + MOST_REQUESTS] for n in range(0, len(paid), MOST_REQUESTS))


def with_past(plan: Plan, scenario: Scenario, shapes: Shapes) -> Plan:
    """The plan as it starts where control was always as the scenario has it.

    That sets the latency gate's limits, and what requests are expected to cost by their size.
    """
    return by_past(plan, past(scenario, shapes))


def warnings(plan: Plan, scenario: Scenario) -> tuple[str, ...]:
    """What the plan's gates promise and the scenario's traffic cannot show, as a start would say."""
    before = past(scenario, Shapes(Draws("past"), scenario.control.cost))
    return weak_spots(by_past(plan, before), before)


def _durations(latency: Latency) -> tuple[float, ...]:
    normal = NormalDist()
    return tuple(
        latency.median * math.exp(latency.sigma * normal.inv_cdf((n + 0.5) / _POINTS)) for n in range(_POINTS)
    )
