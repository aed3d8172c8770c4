"""Create, rotate and revoke access keys."""

import re
import secrets

from tidegate.control.caller import HOME_TENANT
from tidegate.control.reason import require_reason
from tidegate.control.services import Services
from tidegate.domain.access import KeyRecord, Priority, Role, hash_secret
from tidegate.domain.errors import Conflict, InvalidInput
from tidegate.domain.quota import NOTHING_SAID, Amounts

_NAME = re.compile(r"[^\x00-\x1f\x7f-\x9f\ud800-\udfff]{1,64}")
_LONGEST = 10 * 366 * 86_400.0
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
    lifetime: float | None = None,
    actor: str,
    reason: str,
) -> tuple[KeyRecord, str, int]:
    """Create a key; returns its record, the secret (shown this once, never stored) and the revision.

    It expires after `lifetime` seconds, or never.
    """
    chosen = _role(role)
    if amounts.said and chosen is not Role.CLIENT:
        raise InvalidInput(f"a {chosen} key calls no model: only client keys have quotas")
    if not _NAME.fullmatch(name) or not name.strip():
        raise InvalidInput(f"name {name!r}: use 1 to 64 printable characters")
    secret, now = _secret(chosen), services.clock.now()
    record = KeyRecord(
        id=f"key_{secrets.token_hex(8)}",
        name=name,
        role=chosen,
        tenant=require_tenant(tenant),
        secret_hash=hash_secret(secret),
        created_at=now,
        priority=_priority(priority),
        expires_at=None if lifetime is None else now + _lasting("the lifetime", lifetime, least=1.0),
    )
    revision = await services.store.keys.add(record, by=actor, reason=require_reason(reason), amounts=amounts)
    return record, secret, revision


async def namesakes(services: Services, key: KeyRecord) -> list[str]:
    """Other keys of its name, role and tenant that are still taken: only the id tells them apart."""
    now = services.clock.now()
    mine = (key.name, key.role, key.tenant)
    return [
        each.id
        for each in await services.store.keys.list()
        if (each.name, each.role, each.tenant) == mine
        and each.id != key.id
        and each.revoked_at is None
        and (each.expires_at is None or each.expires_at > now)
    ]


async def rotate_key(
    services: Services, key_id: str, *, overlap: float, actor: str, reason: str
) -> tuple[str, float, int]:
    """Give a key a new secret; the old one is taken for `overlap` seconds more.

    Returns the secret (shown this once), until when the old one is taken, and the revision. Id, tenant, role,
    expiry, quotas and history stay. Raises NotFound, and Conflict for a key that is revoked or has expired.
    """
    now = services.clock.now()
    until = now + _lasting("the overlap", overlap, least=0.0)
    known = {key.id: key for key in await services.store.keys.list()}
    expiry = known[key_id].expires_at if key_id in known else None
    if expiry is not None and expiry <= now:
        raise Conflict(f"key {key_id} has expired, and a new secret would have too; create another key")
    until = until if expiry is None else min(until, expiry)
    secret = _secret(known[key_id].role if key_id in known else Role.CLIENT)
    revision = await services.store.keys.rotate(
        key_id, hash_secret(secret), until=until, by=actor, reason=require_reason(reason), at=now
    )
    return secret, until, revision


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


def _secret(role: Role) -> str:
    return f"tgk_{role}_{secrets.token_urlsafe(32)}"


def _lasting(what: str, seconds: float, *, least: float) -> float:
    if not least <= seconds <= _LONGEST:
        raise InvalidInput(f"{what} of {seconds:g} s: use {least:g} s to ten years")
    return seconds


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
