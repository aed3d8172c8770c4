"""`/api/skills/{name}/…`: what there is to do with versions that are published."""

from typing import Annotated

import msgspec
from fastapi import Query
from msgspec import UNSET
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from tidegate.control.archives import intact_archive
from tidegate.control.services import Services
from tidegate.control.skill_cards import CardChange, change_card
from tidegate.control.skill_moves import move_version, served_by
from tidegate.domain.errors import NotFound
from tidegate.domain.skill import SkillVersion, VersionState
from tidegate.web.control_api.access import Plane, Who, router_under
from tidegate.web.control_api.answers import UNCACHED, answer, carried

router = router_under("skills", "skills")

_MOST = 2**31 - 1
_Number = Annotated[int, Query(ge=1, le=_MOST)]


class StateBody(BaseModel):
    """Which version comes into which state, and why."""

    model_config = ConfigDict(extra="forbid")
    version: Annotated[int, Field(ge=1, le=_MOST)]
    state: VersionState
    reason: str


class CardBody(BaseModel):
    """What to change of what is said of a skill, and why; what is not named stays."""

    model_config = ConfigDict(extra="forbid")
    display_name: str | None = None
    labels: dict[str, str | None] | None = None
    default: Annotated[int | None, Field(ge=0, le=_MOST)] = None
    """0: the latest again."""
    reason: str


@router.post("/{name}/state")
async def post_state(name: str, body: StateBody, control: Plane, who: Who) -> Response:
    """Deprecate, publish again or revoke a version, whoever serves it; `warnings` name rollouts that do."""
    services = control.services
    version = await _version(services, name, body.version)
    revision = await move_version(
        services, name, body.version, body.state, actor=who.actor, reason=body.reason
    )
    document: dict[str, object] = {"name": name, "version": body.version, "state": body.state.value}
    if body.state is VersionState.REVOKED:
        rollouts = await served_by(services, version)
        document["warnings"] = [
            f"the rollout {each} names it: its requests go on without the skill" for each in rollouts
        ]
    return await carried(services, revision, document)


@router.post("/{name}/card")
async def post_card(name: str, body: CardBody, control: Plane, who: Who) -> Response:
    """Change a skill's display name, labels or default version."""
    change = CardChange(
        display_name=UNSET if body.display_name is None else body.display_name,
        labels=UNSET if body.labels is None else body.labels,
        default=UNSET if body.default is None else body.default or None,
    )
    card, revision = await change_card(control.services, name, change, actor=who.actor, reason=body.reason)
    document: dict[str, object] = {
        "name": name,
        "display_name": card.display_name or name,
        "labels": card.labels,
        "default": card.default,
    }
    return await carried(control.services, revision, document)


@router.get("/{name}/diff")
async def get_diff(name: str, before: _Number, after: _Number, control: Plane) -> Response:
    """What changed from one version to another, in any state."""
    services = control.services
    one, other = await _version(services, name, before), await _version(services, name, after)
    archives = await intact_archive(services, one), await intact_archive(services, other)
    return answer(msgspec.to_builtins(await control.reading.diff(one, other, archives)))


@router.get("/{name}/capabilities")
async def get_capabilities(name: str, version: _Number, control: Plane) -> Response:
    """What the scripts of a version make use of, and where: derived from them, each thing once a file."""
    services = control.services
    found = await _version(services, name, version)
    archive = await intact_archive(services, found)
    uses = await control.reading.uses(archive)
    document: dict[str, object] = {"name": name, "version": found.number, "digest": found.digest}
    return answer(document | {"capabilities": [msgspec.to_builtins(use) for use in uses]})


@router.get("/{name}/archive")
async def get_archive(name: str, version: _Number, control: Plane) -> Response:
    """A version's canonical archive, in any state: a revoked one is what somebody has to look into."""
    archive = await intact_archive(control.services, await _version(control.services, name, version))
    return Response(archive, 200, UNCACHED, media_type="application/zip")


async def _version(services: Services, name: str, number: int) -> SkillVersion:
    found = await services.store.skills.get(name, number)
    if found is None:
        raise NotFound(f"there is no version {number} of skill {name!r}; `tidegate skill list` shows them")
    return found
