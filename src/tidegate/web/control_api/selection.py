"""`/api/selection`: which skills a transcript would get, and why."""

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from tidegate.control.selecting import variant_of_published, variant_of_rollout, with_threshold
from tidegate.control.services import Services
from tidegate.domain.access import Switch
from tidegate.domain.explanation import Explanation, explain
from tidegate.domain.rollout import Variant
from tidegate.domain.skill import SkillVersion
from tidegate.serving.variant import VariantCache
from tidegate.web.control_api.access import Plane, router_under
from tidegate.web.control_api.answers import answer

router = router_under("selection", "skills")

_Name = Annotated[str, Field(max_length=64)]


class SelectionBody(BaseModel):
    """The texts of a conversation's user, oldest first, and what they may choose from.

    `skills` narrows the catalogue (empty: all of it), `named` are skills asked for by name; without
    `rollout` the catalogue is every published skill in its newest version.
    """

    model_config = ConfigDict(extra="forbid")
    texts: Annotated[list[Annotated[str, Field(max_length=1 << 20)]], Field(min_length=1, max_length=100)]
    named: Annotated[list[_Name], Field(max_length=100)] = []
    skills: Annotated[list[_Name], Field(max_length=1000)] = []
    rollout: str | None = None
    arm: Literal["candidate", "baseline"] = "candidate"
    threshold: float | None = None


@router.post("")
async def post_selection(body: SelectionBody, control: Plane) -> Response:
    """Explain a selection; it changes nothing, and no text is kept."""
    services = control.services
    versions = await services.store.skills.list()
    variant = with_threshold(await _variant(body, services, versions), body.threshold)
    explanation = await run_in_threadpool(_explained, body, variant, versions)
    switches = await services.store.switches.list()
    return answer({"explanation": explanation, "switched_off": _barred(explanation, switches)})


async def _variant(body: SelectionBody, services: Services, versions: Sequence[SkillVersion]) -> Variant:
    if body.rollout is None:
        return variant_of_published(versions, body.skills)
    return await variant_of_rollout(services, body.rollout, body.arm, body.skills)


def _explained(body: SelectionBody, variant: Variant, versions: Sequence[SkillVersion]) -> Explanation:
    served = VariantCache().served(variant, {version.digest: version for version in versions})
    return explain(served.catalogue, body.named, body.texts, served.patterns.matching, served.lexical)


def _barred(explanation: Explanation, switches: Sequence[Switch]) -> list[str]:
    """The chosen skills that a switch keeps from being served to anybody now."""
    off = {switch.target for switch in switches if switch.scope == "skill"}
    everything = any(switch.scope == "all" for switch in switches)
    return [use.name for use in explanation.chosen if everything or use.name in off]
