"""Who calls the control plane, and what their role and tenant let them do there."""

import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from hmac import compare_digest

from tidegate.domain.access import KeyRecord, Role, accepted, hash_secret
from tidegate.domain.account import SLOT_SECONDS
from tidegate.domain.errors import Forbidden, StoreUnavailable, Unauthenticated
from tidegate.ports import Keys

HOME_TENANT = "default"
"""Keys of this tenant manage the whole installation; keys of another see that tenant alone."""


@dataclass(frozen=True, slots=True)
class Caller:
    """An authenticated person or program; `actor` is what events record."""

    actor: str
    role: Role
    tenant: str = HOME_TENANT

    @property
    def everywhere(self) -> bool:
        """True where the caller's rights reach beyond one tenant."""
        return self.tenant == HOME_TENANT

    def require(self, *roles: Role) -> None:
        """Raises Forbidden unless the role is one of `roles`; an operator may do everything."""
        if self.role is not Role.OPERATOR and self.role not in roles:
            wanted = " or ".join(sorted({*roles, Role.OPERATOR}))
            raise Forbidden(f"a {self.role} key may not do this; use a key with role {wanted}")

    def require_everywhere(self) -> None:
        """Raises Forbidden for a caller bound to one tenant."""
        if not self.everywhere:
            raise Forbidden(
                f"this reaches beyond tenant {self.tenant!r}; use a key of tenant {HOME_TENANT!r}"
            )


Authenticate = Callable[[Mapping[str, str]], Awaitable[Caller]]
"""Reads request headers (lower-case names); raises Unauthenticated, or Forbidden for a client key."""


def by_key(
    keys: Keys,
    remembered: Callable[[], Mapping[str, KeyRecord]] | None = None,
    now: Callable[[], float] = time.time,
) -> Authenticate:
    """Authenticate by `authorization: Bearer` or `x-api-key`, against the store's one row at every call.

    While the store is away the `remembered` keys count (by hash): the local switch must work just then. `now`
    is asked whether a key has expired.
    """

    async def authenticate(headers: Mapping[str, str]) -> Caller:
        hashed, at = hash_secret(_secret(headers)), now()
        try:
            found = await keys.find(hashed)
        except StoreUnavailable:
            if remembered is None:
                raise
            found = remembered().get(hashed)
        record = _taken(found, hashed, at)
        if record.role is Role.CLIENT:
            raise Forbidden("a client key calls /v1 only; use a viewer, publisher or operator key here")
        await _note_use(keys, record, at)
        return Caller(actor=f"{record.name} ({record.id})", role=record.role, tenant=record.tenant)

    return authenticate


async def _note_use(keys: Keys, record: KeyRecord, at: float) -> None:
    """Keep when the key was used, once in a quarter of an hour; a store that is away keeps nobody out."""
    begun = at // SLOT_SECONDS * SLOT_SECONDS
    if record.last_used_at is None or record.last_used_at < begun:
        with suppress(StoreUnavailable):
            await keys.used(record.id, begun)


def by_home(user: str) -> Authenticate:
    """Authenticate by possession: whoever can open the home's store is its operator."""
    caller = Caller(actor=user, role=Role.OPERATOR)

    async def authenticate(headers: Mapping[str, str]) -> Caller:
        del headers  # possession of the home was proved by opening it
        return caller

    return authenticate


def _secret(headers: Mapping[str, str]) -> str:
    scheme, _, token = headers.get("authorization", "").partition(" ")
    secret = token.strip() if scheme.lower() == "bearer" else headers.get("x-api-key", "").strip()
    if not secret:
        raise Unauthenticated("no key: send `authorization: Bearer KEY` or `x-api-key: KEY`")
    return secret


def _taken(found: KeyRecord | None, hashed: str, now: float) -> KeyRecord:
    """The key as the secret of that hash opens it; raises Unauthenticated where it opens nothing."""
    for each, key in () if found is None else accepted(found):
        if compare_digest(each, hashed):
            if key.revoked_at is not None:
                raise Unauthenticated(f"key {key.id} was revoked; ask an operator for a new one")
            if key.expires_at is not None and key.expires_at <= now:
                raise Unauthenticated(f"key {key.id}: this secret has expired; ask an operator for a new one")
            return key
    raise Unauthenticated("unknown key; `tidegate keys list` shows the keys there are")
