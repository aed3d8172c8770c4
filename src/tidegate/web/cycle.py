"""One request and its answer on a connection: uvicorn's cycle, made with as little as most requests need."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, cast
from urllib.parse import unquote

import httptools
from uvicorn import Config
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from tidegate.ports import Header
from tidegate.web.asgi import Message

if TYPE_CHECKING:  # names for the checker alone
    from uvicorn._types import ASGI3Application, ASGISendEvent

_LOG = logging.getLogger("uvicorn.error")


class Signal:
    """As `asyncio.Event`, which it makes only where somebody has to wait: most bodies are here at once."""

    __slots__ = ("_event", "_set")

    def __init__(self) -> None:
        self._set = False
        self._event: asyncio.Event | None = None

    def set(self) -> None:
        self._set = True
        if self._event is not None:
            self._event.set()

    def clear(self) -> None:
        self._set = False
        if self._event is not None:
            self._event.clear()

    async def wait(self) -> bool:
        """Return once it is set."""
        if not self._set:
            if self._event is None:
                self._event = asyncio.Event()
            await self._event.wait()
        return True


class AnswerSide:
    """The transport as an answer sees it: closing it waits for a client that is still sending."""

    __slots__ = ("close", "is_closing", "write")

    def __init__(self, transport: asyncio.Transport, close: Callable[[], None]) -> None:
        self.write = transport.write
        self.is_closing = transport.is_closing
        self.close = close


class Cycle(RequestResponseCycle):
    """uvicorn's, without what this server never asks of it: no access log, no default headers of its own.

    Of a body that came in one piece `body` is that piece; what is joined to it is copied.
    """

    def __init__(
        self,
        scope: Message,
        transport: asyncio.Transport,
        flow: FlowControl,
        default_headers: list[tuple[bytes, bytes]],
        *,
        expect_100_continue: bool,
        keep_alive: bool,
        on_response: Callable[[], None],
    ) -> None:
        # uvicorn's own is not called: half of what it sets is set here to something else.
        self.scope = scope  # pyright: ignore[reportAttributeAccessIssue] as uvicorn has it, in our words
        self.transport = transport
        self.flow = flow
        self.logger = self.access_logger = _LOG
        self.access_log = False
        self.default_headers = default_headers
        self.message_event = Signal()  # pyright: ignore[reportAttributeAccessIssue] has what is used of an Event
        self.on_response = on_response
        self.disconnected = False
        self.keep_alive = keep_alive
        self.waiting_for_100_continue = expect_100_continue
        self.body = _NOTHING
        self.more_body = True
        self.response_started = False
        self.response_complete = False
        self.chunked_encoding = None
        self.expected_content_length = 0

    def add(self, piece: bytes) -> None:
        """Join a piece to the body."""
        if not self.body:
            self.body = cast(bytearray, piece)
            return
        body = cast("bytes | bytearray", self.body)
        self.body = body if isinstance(body, bytearray) else bytearray(body)
        self.body += piece

    def take(self) -> bytes | None:
        """The body, where all of it is here and nobody has begun to answer; None otherwise."""
        if self.more_body or self.disconnected or self.response_complete or self.waiting_for_100_continue:
            return None
        body, self.body = bytes(self.body), _NOTHING
        self.message_event.clear()
        return body


class UnframedCycle(Cycle):
    """For a client of HTTP/1.0, which knows no chunks: a body of unknown length ends with the connection."""

    _unframed = False

    async def send(self, message: Message) -> None:  # type: ignore[override] as uvicorn's own, in our words
        """Hand over a part of the answer."""
        if message["type"] == "http.response.start":
            self._unframed = all(name.lower() != b"content-length" for name, _ in message["headers"])
            if self._unframed:
                self.chunked_encoding = False
        elif self._unframed:
            self.expected_content_length = len(message.get("body", b""))
        await super().send(cast("ASGISendEvent", message))


def cycle_of(version: str) -> type[Cycle]:
    """What answers a request of that version of HTTP."""
    return UnframedCycle if version == "1.0" else Cycle


_NOTHING = cast(bytearray, b"")


REMEMBERED_BYTES = 256
"""Of a target at most: anybody may send thousands of longer ones, and needs no key to do so."""


def split_target(url: bytes) -> tuple[str, bytes, bytes]:
    """A request target's path, as text without escapes and as it was sent, and its query."""
    return _remembered(url) if len(url) <= REMEMBERED_BYTES else _split(url)


def _split(url: bytes) -> tuple[str, bytes, bytes]:
    parsed = httptools.parse_url(url)
    raw = parsed.path
    path = raw.decode("ascii")
    return unquote(path) if "%" in path else path, raw, parsed.query or b""


_remembered = lru_cache(maxsize=512)(_split)


def head_size(url: bytes, headers: Sequence[Header]) -> int:
    """Bytes of a head with this target and these headers."""
    return len(url) + sum(len(name) + len(value) + 4 for name, value in headers)


def expects_continue(headers: Sequence[Header]) -> bool:
    """Whether the client waits for leave to send its body (RFC 9110, section 10.1.1)."""
    value = dict(headers).get(b"expect")
    return value is not None and value.lower() == b"100-continue"


def application(config: Config) -> "ASGI3Application":
    """What answers the requests."""
    return cast("ASGI3Application", config.loaded_app)  # pyright: ignore[reportUnknownMemberType] uvicorn leaves it open
