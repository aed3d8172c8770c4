"""Keys: who may call what, for which tenant."""

import hashlib
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
    priority: Priority = Priority.NORMAL


class Switch(msgspec.Struct, frozen=True, kw_only=True):
    """An instant override that is off: scope `all`, `skill` or `tenant`; `target` `*` for all."""

    scope: str
    target: str
    by: str
    reason: str
    at: float
