"""The kill switch: turn skills off at once for everybody, for one skill or for one tenant."""

from tidegate.control.keys import require_tenant
from tidegate.control.reason import require_reason
from tidegate.control.services import Services
from tidegate.domain.access import Switch
from tidegate.domain.errors import InvalidInput, NotFound

SCOPES = ("all", "skill", "tenant")


async def switch_off(services: Services, scope: str, target: str, *, actor: str, reason: str) -> int:
    """Turn it off; returns the revision that carries it.

    A tenant needs no key yet, but an unknown skill is NotFound: a typing error must not look like safety.
    """
    await _check(services, scope, target)
    switch = Switch(
        scope=scope, target=target, by=actor, reason=require_reason(reason), at=services.clock.now()
    )
    return await services.store.switches.off(switch)


async def switch_on(services: Services, scope: str, target: str, *, actor: str, reason: str) -> int:
    """Turn it on again; raises NotFound where it is not off; returns the revision that carries it."""
    require_scope(scope, target)
    return await services.store.switches.on(
        scope, target, by=actor, reason=require_reason(reason), at=services.clock.now()
    )


def require_scope(scope: str, target: str) -> None:
    """Raises InvalidInput unless scope and target name something that can be switched."""
    if scope not in SCOPES:
        raise InvalidInput(f"scope {scope!r}: use one of {', '.join(SCOPES)}")
    if scope == "all" and target != "*":
        raise InvalidInput(f"scope `all` takes target `*`, not {target!r}")
    if scope == "tenant":
        require_tenant(target)
    if scope == "skill" and not target:
        raise InvalidInput("scope `skill` needs the skill's name as target")


async def _check(services: Services, scope: str, target: str) -> None:
    require_scope(scope, target)
    if scope == "skill" and not any(v.name == target for v in await services.store.skills.list()):
        raise NotFound(f"no skill {target!r}; `tidegate skill list` shows the skills there are")
