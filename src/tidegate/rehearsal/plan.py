"""The plan of a spec, for rehearsing it: nothing has to be published, since no request is served."""

import msgspec

from tidegate.control.spec import Spec, VariantSpec, parse
from tidegate.domain.rollout import Plan, SkillRef, Variant


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


def _variant(spec: VariantSpec) -> Variant:
    refs = tuple(SkillRef(pick.name, pick.version, "") for pick in spec.skills)
    return msgspec.structs.replace(spec.rest, skills=refs)
