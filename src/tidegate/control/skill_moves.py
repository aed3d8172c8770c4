"""Deprecate, revoke and withdraw versions of skills."""

from collections.abc import Sequence

from tidegate.control.reason import require_reason
from tidegate.control.services import Services
from tidegate.domain.errors import Conflict
from tidegate.domain.scope import serving
from tidegate.domain.skill import SkillVersion, VersionState


async def move_version(
    services: Services, name: str, number: int, state: VersionState, *, actor: str, reason: str
) -> int:
    """Bring a version into another state, whoever serves it; returns the revision that carries it.

    Raises NotFound, InvalidInput (the reason), and Conflict for a move that is not in the table.
    """
    return await services.store.skills.set_state(
        name, number, state, by=actor, reason=require_reason(reason), at=services.clock.now()
    )


async def withdraw(services: Services, versions: Sequence[SkillVersion], *, actor: str, reason: str) -> int:
    """Revoke versions that no rollout serves; returns the revision. Raises Conflict where one does."""
    why = require_reason(reason)
    for version in versions:
        await _refuse_served(services, version)
    revision = 0
    for version in versions:
        revision = await move_version(
            services, version.name, version.number, VersionState.REVOKED, actor=actor, reason=why
        )
    return revision


async def served_by(services: Services, version: SkillVersion) -> list[str]:
    """Names of the rollouts that serve a version now."""
    return [each.name for each in serving(await services.store.rollouts.list(), version.digest)]


async def _refuse_served(services: Services, version: SkillVersion) -> None:
    names = await served_by(services, version)
    if names:
        raise Conflict(
            f"version {version.number} of {version.name} is served by the rollout {', '.join(names)}: end it "
            f"or roll out another version in its place, then delete this one; if it must go at once, "
            f"`tidegate skill revoke {version.name} {version.number} --reason TEXT` does that in any case"
        )
