"""What machines ask about the process itself: alive, ready, metrics."""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from types import MappingProxyType

import msgspec

from tidegate.control.caller import HOME_TENANT
from tidegate.domain.access import KeyRecord, Role
from tidegate.web.asgi import Message, Receive, Send, answer
from tidegate.web.whose_skills import hashes_of

_FORWARDED = frozenset({b"forwarded", b"via", b"x-forwarded-for", b"x-real-ip"})
"""With one of these a peer on this machine is a proxy, and speaks for somebody else."""

_NO_KEYS: Mapping[str, KeyRecord] = MappingProxyType({})


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that readiness looks at; only a `needed` one that is not `ok` makes the process not ready."""

    name: str
    ok: bool
    detail: str
    needed: bool = False


@dataclass(frozen=True, slots=True)
class Probes:
    """`/healthz`, `/readyz` and `/metrics`; the checks and the exposition are asked at each request.

    Anybody is told which checks are ok. What a check says beside names tenants, providers and files: that
    is told to peers on this machine, and to `keys` (by hash) that may read the whole installation.
    """

    checks: Callable[[], Sequence[Check]]
    exposition: Callable[[], Awaitable[bytes]]
    exposition_type: bytes
    keys: Callable[[], Mapping[str, KeyRecord]] = lambda: _NO_KEYS
    now: Callable[[], float] = time.time

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one probe; anything but GET and HEAD is 405."""
        if scope["method"] not in ("GET", "HEAD"):
            await answer(send, 405, b'{"error":"only GET and HEAD"}', (b"allow", b"GET, HEAD"))
        elif scope["path"] == "/healthz":
            await answer(send, 200, b'{"status":"alive"}')
        elif scope["path"] == "/readyz":
            await self._ready(scope, send)
        else:
            await answer(send, 200, await self.exposition(), content_type=self.exposition_type)

    async def _ready(self, scope: Message, send: Send) -> None:
        checks = self.checks()
        ready = all(check.ok or not check.needed for check in checks)
        whole = _is_near(scope) or self._may_read(scope)
        told = {
            check.name: {"ok": check.ok, "detail": check.detail} if whole else {"ok": check.ok}
            for check in checks
        }
        await answer(send, 200 if ready else 503, msgspec.json.encode({"ready": ready, "checks": told}))

    def _may_read(self, scope: Message) -> bool:
        """Whether a key comes along that manages, and is not bound to one tenant."""
        known = self.keys()
        key = next((known[hashed] for hashed in hashes_of(scope) if hashed in known), None)
        if key is None or (key.expires_at is not None and key.expires_at <= self.now()):
            return False
        return key.role is not Role.CLIENT and key.tenant == HOME_TENANT


def _is_near(scope: Message) -> bool:
    """Whether it comes from a process of this machine, for itself."""
    peer: tuple[str, int] | None = scope.get("client")
    if peer is None or any(bytes(name).lower() in _FORWARDED for name, _ in scope["headers"]):
        return False
    try:
        address = ip_address(peer[0])
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (mapped or address).is_loopback
