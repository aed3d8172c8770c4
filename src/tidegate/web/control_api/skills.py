"""`/api/skills`: publish and read skill versions."""

from typing import Annotated

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from tidegate.control.reason import require_reason
from tidegate.control.sync import sync_skill
from tidegate.control.timestamp import rfc3339
from tidegate.domain.errors import NotFound
from tidegate.domain.skill import SyncedVersion
from tidegate.registry.describe import describe
from tidegate.registry.publish import publish
from tidegate.registry.validate import validate_zip
from tidegate.web.control_api.access import Plane, Who, router_under
from tidegate.web.control_api.answers import answer, carried

router = router_under("skills", "skills")

_Number = Annotated[int | None, Query(ge=1, le=2**31 - 1)]


class SyncBody(BaseModel):
    """Which version (the latest where none is named) goes to which upstream's provider, and why; to the
    workspace of a tenant's own credential where one is named.
    """

    model_config = ConfigDict(extra="forbid")
    version: Annotated[int | None, Field(ge=1, le=2**31 - 1)] = None
    upstream: str = "default"
    tenant: str = ""
    reason: str


@router.post("", status_code=201)
async def post_skill(request: Request, reason: str, control: Plane, who: Who) -> Response:
    """Publish a zip; the same content again answers 200 with the version it has (`created` false)."""
    why = require_reason(reason)
    package = await run_in_threadpool(validate_zip, await request.body(), control.limits)
    services = control.services
    version, created, opinion = await publish(
        services.store.skills, control.scan, package, by=who.actor, reason=why, at=services.clock.now()
    )
    revision = await services.store.routing.revision()
    document = {
        **describe(version),
        "created": created,
        "second_opinion": None if opinion is None else [each.document() for each in opinion],
    }
    return await carried(services, revision, document, 201 if created else 200)


@router.get("")
async def list_skills(control: Plane) -> Response:
    """Every version of every skill, by name and number."""
    versions = await control.services.store.skills.listed()
    return await run_in_threadpool(lambda: answer({"skills": [describe(version) for version in versions]}))


@router.get("/{name}")
async def get_skill(name: str, control: Plane, version: _Number = None) -> Response:
    """One version of a skill: the numbered one, or the latest that can be served."""
    found = await control.services.store.skills.get(name, version)
    if found is None:
        what = f"skill {name!r}" if version is None else f"version {version} of skill {name!r}"
        raise NotFound(f"there is no {what}; `tidegate skill list` shows what there is")
    synced = [each for each in await control.services.store.syncs.list() if each.digest == found.digest]
    return answer({**describe(found), "synced": [describe_sync(each) for each in synced]})


@router.post("/{name}/sync")
async def post_sync(name: str, body: SyncBody, control: Plane, who: Who) -> Response:
    """Upload a version to a provider that serves it natively; nothing happens where it is there already."""
    done = await sync_skill(
        control.services,
        name,
        body.version,
        body.upstream,
        tenant=body.tenant,
        actor=who.actor,
        reason=body.reason,
    )
    document: dict[str, object] = {
        "name": name,
        "version": done.version.number,
        "digest": done.version.digest,
        "uploaded": done.uploaded,
        **describe_sync(done.synced),
    }
    return await carried(control.services, done.revision, document)


def describe_sync(synced: SyncedVersion) -> dict[str, object]:
    """Where a version is, as JSON shows it."""
    return {
        "upstream": synced.upstream,
        "tenant": synced.tenant,
        "skill_id": synced.there.skill_id,
        "version_id": synced.there.version_id or synced.there.epoch,
        "synced_at": rfc3339(synced.at),
        "synced_by": synced.by,
    }
