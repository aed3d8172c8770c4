"""`/v1/skills/{skill_id}/versions` and what lies below."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from tidegate.control.archives import intact_archive
from tidegate.control.skill_moves import move_version, withdraw
from tidegate.domain.errors import InvalidInput
from tidegate.domain.skill import VersionState
from tidegate.domain.skill_id import skill_id
from tidegate.registry.publish import publish
from tidegate.web.skills_api.answers import answer, carried
from tidegate.web.skills_api.asked import Asked
from tidegate.web.skills_api.bodies import read_body
from tidegate.web.skills_api.pages import Place, Shown, page_of
from tidegate.web.skills_api.shapes import deleted_version, shown_version, with_opinion
from tidegate.web.skills_api.upload import read_upload


class _VersionChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    state: VersionState


async def create_version(request: Request) -> Response:
    """A further version of a skill; the same content again is the version it has."""
    asked = Asked.by(request)
    reason = asked.reason
    skill = await asked.skill()
    upload = await read_upload(request, asked.limits)
    sent = upload.package.manifest.name
    if sent != skill.name:
        raise InvalidInput(
            f"SKILL.md names the skill {sent!r}, but {skill_id(skill.name)} is {skill.name!r}; a skill "
            "keeps its name"
        )
    if upload.display_name:
        raise InvalidInput("display_name: belongs to the skill, not to a version; leave it out")
    services = asked.services
    version, _, opinion = await publish(
        services.store.skills,
        asked.scan,
        upload.package,
        by=asked.actor,
        reason=reason,
        at=services.clock.now(),
    )
    revision = await services.store.routing.revision()
    shown = shown_version(version, beta=asked.beta)
    return await carried(asked, revision, with_opinion(shown, opinion))


async def list_versions(request: Request) -> Response:
    """Versions that may be served, in pages: the newest first, in the beta the oldest."""
    asked = Asked.by(request)
    skill = await asked.skill()
    sign = 1 if asked.beta else -1
    items: list[tuple[Place, Shown]] = [
        ((float(sign * each.number), ""), shown_version(each, beta=asked.beta)) for each in skill.versions
    ]
    return answer(asked, page_of(items[::sign], request.query_params, beta=asked.beta))


async def retrieve_version(request: Request) -> Response:
    """One version."""
    asked = Asked.by(request)
    return answer(asked, shown_version(asked.version(await asked.skill()), beta=asked.beta))


async def change_version(request: Request) -> Response:
    """Bring a version into another state: deprecated, published again, or revoked whoever serves it."""
    asked = Asked.by(request)
    state = read_body(await request.body(), _VersionChange).state
    version = asked.version(await asked.skill())
    revision = await move_version(
        asked.services, version.name, version.number, state, actor=asked.actor, reason=asked.reason
    )
    changed = msgspec.structs.replace(version, state=state)
    return await carried(asked, revision, shown_version(changed, beta=asked.beta))


async def delete_version(request: Request) -> Response:
    """Revoke a version that no rollout serves, so that it is seen no more; but for a skill's only one."""
    asked = Asked.by(request)
    skill = await asked.skill()
    version = asked.version(skill)
    if not asked.beta and len(skill.versions) == 1:
        raise InvalidInput(
            "Cannot delete the only version of a skill; create another first, or delete the skill"
        )
    revision = await withdraw(asked.services, [version], actor=asked.actor, reason=asked.reason)
    return await carried(asked, revision, deleted_version(version, beta=asked.beta))


async def download_version(request: Request) -> Response:
    """The canonical archive of a version: what its digest is of."""
    asked = Asked.by(request)
    version = asked.version(await asked.skill())
    archive = await intact_archive(asked.services, version)
    headers = {
        "content-disposition": f'attachment; filename="{version.name}.zip"',
        "tidegate-digest": version.digest,
    }
    return Response(archive, media_type="application/zip", headers=headers)
