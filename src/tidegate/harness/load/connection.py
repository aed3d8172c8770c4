"""One client connection: HTTP/1.1 by httptools, as little work for each byte as an honest client can do."""

import asyncio
import ssl
from typing import cast
from urllib.parse import urlsplit

import httptools
import msgspec

_MARKS_BYTES = 64
"""So much of what came is looked at again: an event's name may be split between two pieces.

A name counts at the begin of a line: an answer's text may hold any words, but no line's end.
"""


class Broken(Exception):
    """The connection ended before the answer was whole; `begun`: some of the answer had come."""

    def __init__(self, *, begun: bool) -> None:
        super().__init__("the connection ended before the answer was whole")
        self.begun = begun


class Answer(msgspec.Struct):
    """What came back; times by the event loop's clock."""

    status: int = 0
    headers: dict[bytes, bytes] = msgspec.field(default_factory=dict[bytes, bytes])
    first_token: float | None = None
    ended_by: str = ""
    """Of a stream: `message_stop`, `error`, or nothing."""


class Connection(asyncio.Protocol):
    """Asks one thing at a time; `usable` says whether it may be asked again."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._lost = False
        self._begin()

    def _begin(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._answer = Answer()
        self._tail = b"\n"
        self._kept = True
        self._waiter: asyncio.Future[Answer] | None = None

    @property
    def usable(self) -> bool:
        return not self._lost and self._kept and not self._transport.is_closing()

    async def ask(self, payload: bytes) -> Answer:
        """Send, and wait for the whole answer; raises Broken."""
        if self._lost:
            raise Broken(begun=False)
        self._begin()
        self._waiter = self._loop.create_future()
        self._transport.write(payload)
        return await self._waiter

    def close(self) -> None:
        self._transport.abort()

    # ---- the transport's calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._lost = True
        self._break()

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self._break()
            self._transport.abort()

    # ---- the parser's calls

    def on_header(self, name: bytes, value: bytes) -> None:
        self._answer.headers[name.lower()] = value

    def on_headers_complete(self) -> None:
        self._answer.status = self._parser.get_status_code()

    def on_body(self, body: bytes) -> None:
        if self._answer.headers.get(b"content-type", b"").startswith(b"text/event-stream"):
            self._read_events(self._tail + body)

    def on_message_complete(self) -> None:
        self._kept = self._parser.should_keep_alive()
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(self._answer)

    def _read_events(self, text: bytes) -> None:
        answer = self._answer
        if answer.first_token is None and b"\nevent: content_block_delta" in text:
            answer.first_token = self._loop.time()
        if b"\nevent: message_stop" in text:
            answer.ended_by = "message_stop"
        elif b"\nevent: error" in text:
            answer.ended_by = "error"
        self._tail = text[-_MARKS_BYTES:]

    def _break(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(Broken(begun=self._answer.status > 0))


class Target:
    """Where the load goes: a gateway's URL and a client key, and the idle connections to it."""

    def __init__(self, url: str, key: str) -> None:
        parts = urlsplit(url)
        self._host = parts.hostname or "127.0.0.1"
        self._tls = ssl.create_default_context() if parts.scheme == "https" else None
        self._port = parts.port or (443 if self._tls else 80)
        self._head = (
            f"POST {parts.path.rstrip('/')}/v1/messages HTTP/1.1\r\nhost: {parts.netloc}\r\n"
            f"x-api-key: {key}\r\nanthropic-version: 2023-06-01\r\ncontent-type: application/json\r\n"
        ).encode()
        self._idle: list[Connection] = []
        self.opened = 0

    async def ask(self, body: bytes) -> Answer:
        """Send over an idle connection or a new one; raises Broken, OSError where none can be had."""
        connection = await self._connection()
        try:
            answer = await connection.ask(b"%scontent-length: %d\r\n\r\n%s" % (self._head, len(body), body))
        except BaseException:
            connection.close()
            raise
        if connection.usable:
            self._idle.append(connection)
        else:
            connection.close()
        return answer

    def close(self) -> None:
        """Close what is idle."""
        while self._idle:
            self._idle.pop().close()

    async def _connection(self) -> Connection:
        while self._idle:
            connection = self._idle.pop()
            if connection.usable:
                return connection
        self.opened += 1
        loop = asyncio.get_running_loop()
        _, made = await loop.create_connection(Connection, self._host, self._port, ssl=self._tls)
        return made
