"""What a scenario's traffic was like before the rehearsal: that limits, expected costs and warnings go by."""

import math
from collections import Counter
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
from tidegate.rehearsal.scenario import Latency, Scenario

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
    costs = tuple(zip(shapes.asked, shapes.dollars(scenario.control.cost), strict=True))
    return Past(
        span=SPAN,
        requests=round(requests),
        faulted=round(requests * scenario.control.errors),
        units=round(units),
        seconds=seconds,
        first_token=seconds,
        costs=costs,
        bills=tuple(costs[n : n + MOST_REQUESTS] for n in range(0, len(costs), MOST_REQUESTS)),
        spectrum=Counter(count for share in shares if (count := round(share * requests))),
    )


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
