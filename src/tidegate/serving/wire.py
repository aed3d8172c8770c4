"""How an upstream's answer is read: which API it is written in."""

from typing import Protocol

from tidegate.serving.stream import EventScanner
from tidegate.serving.usage import ReportedMessage, ReportedUsage, read_message


class Scanner(Protocol):
    """Follows a streamed answer; see EventScanner."""

    content: bool
    stopped: bool
    failed: bool
    held: bytes
    id: str | None
    model: str | None
    usage: ReportedUsage | None

    def feed(self, chunk: bytes) -> bytes:
        """Take the next bytes; returns what may be relayed now. Raises UpstreamFailure."""
        ...

    def closed(self) -> bool:
        """The upstream has closed the stream: whether it was complete."""
        ...


class Wire(Protocol):
    """One API's answers."""

    def scanner(self, *, metered: bool) -> Scanner:
        """A scanner for one streamed answer; one that is not metered reads no usage."""
        ...

    def message(self, body: bytes) -> ReportedMessage:
        """What serving reads of a whole answer."""
        ...


class MessagesWire:
    """The Messages API: server-sent events with names, or one message."""

    def scanner(self, *, metered: bool) -> Scanner:
        return EventScanner(metered=metered)

    def message(self, body: bytes) -> ReportedMessage:
        return read_message(body)


MESSAGES = MessagesWire()
