"""Set, clear and list what keys and tenants may use."""

import math
from collections.abc import Sequence

from tidegate.control.caller import HOME_TENANT, Caller
from tidegate.control.keys import require_tenant
from tidegate.control.reason import require_reason
from tidegate.control.services import Services
from tidegate.domain.access import Role
from tidegate.domain.errors import InvalidInput, NotFound
from tidegate.domain.quota import NO_LIMIT, Amounts, Quota, Scope

MOST_A_MINUTE = 1_000_000_000_000
MOST_USD = 1_000_000_000.0


async def set_quota(
    services: Services, scope: str, target: str, amounts: Amounts, *, actor: str, reason: str
) -> tuple[Quota, int]:
    """Change what is said of a key or tenant; returns what holds now, and the revision.

    Raises InvalidInput, and NotFound for an unknown key. A tenant needs no key yet.
    """
    chosen = require_subject(scope, target)
    if not amounts.said:
        raise InvalidInput(
            "no limit given: name at least one of requests_per_minute, tokens_per_minute, usd_per_day"
        )
    if chosen is Scope.KEY:
        await _require_client(services, target)
    return await services.store.quotas.set(
        chosen, target, amounts, by=actor, reason=require_reason(reason), at=services.clock.now()
    )


async def clear_quota(services: Services, scope: str, target: str, *, actor: str, reason: str) -> int:
    """Say nothing of it any more: the configuration's defaults hold; raises NotFound; the revision."""
    chosen = require_subject(scope, target)
    return await services.store.quotas.clear(
        chosen, target, by=actor, reason=require_reason(reason), at=services.clock.now()
    )


async def visible_quotas(services: Services, caller: Caller) -> Sequence[Quota]:
    """Every quota, or those of the caller's tenant and its keys."""
    quotas = await services.store.quotas.list()
    if caller.tenant == HOME_TENANT:
        return quotas
    own = {key.id for key in await services.store.keys.list() if key.tenant == caller.tenant}
    return [
        each
        for each in quotas
        if (each.target == caller.tenant if each.scope is Scope.TENANT else each.target in own)
    ]


def require_subject(scope: str, target: str) -> Scope:
    """The scope; raises InvalidInput unless it and the target can have a quota."""
    try:
        chosen = Scope(scope)
    except ValueError as error:
        raise InvalidInput(f"scope {scope!r}: use one of {', '.join(Scope)}") from error
    if chosen is Scope.TENANT:
        require_tenant(target)
    return chosen


def amount_a_minute(name: str, value: int | str | None) -> int | None:
    """A whole number a minute, NO_LIMIT for `none`; raises InvalidInput."""
    if value is None or value == "none":
        return None if value is None else NO_LIMIT
    if isinstance(value, str) or not 1 <= value <= MOST_A_MINUTE:
        raise InvalidInput(
            f"{name} {value!r}: use a whole number from 1 on, or none for no limit (to bar a key, revoke it)"
        )
    return value


def amount_a_day(name: str, value: float | str | None) -> float | None:
    """Dollars a day, NO_LIMIT for `none`; raises InvalidInput."""
    if value is None or value == "none":
        return None if value is None else float(NO_LIMIT)
    if isinstance(value, str) or not math.isfinite(value) or not 0 < value <= MOST_USD:
        raise InvalidInput(
            f"{name} {value!r}: use an amount of US dollars above 0, or none for no limit "
            "(to bar a key, revoke it)"
        )
    return float(value)


async def _require_client(services: Services, key_id: str) -> None:
    found = next((key for key in await services.store.keys.list() if key.id == key_id), None)
    if found is None:
        raise NotFound(f"no key has the id {key_id!r}; `tidegate keys list` shows them")
    if found.role is not Role.CLIENT:
        raise InvalidInput(
            f"key {key_id} is a {found.role} key and calls no model: only client keys have quotas"
        )
    if found.revoked_at is not None:
        raise InvalidInput(f"key {key_id} is revoked: nothing is admitted with it anyway")
