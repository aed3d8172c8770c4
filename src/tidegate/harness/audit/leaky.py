"""A provider that refuses every key and repeats it in its refusal."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from http import HTTPStatus

import msgspec


@dataclass(slots=True)
class Leaky:
    """Where it listens, the status of its next refusals, and the keys that it was given, oldest first."""

    url: str = ""
    status: int = 401
    given: list[str] = field(default_factory=list[str])

    async def refuse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request; a connection that ends before its request does is let go."""
        try:
            with suppress(asyncio.IncompleteReadError, ConnectionError):
                key = await _key(reader)
                self.given.append(key)
                writer.write(self._refusal(key))
                await writer.drain()
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    def _refusal(self, key: str) -> bytes:
        status = HTTPStatus(self.status)
        error = {"type": _TYPES[self.status], "message": f"the key {key} is not known here"}
        body = msgspec.json.encode({"type": "error", "error": error})
        head = (
            f"HTTP/1.1 {status.value} {status.phrase}\r\ncontent-type: application/json\r\n"
            f"connection: close\r\ncontent-length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body


_TYPES = {401: "authentication_error", 403: "permission_error", 502: "api_error"}


@asynccontextmanager
async def leaky_provider() -> AsyncGenerator[Leaky]:
    """Serve on loopback."""
    leaky = Leaky()
    server = await asyncio.start_server(leaky.refuse, "127.0.0.1", 0)
    try:
        host, port = server.sockets[0].getsockname()[:2]
        leaky.url = f"http://{host}:{port}"
        yield leaky
    finally:
        server.close()
        await server.wait_closed()


async def _key(reader: asyncio.StreamReader) -> str:
    """The key of a request, which is read to its end."""
    head = await reader.readuntil(b"\r\n\r\n")
    parted = [line.partition(b":") for line in head.split(b"\r\n")]
    headers = {name.strip().lower(): value.strip() for name, _, value in parted}
    await reader.readexactly(int(headers.get(b"content-length", b"0")))
    return headers.get(b"x-api-key", b"").decode("latin-1")
