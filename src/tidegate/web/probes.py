"""What machines ask about the process itself: alive, ready, metrics."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from tidegate.web.asgi import Message, Receive, Send, answer


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that readiness looks at; only a `needed` one that is not `ok` makes the process not ready."""

    name: str
    ok: bool
    detail: str
    needed: bool = False


@dataclass(frozen=True, slots=True)
class Probes:
    """`/healthz`, `/readyz` and `/metrics`; the checks and the exposition are asked at each request."""

    checks: Callable[[], Sequence[Check]]
    exposition: Callable[[], Awaitable[bytes]]
    exposition_type: bytes

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one probe; anything but GET and HEAD is 405."""
        if scope["method"] not in ("GET", "HEAD"):
            await answer(send, 405, b'{"error":"only GET and HEAD"}', (b"allow", b"GET, HEAD"))
        elif scope["path"] == "/healthz":
            await answer(send, 200, b'{"status":"alive"}')
        elif scope["path"] == "/readyz":
            await self._ready(send)
        else:
            await answer(send, 200, await self.exposition(), content_type=self.exposition_type)

    async def _ready(self, send: Send) -> None:
        checks = self.checks()
        ready = all(check.ok or not check.needed for check in checks)
        details: dict[str, Any] = {check.name: {"ok": check.ok, "detail": check.detail} for check in checks}
        body = msgspec.json.encode({"ready": ready, "checks": details})
        await answer(send, 200 if ready else 503, body)
