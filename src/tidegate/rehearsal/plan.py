"""The plan of a spec, for rehearsing it: nothing has to be published, since no request is served."""

import msgspec

from tidegate.control.spec import Spec, VariantSpec, parse
from tidegate.domain.rollout import Plan, SkillRef, Variant
from tidegate.domain.schedule import ALWAYS


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


def starting(plan: Plan, at: float) -> Plan:
    """The plan as one that starts `at` (epoch seconds): what its schedule goes by; the clock begins at 0.

    Without a schedule it does not matter when, and the plan stays as it is.
    """
    if plan.schedule == ALWAYS:
        return plan
    return msgspec.structs.replace(plan, schedule=msgspec.structs.replace(plan.schedule, origin=at))


def _variant(spec: VariantSpec) -> Variant:
    refs = tuple(SkillRef(pick.name, pick.version, "") for pick in spec.skills)
    return msgspec.structs.replace(spec.rest, skills=refs)
