"""Admission: who may call, and how much at once."""

from hashlib import sha256

from tidegate.domain.access import KeyRecord, Role
from tidegate.domain.errors import Forbidden, Overloaded, Unauthenticated
from tidegate.serving.client import Call
from tidegate.serving.snapshot import RoutingSnapshot


def authenticate(snapshot: RoutingSnapshot, call: Call) -> KeyRecord:
    """The client key of a call; raises Unauthenticated, and Forbidden for another role's key."""
    secret = call.header(b"x-api-key") or _bearer(call)
    if not secret:
        raise Unauthenticated("no key: send a client key as `x-api-key` or `Authorization: Bearer`")
    key = snapshot.keys.get(sha256(secret.strip().encode("latin-1")).hexdigest())
    if key is None:
        raise Unauthenticated("invalid x-api-key: this key is unknown or revoked; ask your operator for one")
    if key.role is not Role.CLIENT:
        raise Forbidden(f"key {key.id} is a {key.role} key: requests to /v1 need a client key")
    return key


def _bearer(call: Call) -> str:
    scheme, _, token = (call.header(b"authorization") or "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


class Admission:
    """Counts the exchanges in progress, each a `with` block, and refuses more than `at_most`."""

    def __init__(self, at_most: int) -> None:
        self._at_most = at_most
        self.open = 0

    def __enter__(self) -> None:
        """Hold a place while an exchange lasts; raises Overloaded where none is free."""
        if self.open >= self._at_most:
            raise Overloaded(
                f"{self.open} exchanges are in progress, as many as this gateway takes; try again"
            )
        self.open += 1

    def __exit__(self, *_: object) -> None:
        self.open -= 1
