"""Open a connection: TCP, a proxy's tunnel, TLS, all within the connect timeout."""

import asyncio
import socket
import ssl
from collections.abc import Callable
from typing import cast

from tidegate.adapters.upstream.address import Origin, Proxy
from tidegate.adapters.upstream.connection import Connection
from tidegate.adapters.upstream.tunnel import Tunnel
from tidegate.ports import UpstreamFailure

_PROBE_AFTER = 60
"""Seconds of silence before TCP keep-alive probes, so that a dead peer shows during a long answer."""


class Dialer:
    """Opens connections to one origin, through its proxy where it has one."""

    def __init__(
        self, origin: Origin, proxy: Proxy | None, context: ssl.SSLContext | None, connect_timeout: float
    ) -> None:
        self._origin = origin
        self._proxy = proxy
        self._context = context
        self._timeout = connect_timeout

    async def dial(self, make: Callable[[], Connection]) -> Connection:
        """A connection ready for its first request; raises UpstreamFailure (kind connect).

        Cancelling it closes the socket at once.
        """
        try:
            async with asyncio.timeout(self._timeout):
                return await self._open(make())
        except TimeoutError as late:
            raise self._failure(f"connecting took longer than {self._timeout:g} s", late) from late
        except ssl.SSLCertVerificationError as wrong:
            raise self._failure(f"its certificate is not accepted: {wrong.verify_message}", wrong) from wrong
        except OSError as wrong:
            raise self._failure(str(wrong) or type(wrong).__name__, wrong) from wrong

    async def _open(self, connection: Connection) -> Connection:
        loop = asyncio.get_running_loop()
        near: Origin | Proxy = self._proxy or self._origin
        tunnel = Tunnel(self._origin, self._proxy) if self._proxy and self._context else None
        protocol = tunnel or connection
        transport, _ = await loop.create_connection(lambda: protocol, near.host, near.port)
        try:
            _probe_when_silent(transport)
            if tunnel is not None:
                await tunnel.open()
            if self._context is not None:
                await self._secure(transport, connection, self._context)
        except BaseException:
            transport.abort()
            raise
        return connection

    async def _secure(
        self, transport: asyncio.Transport, connection: Connection, context: ssl.SSLContext
    ) -> None:
        secured = await asyncio.get_running_loop().start_tls(
            transport,
            connection,
            context,
            server_hostname=self._origin.host,
            ssl_handshake_timeout=self._timeout,
        )
        if secured is None:
            raise ConnectionResetError("the connection was closed during the TLS handshake")
        connection.attach(secured, transport)

    def _failure(self, what: str, cause: Exception) -> UpstreamFailure:
        through = f" through the proxy {self._proxy.place}" if self._proxy else ""
        return UpstreamFailure(
            "connect",
            f"{self._origin.place}{through}: no connection: {what}; check base_url, network and certificates",
        )


def _probe_when_silent(transport: asyncio.Transport) -> None:
    sock = cast("socket.socket", transport.get_extra_info("socket"))
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    if hasattr(socket, "TCP_KEEPIDLE"):  # not on every platform
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, _PROBE_AFTER)
