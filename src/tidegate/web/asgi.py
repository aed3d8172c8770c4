"""ASGI's shapes, and the one way a small whole answer is sent."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]

JSON_TYPE = b"application/json"


async def answer(
    send: Send, status: int, body: bytes, *headers: tuple[bytes, bytes], content_type: bytes = JSON_TYPE
) -> None:
    """Send a whole answer with its length and type."""
    head = [(b"content-length", b"%d" % len(body)), (b"content-type", content_type), *headers]
    await send({"type": "http.response.start", "status": status, "headers": head})
    await send({"type": "http.response.body", "body": body})
