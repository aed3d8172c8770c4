"""Deprecate, revoke and withdraw versions of skills."""

from collections.abc import Sequence
from functools import partial

from tidegate.control.reason import require_reason
from tidegate.control.services import Services
from tidegate.domain.errors import Conflict
from tidegate.domain.rollout import Rollout
from tidegate.domain.scope import serving
from tidegate.domain.skill import ListedVersion, VersionState


async def move_version(
    services: Services, name: str, number: int, state: VersionState, *, actor: str, reason: str
) -> int:
    """Bring a version into another state, whoever serves it; returns the revision that carries it.

    Raises NotFound, InvalidInput (the reason), and Conflict for a move that is not in the table.
    """
    return await services.store.skills.set_state(
        name, number, state, by=actor, reason=require_reason(reason), at=services.clock.now()
    )


async def withdraw(services: Services, versions: Sequence[ListedVersion], *, actor: str, reason: str) -> int:
    """Revoke versions of one skill that no rollout serves, all or none; returns the revision.

    Raises Conflict where a rollout serves one at that instant, or one is revoked already, and InvalidInput
    (the reason).
    """
    return await services.store.skills.withdraw(
        versions[0].name,
        [version.number for version in versions],
        by=actor,
        reason=require_reason(reason),
        at=services.clock.now(),
        admit=partial(_refuse_served, versions),
    )


async def served_by(services: Services, version: ListedVersion) -> list[str]:
    """Names of the rollouts that serve a version now."""
    return [each.name for each in serving(await services.store.rollouts.list(), version.digest)]


def _refuse_served(versions: Sequence[ListedVersion], rollouts: Sequence[Rollout]) -> None:
    for version in versions:
        names = [each.name for each in serving(rollouts, version.digest)]
        if names:
            raise Conflict(
                f"version {version.number} of {version.name} is served by the rollout {', '.join(names)}: "
                f"end it or roll out another version in its place, then delete this one; if it must go at "
                f"once, `tidegate skill revoke {version.name} {version.number} --reason TEXT` does that in "
                "any case"
            )
