"""Keys: who may call what, for which tenant."""

import hashlib
from collections.abc import Iterator
from enum import StrEnum

import msgspec


class Role(StrEnum):
    """What a key may do; each includes the reading rights below it, none includes another's writing."""

    CLIENT = "client"
    PUBLISHER = "publisher"
    OPERATOR = "operator"
    VIEWER = "viewer"


class Priority(StrEnum):
    """Whose requests wait, and are refused, first where there is too much at once."""

    HIGH = "high"
    NORMAL = "normal"
    LOW = "low"


def hash_secret(secret: str) -> str:
    """What is stored of a key: sha256 in hex; a secret of 256 random bits needs no salt or stretching."""
    return hashlib.sha256(secret.encode()).hexdigest()


class KeyRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A key as it is stored: the hash only (sha256 hex of the secret), bound to one tenant."""

    id: str
    name: str
    role: Role
    tenant: str
    secret_hash: str
    created_at: float
    revoked_at: float | None = None
    expires_at: float | None = None
    previous_hash: str | None = None
    """Of the secret before the last rotation, which is taken until `previous_until`."""
    previous_until: float | None = None
    priority: Priority = Priority.NORMAL
    last_used_at: float | None = None
    """Of a key that manages, when the quarter of an hour began; a client key's use is among the costs."""


def accepted(key: KeyRecord) -> Iterator[tuple[str, KeyRecord]]:
    """Each hash that stands for the key, and the key as that secret opens it: until when."""
    yield key.secret_hash, key
    if key.previous_hash and key.previous_until is not None:
        until = min(key.previous_until, key.expires_at or key.previous_until)
        yield key.previous_hash, msgspec.structs.replace(key, expires_at=until)


class Switch(msgspec.Struct, frozen=True, kw_only=True):
    """An instant override that is off: scope `all`, `skill` or `tenant`; `target` `*` for all."""

    scope: str
    target: str
    by: str
    reason: str
    at: float
