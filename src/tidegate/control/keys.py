"""Create, list and revoke access keys."""

import re
import secrets

from tidegate.control.caller import HOME_TENANT
from tidegate.control.reason import require_reason
from tidegate.control.services import Services
from tidegate.domain.access import KeyRecord, Priority, Role, hash_secret
from tidegate.domain.errors import InvalidInput
from tidegate.domain.quota import NOTHING_SAID, Amounts

_NAME = re.compile(r"[^\x00-\x1f\x7f-\x9f\ud800-\udfff]{1,64}")
_TENANT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def require_tenant(tenant: str) -> str:
    """The tenant's name; raises InvalidInput where it is not one."""
    if not _TENANT.fullmatch(tenant):
        raise InvalidInput(
            f"tenant {tenant!r}: use 1 to 64 letters, digits, `.`, `_` or `-`, a letter or digit first"
        )
    return tenant


async def create_key(
    services: Services,
    *,
    role: str,
    name: str,
    tenant: str = HOME_TENANT,
    priority: str = Priority.NORMAL,
    amounts: Amounts = NOTHING_SAID,
    actor: str,
    reason: str,
) -> tuple[KeyRecord, str, int]:
    """Create a key; returns its record, the secret (shown this once, never stored) and the revision."""
    chosen = _role(role)
    if amounts.said and chosen is not Role.CLIENT:
        raise InvalidInput(f"a {chosen} key calls no model: only client keys have quotas")
    if not _NAME.fullmatch(name) or not name.strip():
        raise InvalidInput(f"name {name!r}: use 1 to 64 printable characters")
    secret = f"tgk_{chosen}_{secrets.token_urlsafe(32)}"
    record = KeyRecord(
        id=f"key_{secrets.token_hex(8)}",
        name=name,
        role=chosen,
        tenant=require_tenant(tenant),
        secret_hash=hash_secret(secret),
        created_at=services.clock.now(),
        priority=_priority(priority),
    )
    revision = await services.store.keys.add(record, by=actor, reason=require_reason(reason), amounts=amounts)
    return record, secret, revision


async def revoke_key(services: Services, key_id: str, *, actor: str, reason: str) -> int:
    """Revoke a key for ever; raises NotFound or Conflict; returns the revision that carries it."""
    return await services.store.keys.revoke(
        key_id, by=actor, reason=require_reason(reason), at=services.clock.now()
    )


async def prioritise_key(services: Services, key_id: str, priority: str, *, actor: str, reason: str) -> int:
    """Say whose turn comes first under load; raises NotFound or Conflict; returns the revision."""
    chosen = _priority(priority)
    return await services.store.keys.prioritise(
        key_id, chosen, by=actor, reason=require_reason(reason), at=services.clock.now()
    )


def _priority(text: str) -> Priority:
    try:
        return Priority(text)
    except ValueError as error:
        raise InvalidInput(f"priority {text!r}: use one of {', '.join(Priority)}") from error


def _role(text: str) -> Role:
    try:
        return Role(text)
    except ValueError as error:
        raise InvalidInput(f"role {text!r}: use one of {', '.join(Role)}") from error
