"""One socket to the upstream, one exchange on it at a time."""

import asyncio
from typing import Protocol, cast

import httptools

from tidegate.adapters.upstream.response import Http1Response
from tidegate.adapters.upstream.settings import UpstreamSettings
from tidegate.ports import Header, UpstreamFailure

_JOIN_BELOW = 65_536
"""A body up to this size goes into one buffer with its head: one system call for one small copy."""


class Keeper(Protocol):
    """Who gets a connection back: the pool."""

    def release(self, connection: "Connection") -> None: ...
    def discard(self, connection: "Connection") -> None: ...
    def forget(self, connection: "Connection") -> None: ...


class Connection(asyncio.Protocol):
    """HTTP/1.1 on one transport: writes a request, feeds its response, knows whether it may be used again.

    `deadline` (event-loop time) belongs to the exchange in flight, `idle_since` to the time between two.
    """

    def __init__(self, place: str, settings: UpstreamSettings, keeper: Keeper) -> None:
        self.deadline = 0.0
        self.idle_since = 0.0
        self.used = False
        self._place = place
        self._settings = settings
        self._keeper = keeper
        self._loop = asyncio.get_running_loop()
        self._parser: httptools.HttpResponseParser | None = httptools.HttpResponseParser(self)
        self._transport: asyncio.Transport | None = None
        self._socket: asyncio.Transport | None = None
        """The transport that owns the socket; the same one but under TLS."""
        self._response: Http1Response | None = None
        self._headers: list[Header] = []
        self._sent_at = 0.0
        self._unproductive = 0
        self._answered = self._headed = self._interim = self._complete = False
        self._reusable = self._bodyless = self._paused = False

    # ---- what the pool and the client ask

    @property
    def alive(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    def attach(self, transport: asyncio.Transport, beneath: asyncio.Transport) -> None:
        """Use this transport from now on: TLS, with the plain one beneath it."""
        self._transport = transport
        self._socket = beneath

    def send(self, method: str, head: bytes, body: bytes, deadline: float, now: float) -> Http1Response:
        """Write one request; the response it returns is filled as bytes arrive."""
        transport = self._transport
        if transport is None or transport.is_closing():
            self._keeper.discard(self)
            self._keeper.forget(self)
            message = f"{self._place}: the upstream closed the connection before the request was sent"
            raise UpstreamFailure("connect", message, replayable=self.used)
        response = self._response = Http1Response(self, self._loop, self._place)
        self.deadline = deadline
        self._sent_at = now
        self._unproductive = 0
        self._bodyless = method == "HEAD"
        self._answered = self._headed = self._complete = False
        if len(body) < _JOIN_BELOW:
            transport.write(head + body)
        else:
            transport.writelines((head, body))
        return response

    def expire(self) -> None:
        """The deadline of the exchange in flight has passed."""
        where = "in the response body" if self._headed else "waiting for the response"
        self._fail(UpstreamFailure("timeout", f"{self._place}: the deadline passed while {where}"))

    def cut(self) -> None:
        """Close at once, whatever is under way."""
        response, self._response = self._response, None
        if response is not None:
            response.fail(UpstreamFailure("reset", f"{self._place}: the connection was closed on this side"))
        self._keeper.discard(self)
        if self._transport is not None:
            self._transport.abort()

    def resume(self) -> None:
        """Read on: the consumer has caught up."""
        if self._paused and self._transport is not None and not self._transport.is_closing():
            self._paused = False
            self._transport.resume_reading()

    # ---- asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = self._socket = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        response = self._response
        parser = self._parser
        if response is None or parser is None:
            self.cut()  # bytes nobody asked for: the next answer could not be told from them
            return
        self._answered = True
        self._unproductive += len(data)
        try:
            parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as wrong:
            self._misparsed(wrong)
        if self._response is None:
            return
        if self._complete:
            self._finish(response)
        elif self._unproductive > self._settings.max_head_bytes:
            self._oversized()
        else:
            response.wake()
            if response.buffered > self._settings.max_buffered_bytes and not self._paused:
                self._pause()

    def eof_received(self) -> bool:
        if self._response is None:
            self.cut()
        self._ended(None)
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self._ended(exc)
        self._keeper.discard(self)
        self._keeper.forget(self)
        self._parser = self._transport = self._socket = None

    # ---- httptools callbacks

    def on_message_begin(self) -> None:
        self._headers = []
        if self._complete:
            self._reusable = False  # a second response behind the first: never an answer to the next request

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._headed:
            self._headers.append((name.lower(), value))  # later ones are trailers: read and dropped

    def on_headers_complete(self) -> None:
        parser = self._parser
        if self._complete or parser is None or self._response is None:
            return
        status = parser.get_status_code()
        self._interim = 100 <= status < 200
        if self._interim:
            if status == 101:
                self._fail(self._protocol_failure("it switched protocols (101), which was not asked for"))
            return
        if (
            self._unproductive > self._settings.max_head_bytes
            and self._head_size() > self._settings.max_head_bytes
        ):
            self._oversized()
            return
        self._headed = True
        self._unproductive = 0
        self._reusable = parser.should_keep_alive()
        self._response.begin(status, self._headers)
        if self._bodyless:
            # The parser cannot be told that an answer to HEAD ends here; a new one reads the next answer.
            self._complete = True
            self._parser = httptools.HttpResponseParser(self)

    def on_body(self, body: bytes) -> None:
        response = self._response
        if self._complete or response is None:
            self._reusable = False
            return
        self._unproductive = 0
        response.feed(body)

    def on_message_complete(self) -> None:
        if not self._interim:
            self._complete = True

    # ---- endings

    def _finish(self, response: Http1Response) -> None:
        self._response = None
        self.used = True
        if self._reusable and self.alive and self._all_sent():
            self.resume()
            self._keeper.release(self)
        else:
            self.cut()  # told to close, in doubt, or our body is still on its way
        response.finish()

    def _all_sent(self) -> bool:
        """Whether the request has left; TLS keeps what it has encrypted in the transport beneath."""
        upper, beneath = self._transport, self._socket
        if upper is None or beneath is None or upper.get_write_buffer_size():
            return False
        return upper is beneath or not beneath.get_write_buffer_size()

    def _ended(self, exc: Exception | None) -> None:
        response = self._response
        if response is None:
            return
        if self._headed and exc is None and self._delimited_by_close():
            self._reusable = False
            self._finish(response)
            return
        part = "in the response body" if self._headed else "before a whole response head"
        self._fail(
            UpstreamFailure(
                "reset",
                f"{self._place}: the upstream closed the connection {part}" + (f" ({exc})" if exc else ""),
                replayable=self._closed_as_idle(),
            )
        )

    def _closed_as_idle(self) -> bool:
        soon = self._loop.time() - self._sent_at <= self._settings.stale_seconds
        return self.used and not self._answered and soon

    def _delimited_by_close(self) -> bool:
        """RFC 9112 section 6.3, rules 4 and 8: neither a length nor chunked as the last coding."""
        for name, value in self._headers:
            if name == b"content-length":
                return False
            if name == b"transfer-encoding" and value.lower().rpartition(b",")[2].strip() == b"chunked":
                return False
        return True

    def _misparsed(self, wrong: Exception) -> None:
        if self._complete:
            self._reusable = False  # what came behind a complete response
        elif self._response is not None:
            self._fail(self._protocol_failure(str(wrong) or "not HTTP/1.1"))

    def _oversized(self) -> None:
        limit = self._settings.max_head_bytes
        self._fail(self._protocol_failure(f"its head or framing is larger than {limit} bytes"))

    def _head_size(self) -> int:
        return sum(len(name) + len(value) + 4 for name, value in self._headers)

    def _protocol_failure(self, what: str) -> UpstreamFailure:
        return UpstreamFailure("protocol", f"{self._place}: the response cannot be read: {what}")

    def _fail(self, failure: UpstreamFailure) -> None:
        response, self._response = self._response, None
        if response is not None:
            response.fail(failure)
        self.cut()

    def _pause(self) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._paused = True
            self._transport.pause_reading()
