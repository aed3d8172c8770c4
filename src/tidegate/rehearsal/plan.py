"""The plan of a spec, for rehearsing it: nothing has to be published, since no request is served."""

import math
from statistics import NormalDist

import msgspec

from tidegate.control.spec import Spec, VariantSpec, parse
from tidegate.domain.past import Past, expected_cost, with_limits
from tidegate.domain.rollout import Plan, SkillRef, Variant
from tidegate.rehearsal.answers import Shapes
from tidegate.rehearsal.scenario import Latency, Scenario

_PAST = 1000
"""Of how many requests the past before a rehearsal consists."""


def plan_of(text: str) -> Plan:
    """Read a rollout's spec; raises InvalidInput with one line per problem."""
    spec: Spec = parse(text)
    return Plan(
        name=spec.name,
        unit=spec.unit,
        eligible=spec.eligible,
        baseline=_variant(spec.baseline) if spec.baseline else Variant(),
        candidate=_variant(spec.candidate),
        stages=spec.stages,
        gates=spec.gates,
        after=spec.after,
        schedule=spec.schedule,
    )


def with_past(plan: Plan, scenario: Scenario, shapes: Shapes) -> Plan:
    """The plan as it starts where control was always as the scenario has it.

    That sets the latency gate's limits, and what requests are expected to cost by their size.
    """
    latency, savings = plan.gates.latency, plan.gates.savings
    seconds = _past(scenario.control.latency)
    costs = tuple(zip(shapes.asked, shapes.dollars(scenario.control.cost), strict=True))
    past = Past(requests=_PAST, seconds=seconds, first_token=seconds, costs=costs)
    if latency is not None:
        latency = with_limits(latency, past)
    if savings is not None:
        savings = msgspec.structs.replace(savings, expected=expected_cost(past))
    gates = msgspec.structs.replace(plan.gates, latency=latency, savings=savings)
    return msgspec.structs.replace(plan, gates=gates)


def _past(latency: Latency) -> tuple[float, ...]:
    normal = NormalDist()
    return tuple(
        latency.median * math.exp(latency.sigma * normal.inv_cdf((n + 0.5) / _PAST)) for n in range(_PAST)
    )


def _variant(spec: VariantSpec) -> Variant:
    refs = tuple(SkillRef(pick.name, pick.version, "") for pick in spec.skills)
    return msgspec.structs.replace(spec.rest, skills=refs)
