"""A streamed answer: relayed event by event as it comes, read only where it speaks of usage and its end."""

import re
from typing import TypeVar

import msgspec

from tidegate.domain.sse import LONGEST_EVENT, fields
from tidegate.ports import UpstreamFailure
from tidegate.serving.usage import ReportedMessage, ReportedUsage

S = TypeVar("S")

_MARK = re.compile(rb"event: ?(?:message_|error)")
_CONTENT = re.compile(rb"event: ?(?:content_block_delta|message_delta|message_stop|error)")
BLANK = re.compile(rb"\r?\n\r?\n")


class _Start(msgspec.Struct):
    message: ReportedMessage


class _Delta(msgspec.Struct):
    usage: ReportedUsage | None = None


_START = msgspec.json.Decoder(_Start)
_DELTA = msgspec.json.Decoder(_Delta)


class EventScanner:
    """Follows a stream of server-sent events, whole events at a time; deltas are never decoded.

    `feed` returns what may be relayed now. The event that ends the stream (`message_stop`, or an upstream's
    `error`) and what follows it stay in `held` until the exchange is on record. Of a stream that is not
    `metered` the usage is not read: the hosted loop bills its turns itself.
    """

    __slots__ = ("_metered", "_tail", "content", "failed", "held", "id", "model", "stopped", "usage")

    def __init__(self, *, metered: bool = True) -> None:
        self._metered = metered
        self._tail = b""
        self.content = False
        """The first content byte has come."""
        self.stopped = False
        self.failed = False
        """The stream was ended by the upstream's `error` event."""
        self.held = b""
        self.id: str | None = None
        self.model: str | None = None
        self.usage: ReportedUsage | None = None

    @classmethod
    def ended(cls, held: bytes, *, model: str, identifier: str) -> "EventScanner":
        """That of a stream which is here in full and used nothing: only its last event is still held."""
        scanner = cls()
        scanner.content = scanner.stopped = True
        scanner.held, scanner.model, scanner.id = held, model, identifier
        return scanner

    def feed(self, chunk: bytes) -> bytes:
        """Take the next bytes; raises UpstreamFailure for an event beyond all measure."""
        data = self._tail + chunk if self._tail else chunk
        end = end_of_events(data)
        if end < len(data):
            self._tail = data[end:]
            if len(self._tail) > LONGEST_EVENT:
                raise UpstreamFailure("protocol", "the upstream's stream has an event without an end")
            data = data[:end]
        else:
            self._tail = b""
        if not self.content and _CONTENT.search(data):
            self.content = True
        return self._read(data) if _MARK.search(data) else data

    def closed(self) -> bool:
        """Never complete: `message_stop`, or an error, is what ends this API's streams."""
        return False

    def _read(self, data: bytes) -> bytes:
        """Read the events of interest; from the ending one on, everything is held."""
        begin = 0
        while begin < len(data) and not self.stopped:
            blank = BLANK.search(data, begin)
            end = blank.end() if blank else len(data)
            self._event(data[begin:end])
            if self.stopped:
                self.held = data[begin:]
                return data[:begin]
            begin = end
        return data

    def _event(self, event: bytes) -> None:
        name, payload = fields(event)
        if name == b"message_start":
            message = _decode(_START, payload, _Start(ReportedMessage())).message
            self.id, self.model = message.id, message.model
            self.usage = message.usage if self._metered else None
        elif name == b"message_delta" and self._metered:
            said = _decode(_DELTA, payload, _Delta()).usage
            if said is not None:
                self.usage = self.usage.merge(said) if self.usage else said
        elif name in (b"message_stop", b"error"):
            self.stopped = True
            self.failed = name == b"error"


def end_of_events(data: bytes) -> int:
    """Where the last whole event ends, 0 where none does: at a blank line, with LF or CRLF."""
    if data.endswith(b"\n\n"):
        return len(data)
    ends = ((data.rfind(blank), len(blank)) for blank in (b"\n\n", b"\n\r\n"))
    return max(at + length if at >= 0 else 0 for at, length in ends)


def _decode(decoder: msgspec.json.Decoder[S], payload: bytes, otherwise: S) -> S:
    """The event's data; one in an unknown shape is relayed all the same and goes unmeasured."""
    try:
        return decoder.decode(payload)
    except msgspec.DecodeError:
        return otherwise
