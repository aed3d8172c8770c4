"""The peer: raw ASGI on uvicorn with our own upstream client, and nothing else. It forwards, that is all."""

import asyncio
import socket
import sys
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import uvicorn

from tidegate.adapters.upstream.http1 import Http1Upstream
from tidegate.adapters.upstream.settings import UpstreamSettings

Message = MutableMapping[str, Any]
HOP_BY_HOP = {
    b"host",
    b"connection",
    b"keep-alive",
    b"transfer-encoding",
    b"content-length",
    b"accept-encoding",
}


def application(base_url: str) -> Callable[..., Awaitable[None]]:
    """An ASGI application that sends each request on and the answer back."""
    upstream: list[Http1Upstream] = []

    async def forward(
        scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
    ) -> None:
        if scope["type"] != "http":
            return
        if not upstream:
            upstream.append(Http1Upstream(UpstreamSettings(base_url=base_url)))
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        headers = [pair for pair in scope["headers"] if pair[0] not in HOP_BY_HOP]
        deadline = asyncio.get_running_loop().time() + 60
        response = await upstream[0].send(scope["method"], scope["path"], headers, body, deadline=deadline)
        kept = [
            pair for pair in response.headers if pair[0].lower() not in {b"connection", b"transfer-encoding"}
        ]
        await send({"type": "http.response.start", "status": response.status, "headers": kept})
        while chunk := await response.chunk():
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
        response.close()

    return forward


class Announcing(uvicorn.Server):
    """Says where it listens once it does."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        port = self.servers[0].sockets[0].getsockname()[1]
        print(f"proxy listening on http://127.0.0.1:{port}", flush=True)


if __name__ == "__main__":
    config = uvicorn.Config(
        application(sys.argv[1]), port=0, lifespan="off", access_log=False, log_level="error", loop="uvloop"
    )
    Announcing(config).run()
