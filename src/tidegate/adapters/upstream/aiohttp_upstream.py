"""The upstream over aiohttp: the oracle our own client is tested against, and the way out of it."""

import asyncio
import io
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from types import SimpleNamespace

import aiohttp
from yarl import URL

from tidegate.adapters.upstream.address import Origin, parse_origin, parse_proxy
from tidegate.adapters.upstream.head import checked_target, end_to_end
from tidegate.adapters.upstream.settings import UpstreamSettings
from tidegate.adapters.upstream.tls import client_context
from tidegate.domain.errors import InvalidInput
from tidegate.ports import Header, UpstreamFailure

_PIECEWISE_ABOVE = 1_048_576


@dataclass(slots=True)
class _Attempt:
    """What tracing tells about one request: whether it went to a kept connection."""

    stale_until: float
    reused: bool = False

    def replayable(self, wrong: aiohttp.ClientError) -> bool:
        """True where the peer closed a kept connection so soon, and unanswered, that it was stale."""
        unanswered = not isinstance(wrong, aiohttp.ServerDisconnectedError) or isinstance(wrong.message, str)
        return self.reused and unanswered and asyncio.get_running_loop().time() <= self.stale_until


@dataclass(frozen=True, slots=True)
class _Request:
    """One request as aiohttp takes it."""

    method: str
    url: URL
    headers: Sequence[tuple[str, str]]
    body: bytes | io.BytesIO | None


class AiohttpResponse:
    """`ports.UpstreamResponse` over aiohttp's own; header names lower-case."""

    def __init__(self, inner: aiohttp.ClientResponse, deadline: float, place: str) -> None:
        self.status = inner.status
        self.headers: Sequence[Header] = [(name.lower(), value) for name, value in inner.raw_headers]
        self._inner = inner
        self._deadline = deadline
        self._place = place

    async def chunk(self) -> bytes:
        """Everything that has come since the last call, b"" once at the end; raises UpstreamFailure."""
        try:
            async with _translated(self._place, self._deadline, None):
                return await self._inner.content.readany()
        except (UpstreamFailure, asyncio.CancelledError):
            self.close()
            raise

    async def read(self, limit: int) -> bytes:
        """The whole remaining body; raises UpstreamFailure (kind protocol) beyond `limit` bytes."""
        body = bytearray()
        while piece := await self.chunk():
            body += piece
            if len(body) > limit:
                self.close()
                raise UpstreamFailure(
                    "protocol", f"{self._place}: the response body is larger than {limit} bytes"
                )
        return bytes(body)

    def close(self) -> None:
        """Cut the connection unless the response has already finished with it."""
        self._inner.close()


class AiohttpUpstream:
    """`ports.Upstream` over aiohttp; construction reads the certificates and raises InvalidInput."""

    def __init__(self, settings: UpstreamSettings) -> None:
        self._settings = settings
        self._origin: Origin = parse_origin(settings.base_url)
        if settings.proxy:
            parse_proxy(settings.proxy)
        self._context = client_context(settings) if self._origin.tls else None
        scheme = "https" if self._origin.tls else "http"
        self._base = f"{scheme}://{self._origin.authority}{self._origin.prefix}"
        self._session: aiohttp.ClientSession | None = None
        self._fresh: aiohttp.ClientSession | None = None
        """Resends only: a session that keeps no connection."""

    @property
    def open_connections(self) -> int:
        """Connections kept or in use (those being dialled included)."""
        return sum(_counts(session)[0] for session in (self._session, self._fresh))

    @property
    def busy_connections(self) -> int:
        """Connections in use now."""
        return sum(_counts(session)[1] for session in (self._session, self._fresh))

    async def send(
        self, method: str, target: str, headers: Sequence[Header], body: bytes, *, deadline: float
    ) -> AiohttpResponse:
        """Send, wait for the response head (see `ports.Upstream`); raises UpstreamFailure, InvalidInput."""
        request = _Request(
            method,
            URL(self._base + checked_target(method, target), encoded=True),
            [*_decoded(end_to_end(headers)), ("accept-encoding", "identity")],
            # aiohttp writes bytes in one go, but a file-like body piece by piece.
            io.BytesIO(body) if len(body) > _PIECEWISE_ABOVE else body or None,
        )
        self._session = self._session or self._new_session(force_close=False)
        try:
            return await self._attempt(self._session, request, deadline)
        except UpstreamFailure as stale:
            if not stale.replayable:
                raise
        self._fresh = self._fresh or self._new_session(force_close=True)
        return await self._attempt(self._fresh, request, deadline)

    async def aclose(self) -> None:
        """Close every connection and fail what is in flight."""
        for session in (self._session, self._fresh):
            if session is not None:
                await session.close()

    async def _attempt(
        self, session: aiohttp.ClientSession, request: _Request, deadline: float
    ) -> AiohttpResponse:
        now = asyncio.get_running_loop().time()
        attempt = _Attempt(now + self._settings.stale_seconds)
        if now >= deadline:
            raise UpstreamFailure(
                "timeout", f"{self._origin.place}: the deadline had passed before the request"
            )
        async with _translated(self._origin.place, deadline, attempt):
            inner = await session.request(
                request.method,
                request.url,
                headers=request.headers,
                data=request.body,
                proxy=self._settings.proxy,
                allow_redirects=False,
                trace_request_ctx=attempt,
            )
        return AiohttpResponse(inner, deadline, self._origin.place)

    def _new_session(self, *, force_close: bool) -> aiohttp.ClientSession:
        settings = self._settings
        trace = aiohttp.TraceConfig()
        trace.on_connection_reuseconn.append(_note_reuse)
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=settings.max_connections,
                keepalive_timeout=None if force_close else settings.idle_seconds,
                force_close=force_close,
                ssl=self._context or True,
            ),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=settings.connect_timeout),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
            max_line_size=settings.max_head_bytes,
            max_field_size=settings.max_head_bytes,
            read_bufsize=settings.max_buffered_bytes // 2,  # aiohttp pauses at twice its buffer size
            trace_configs=[trace],
        )


async def _note_reuse(
    _session: aiohttp.ClientSession, context: SimpleNamespace, _: aiohttp.TraceConnectionReuseconnParams
) -> None:
    attempt: _Attempt = context.trace_request_ctx
    attempt.reused = True


@asynccontextmanager
async def _translated(place: str, deadline: float, attempt: _Attempt | None) -> AsyncGenerator[None]:
    """Run under the deadline; turn aiohttp's errors into UpstreamFailure; `attempt` None: in the body."""
    try:
        async with asyncio.timeout_at(deadline):
            yield
    except (
        aiohttp.ClientConnectorError,
        aiohttp.ClientHttpProxyError,
        aiohttp.ConnectionTimeoutError,
    ) as wrong:
        raise UpstreamFailure(
            "connect", f"{place}: no connection: {wrong}; check base_url and network"
        ) from wrong
    except TimeoutError as late:
        where = "in the response body" if attempt is None else "waiting for the response"
        raise UpstreamFailure("timeout", f"{place}: the deadline passed while {where}") from late
    except (aiohttp.ClientResponseError, aiohttp.InvalidURL) as wrong:
        raise UpstreamFailure("protocol", f"{place}: the response cannot be read: {wrong}") from wrong
    except aiohttp.ClientError as wrong:
        replayable = attempt is not None and attempt.replayable(wrong)
        message = f"{place}: the upstream closed the connection: {wrong}"
        raise UpstreamFailure("reset", message, replayable=replayable) from wrong


def _decoded(headers: Sequence[Header]) -> list[tuple[str, str]]:
    """aiohttp writes header values as UTF-8, so only such can go on byte by byte; raises InvalidInput."""
    try:
        return [(name.decode(), value.decode()) for name, value in headers]
    except UnicodeDecodeError as wrong:
        raise InvalidInput(f"a header value is not UTF-8 ({wrong}); this client cannot send it") from wrong


def _counts(session: aiohttp.ClientSession | None) -> tuple[int, int]:
    connector = session and session.connector
    if connector is None:
        return 0, 0
    # aiohttp has no public counters; the fault suite would fail where these names changed.
    busy = len(connector._acquired)  # pyright: ignore[reportPrivateUsage] # no public counter
    kept = sum(map(len, connector._conns.values()))  # pyright: ignore[reportPrivateUsage] # no public counter
    return busy + kept, busy
