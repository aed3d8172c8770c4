"""The kill switch: turn skills off at once for everybody, for one skill or for one tenant."""

import logging
from typing import Protocol

from tidegate.control.keys import require_tenant
from tidegate.control.reason import require_reason
from tidegate.control.services import Services
from tidegate.domain.access import Switch
from tidegate.domain.errors import Conflict, InvalidInput, NotFound

SCOPES = ("all", "skill", "tenant")

_log = logging.getLogger("tidegate.switch")


class LocalSwitches(Protocol):
    """The switches of one serving process, which need no store."""

    def switch_off_local(self, scope: str, target: str) -> None: ...
    def switch_on_local(self, scope: str, target: str) -> None: ...


async def switch_off(services: Services, scope: str, target: str, *, actor: str, reason: str) -> int:
    """Turn it off; returns the revision that carries it.

    A tenant needs no key yet, but an unknown skill is NotFound: a typing error must not look like safety.
    """
    await _check(services, scope, target)
    switch = Switch(
        scope=scope, target=target, by=actor, reason=require_reason(reason), at=services.clock.now()
    )
    return await services.store.switches.off(switch)


async def unknown_tenant(services: Services, scope: str, target: str) -> str | None:
    """A warning where the switched tenant has no key: a typing error must not look like safety."""
    if scope != "tenant" or any(key.tenant == target for key in await services.store.keys.list()):
        return None
    return f"no key belongs to tenant {target!r}; the switch is off all the same, for keys to come"


async def switch_on(services: Services, scope: str, target: str, *, actor: str, reason: str) -> int:
    """Turn it on again; raises NotFound where it is not off; returns the revision that carries it."""
    require_scope(scope, target)
    return await services.store.switches.on(
        scope, target, by=actor, reason=require_reason(reason), at=services.clock.now()
    )


def switch_here(
    local: LocalSwitches | None, way: str, scope: str, target: str, *, actor: str, reason: str
) -> None:
    """Turn it `off` or `on` in this process alone, also with the store away; the log keeps who and why.

    An unknown skill is taken as it is: there may be no store to ask. Conflict where nothing serves here.
    """
    require_scope(scope, target)
    why = require_reason(reason)
    if local is None:
        raise Conflict("no gateway serves in this process; set TIDEGATE_URL to the one to switch")
    if way == "off":
        local.switch_off_local(scope, target)
    else:
        local.switch_on_local(scope, target)
    _log.warning(
        "switched in this process alone",
        extra={"way": way, "scope": scope, "target": target, "by": actor, "reason": why},
    )


def require_scope(scope: str, target: str) -> None:
    """Raises InvalidInput unless scope and target name something that can be switched."""
    if scope not in SCOPES:
        raise InvalidInput(f"scope {scope!r}: use one of {', '.join(SCOPES)}")
    if scope == "all" and target != "*":
        raise InvalidInput(f"scope `all` takes target `*`, not {target!r}")
    if scope == "tenant":
        require_tenant(target)
    if scope == "skill" and not (target and target.isprintable()):
        raise InvalidInput(f"scope `skill` needs the skill's name as target, not {target!r}")


async def _check(services: Services, scope: str, target: str) -> None:
    require_scope(scope, target)
    if scope == "skill" and not await services.store.skills.listed(target):
        raise NotFound(f"no skill {target!r}; `tidegate skill list` shows the skills there are")
