"""A tunnel through an HTTP proxy by CONNECT (RFC 9110 section 9.3.6)."""

import asyncio
from typing import cast

import httptools

from tidegate.adapters.upstream.address import Origin, Proxy

_MAX_REPLY = 65_536


class Tunnel(asyncio.Protocol):
    """Asks the proxy for a tunnel to the origin; once it stands, TLS takes the transport over."""

    def __init__(self, origin: Origin, proxy: Proxy) -> None:
        self._origin = origin
        self._proxy = proxy
        self._parser = httptools.HttpResponseParser(self)
        self._transport: asyncio.Transport | None = None
        self._reply: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._received = 0
        self._surplus = False

    async def open(self) -> None:
        """Wait until the tunnel stands; raises ConnectionError where the proxy refuses."""
        if self._transport is not None:
            self._transport.write(self._request())
        status = await self._reply
        if status == 407:
            raise ConnectionRefusedError("the proxy answers 407: give its user and password in the proxy URL")
        if not 200 <= status < 300:
            raise ConnectionRefusedError(f"the proxy answers CONNECT with status {status}")
        if self._surplus:
            raise ConnectionAbortedError("the proxy sent bytes of its own into the tunnel")

    def _request(self) -> bytes:
        lines = [f"CONNECT {self._origin.place} HTTP/1.1", f"host: {self._origin.place}"]
        if self._proxy.authorization:
            lines.append(f"proxy-authorization: {self._proxy.authorization}")
        return "\r\n".join((*lines, "", "")).encode()

    # ---- asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._received += len(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as wrong:
            self._refuse(f"the proxy's answer is not HTTP/1.1 ({wrong})")
        if self._received > _MAX_REPLY:
            self._refuse(f"the proxy's answer is larger than {_MAX_REPLY} bytes")

    def connection_lost(self, exc: Exception | None) -> None:
        self._refuse("the proxy closed the connection before it answered CONNECT")

    def _refuse(self, why: str) -> None:
        if not self._reply.done():
            self._reply.set_exception(ConnectionAbortedError(why))

    # ---- httptools callbacks

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        if status >= 200 and not self._reply.done():
            self._reply.set_result(status)

    def on_body(self, body: bytes) -> None:
        self._surplus = True
