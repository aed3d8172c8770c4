"""The upstream over our own HTTP/1.1 client (RFC 9112): few microseconds a request, closed when told so."""

import time
from collections.abc import Sequence

from tidegate.adapters.upstream.address import parse_origin, parse_proxy
from tidegate.adapters.upstream.dial import Dialer
from tidegate.adapters.upstream.head import HeadWriter
from tidegate.adapters.upstream.pool import Pool
from tidegate.adapters.upstream.response import Http1Response
from tidegate.adapters.upstream.settings import UpstreamSettings
from tidegate.adapters.upstream.tls import client_context
from tidegate.ports import Header, UpstreamFailure


class Http1Upstream:
    """`ports.Upstream` on asyncio or uvloop; construction reads the certificates and raises InvalidInput."""

    def __init__(self, settings: UpstreamSettings) -> None:
        origin = parse_origin(settings.base_url)
        proxy = parse_proxy(settings.proxy) if settings.proxy else None
        context = client_context(settings) if origin.tls else None
        self._place = origin.place
        self._heads = HeadWriter(origin, proxy)
        self._pool = Pool(origin.place, settings, Dialer(origin, proxy, context, settings.connect_timeout))

    @property
    def open_connections(self) -> int:
        """Sockets that exist now."""
        return self._pool.open

    @property
    def busy_connections(self) -> int:
        """Exchanges in flight now."""
        return self._pool.busy

    async def send(
        self, method: str, target: str, headers: Sequence[Header], body: bytes, *, deadline: float
    ) -> Http1Response:
        """Send and wait for the response head (see `ports.Upstream`); raises UpstreamFailure, InvalidInput.

        A request on a reused connection that the peer had just closed goes out once more on a fresh one.
        """
        now = time.monotonic()
        if now >= deadline:
            raise UpstreamFailure(
                "timeout", f"{self._place}: the deadline had passed before the request was sent"
            )
        head = self._heads.write(method, target, headers, len(body))
        connection = self._pool.take(deadline) or await self._pool.acquire(deadline)
        try:
            response = connection.send(method, head, body, deadline, now)
            await response.head()
        except UpstreamFailure as stale:
            if not stale.replayable:
                raise
            return await self._resend(method, head, body, deadline)
        return response

    async def _resend(self, method: str, head: bytes, body: bytes, deadline: float) -> Http1Response:
        try:
            connection = await self._pool.acquire(deadline, fresh=True)
        except UpstreamFailure as failure:
            raise UpstreamFailure(failure.kind, str(failure), replayable=True) from failure
        response = connection.send(method, head, body, deadline, time.monotonic())
        await response.head()
        return response

    async def aclose(self) -> None:
        """Close every connection and fail what is in flight."""
        await self._pool.aclose()
