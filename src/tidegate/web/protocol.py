"""One client connection: uvicorn's HTTP/1.1 protocol with caps, time limits and word of a disconnect.

uvicorn alone takes any amount of headers, waits for them for ever, and lets an application send into a
closed connection without a sign. This class bounds the head (431) and the time for head and body (408) in
the gateway's error shape, and tells whoever watches that the client has gone. One sweep by the server looks
at all connections (`check`): no request has a timer of its own.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import cast

import httptools
from uvicorn import Config
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from tidegate.domain.chat.errors import messages_error
from tidegate.ports import Header
from tidegate.serving.exchange_id import exchange_id
from tidegate.web.answer_head import answer_head, closing_answer
from tidegate.web.asgi import Message
from tidegate.web.connection_limits import ConnectionLimits
from tidegate.web.cycle import AnswerSide, application, cycle_of, expects_continue, head_size, split_target
from tidegate.web.reading import Reading

_LINGER_SECONDS = 2.0
"""How long a refused client may go on sending: closing at once would reset the refusal away."""

_JOIN_BELOW = 65_536
"""A body up to this size is copied behind its head: one small copy for one system call."""

_IDLE_BODY = "of the body hold no content: send a shorter trailer"
_BODYLESS = frozenset({204, 304})


# Bound once: before Python 3.12 each look-up of an enum's member is a call, and a request makes fourteen.
_IDLE, _HEAD, _BODY, _REFUSED = Reading


class GatewayProtocol(HttpToolsProtocol):
    """A connection with limits; in a request's scope it is `extensions["tidegate.connection"]`.

    As such it offers `watch(callback)`, called once when the client is gone, `unwatch`, `body` and `answer`.
    """

    def __init__(
        self,
        config: Config,
        state: ServerState,
        limits: ConnectionLimits,
        draining: Callable[[], bool],
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        super().__init__(config, state, {}, loop)
        self._limits = limits
        self._draining = draining
        self._reading = _IDLE
        self._since = loop.time()
        self._head_bytes = self._not_head = self._idle_bytes = 0
        self._whole_by = 0.0
        self._unread = -1
        self._unread_since = 0.0
        self._served = False
        self._fed = 0
        self._lost = False
        self._callback: Callable[[], None] | None = None
        self._extensions = {"tidegate.connection": self}
        self._application = application(config)
        self._asgi = {"version": self.asgi_version, "spec_version": "2.3"}

    # ---- what the gateway asks of its client's connection

    def watch(self, callback: Callable[[], None]) -> None:
        """Call back once when the client is gone; at once if it is already."""
        if self._lost:
            callback()
        else:
            self._callback = callback

    def unwatch(self, callback: Callable[[], None]) -> None:
        """Forget the callback, its exchange is over; the next one's stays, which may have begun already."""
        if self._callback == callback:
            self._callback = None

    @property
    def paused(self) -> bool:
        """The client reads more slowly than it is answered: what is sent now waits for it."""
        return self.flow.write_paused

    def abort(self) -> None:
        """Drop the connection, and what the client has not read."""
        self.cycle.disconnected = True
        self.transport.abort()

    def body(self, scope: Message) -> bytes | None:
        """The whole body of the request of `scope`; None where it is still to be waited for."""
        cycle = self._cycle
        if cycle.scope is not scope:
            return None
        body = cycle.take()
        if body is not None and self.flow.read_paused:
            self.flow.resume_reading()
        return body

    def answer(self, scope: Message, status: int, headers: Sequence[Header], body: bytes) -> bool:
        """Send the whole answer to the request of `scope` in one write; `connection` is no header of it.

        False, and nothing sent, where that needs uvicorn's way: HEAD, a waiting writer, a pipelined request.
        ASGI's two messages would be two system calls, with each header checked by two patterns.
        """
        cycle = self.cycle
        if cycle.scope is not scope or cycle.response_started or cycle.disconnected:
            return False
        if self.flow.write_paused or status in _BODYLESS or scope["method"] == "HEAD":
            return False
        head = answer_head(
            status, (*self.server_state.default_headers, *headers), len(body), cycle.keep_alive
        )
        if head is None:
            return False
        cycle.response_started = cycle.response_complete = True
        cycle.waiting_for_100_continue = False
        if len(body) < _JOIN_BELOW:
            self.transport.write(head + body)
        else:
            self.transport.writelines((head, body))
        cycle.message_event.set()
        if not cycle.keep_alive:
            self._close_after_answer()
        self.on_response_complete()
        return True

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] as uvicorn's own
        super().connection_made(transport)
        self._answers = cast(asyncio.Transport, AnswerSide(transport, self._close_after_answer))

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._lost = True
        callback, self._callback = self._callback, None
        if callback is not None:
            callback()
        self._extensions.clear()  # it, and what is set here, would hold this connection in a ring
        self._answers = self.transport
        if self.cycle is not None:  # pyright: ignore[reportUnnecessaryComparison] None before the first request
            self.cycle.transport = self.transport

    # ---- reading within bounds

    def data_received(self, data: bytes) -> None:
        if self._reading is _REFUSED:
            return
        self._fed = len(data)
        self._idle_bytes += self._fed
        self._parse(data)
        if self._reading is _HEAD:
            self._count_head(self._fed)
        elif self._reading is _BODY:
            self._since = self.loop.time()
            if self._idle_bytes > self._limits.max_head:
                self._refuse(431, f"over {self._limits.max_head} bytes {_IDLE_BODY}")

    def on_message_begin(self) -> None:
        self.url = b""
        self.headers = []
        self._reading = _HEAD
        self._since = self.loop.time()
        self._head_bytes = 0

    def on_header(self, name: bytes, value: bytes) -> None:
        """A field of the head; those of a chunked body's trailer are dropped (RFC 9110, section 6.5.1).

        Taken as headers they would be read as such after a proxy in between has judged the head.
        """
        if self._reading is _HEAD:
            self.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        if self._reading is _REFUSED:
            return
        if self._head_is_over():
            self._refuse_head()
            return
        parser = self.parser
        if parser is None:
            return
        if parser.should_upgrade():  # the parser would lose the body of such a request
            self._refuse(400, "only HTTP/1.1 is spoken here: send this without `upgrade` and not by CONNECT")
            return
        version = parser.get_http_version()
        keep_alive = version != "1.0" and not self._draining() and parser.should_keep_alive()
        self._begin(self._scope(version, parser.get_method().decode("ascii")), keep_alive=keep_alive)
        self._reading = _BODY
        self._whole_by = self.loop.time() + self._limits.body_timeout
        self._idle_bytes = 0
        self._served = True

    def on_body(self, body: bytes) -> None:
        self._idle_bytes = 0
        self._whole_by += len(body) / self._limits.body_rate
        cycle = self._cycle
        if self._reading is _REFUSED or cycle.response_complete:
            return
        cycle.add(body)
        if len(cycle.body) > HIGH_WATER_LIMIT:
            self.flow.pause_reading()
        cycle.message_event.set()

    def on_message_complete(self) -> None:
        if self._reading is not _REFUSED:
            cycle = self.cycle
            if not cycle.response_complete:
                cycle.more_body = False
                cycle.message_event.set()
            self._reading = _IDLE
            self._since = self.loop.time()

    def on_response_complete(self) -> None:
        """As uvicorn's own, without its timer an answer: the sweep closes what is idle for too long."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            cycle, app = self.pipeline.pop()
            self._start_asgi_task(cycle, app)
        if self._reading is _IDLE:
            self._since = self.loop.time()

    def _parse(self, data: bytes) -> None:
        if (parser := self.parser) is None:
            return
        try:
            parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            return  # refused already
        except httptools.HttpParserError:
            self._refuse(400, "this is not a valid HTTP/1.1 request")

    def _count_head(self, fed: int) -> None:
        """Of a piece that ended the request before, only what has been read of the head is surely its own."""
        if self._idle_bytes < fed:
            self._not_head = fed - head_size(self.url, self.headers)
        elif self._head_bytes == 0:
            self._not_head = 0
        self._head_bytes += fed
        if self._head_bytes - self._not_head > self._limits.max_head:
            self._refuse_head()

    def _head_is_over(self) -> bool:
        """Whether the head is over its limits; its size is added up only where so much has come at all."""
        most = self._limits.max_head
        if len(self.headers) > self._limits.max_headers:
            return True
        return self._head_bytes + self._fed > most and head_size(self.url, self.headers) > most

    def _scope(self, version: str, method: str) -> Message:
        """The request as ASGI has it."""
        path, raw_path, query = split_target(self.url)
        return {
            "type": "http",
            "asgi": self._asgi,
            "http_version": version,
            "method": method,
            "server": self.server,
            "client": self.client,
            "scheme": self.scheme,
            "root_path": "",
            "path": path,
            "raw_path": raw_path,
            "query_string": query,
            "headers": self.headers,
            "state": {},
            "extensions": self._extensions,
        }

    def _begin(self, scope: Message, *, keep_alive: bool) -> None:
        """Have the request answered, after those that came before it."""
        before = self.cycle
        self.cycle = self._cycle = cycle = cycle_of(scope["http_version"])(
            scope,
            self._answers,
            self.flow,
            self.server_state.default_headers,
            expect_100_continue=expects_continue(self.headers),
            keep_alive=keep_alive,
            on_response=self.on_response_complete,
        )
        if before is None or before.response_complete:  # pyright: ignore[reportUnnecessaryComparison] None before the first request
            self._start_asgi_task(cycle, self._application)
        else:
            self.flow.pause_reading()
            self.pipeline.appendleft((cycle, self._application))

    # ---- the server's sweep

    @property
    def answering(self) -> bool:
        """Whether a request is being answered or waits for its turn."""
        return self.cycle is not None and not self.cycle.response_complete  # pyright: ignore[reportUnnecessaryComparison] None before the first request

    def check(self, now: float) -> None:
        """Refuse or close what has taken too long; `now` is event-loop time."""
        if self._stalled(now):
            self.transport.abort()  # closing would wait for the client to read the rest
            return
        if self._reading is _BODY and self.flow.read_paused:
            self._since = now  # the gateway makes the client wait, not the other way round
            self._whole_by = max(self._whole_by, now + self._limits.body_timeout)
        age = now - self._since
        if self._reading is _REFUSED:
            if age > _LINGER_SECONDS:
                self.transport.abort()
        elif self._reading is _HEAD:
            if age > self._limits.head_timeout:
                self._refuse(
                    408, f"the request's head was not complete after {self._limits.head_timeout:g} s"
                )
        elif self._reading is _BODY:
            if age > self._limits.body_timeout:
                self._refuse(408, f"no piece of the request's body came for {self._limits.body_timeout:g} s")
            elif now > self._whole_by:
                self._refuse(
                    408, f"the request's body came at under {self._limits.body_rate:g} bytes a second"
                )
        elif age > self._limits.keep_alive and not self.answering:
            self.transport.close()

    def _stalled(self, now: float) -> bool:
        """Whether the client has read nothing for too long of what waits for it."""
        waits = self.paused or self.transport.is_closing()
        unread = self.transport.get_write_buffer_size() if waits else 0
        if unread == 0 or unread != self._unread:
            self._unread = unread
            self._unread_since = now
        return now - self._unread_since > self._limits.write_timeout

    def close_if_idle(self, now: float) -> None:
        """While the server goes down: close where no request is being read or answered.

        A connection that has not asked anything yet may be about to: it gets a moment.
        """
        if self._reading is _IDLE and not self.answering and (self._served or now - self._since > 0.5):
            self.transport.close()

    def end_after_answer(self) -> None:
        """Close the connection once the answer under way is complete."""
        if self.answering:
            self.cycle.keep_alive = False

    # ---- refusing

    def _refuse_head(self) -> None:
        limits = self._limits
        self._refuse(
            431,
            f"the request's head is over the limit: {limits.max_head} bytes or {limits.max_headers} headers",
        )

    def _refuse(self, status: int, message: str) -> None:
        """Answer with an error unless an answer has begun, take nothing more, and close soon."""
        was_body = self._reading is _BODY
        self._reading = _REFUSED
        self._since = self.loop.time()
        if self.answering and not was_body:
            self.cycle.keep_alive = False  # an earlier request's answer goes out whole, then the end
            return
        begun = self.answering and (self.cycle.response_started or bool(self.pipeline))
        if self.answering:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        if not begun:
            request_id = exchange_id(time.time())
            self.transport.write(
                closing_answer(status, messages_error(status, message, request_id), request_id)
            )
        if begun:
            self.transport.close()
        else:
            self._linger()

    def _close_after_answer(self) -> None:
        """uvicorn closes after an answer; a client still sending its body could lose the answer by that."""
        if self._reading is _BODY:
            self._linger()
        else:
            self.transport.close()

    def _linger(self) -> None:
        """Say that nothing more comes, and drop what does until the client or the sweep closes."""
        self._reading = _REFUSED
        self._since = self.loop.time()
        if self.transport.can_write_eof():
            self.transport.write_eof()
        else:
            self.transport.close()
