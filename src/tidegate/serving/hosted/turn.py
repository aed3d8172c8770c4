"""One upstream turn: what it said, read from a message or followed through a stream."""

from collections.abc import Callable

import msgspec

from tidegate.domain.hosted import Said
from tidegate.domain.sse import fields
from tidegate.ports import UpstreamFailure
from tidegate.serving.hosted.blocks import Block, assembled, block_of, takeable
from tidegate.serving.hosted.events import renumbered, split
from tidegate.serving.stream import end_of_events
from tidegate.serving.usage import merged

CALL = "tool_use"
_CALL = CALL.encode()
PLAINLY = frozenset({"end_turn", "max_tokens", "stop_sequence", "refusal"})
"""Stop reasons after which nothing follows."""


class Turn(msgspec.Struct, kw_only=True):
    """What is known of a turn so far; `usage` as the provider says it, cumulative within the turn."""

    model: str = ""
    stop_reason: str = ""
    usage: dict[str, object] = {}
    container: str | None = None
    billed: bool = False


class Ended(msgspec.Struct, frozen=True):
    """A finished turn's content."""

    turn: Turn
    blocks: tuple[Block, ...]

    def said(self, ours: Callable[[Block], bool]) -> Said:
        """What the next move is judged by; `ours` tells the gateway's calls."""
        calls = [block for block in self.blocks if block.kind == CALL]
        gateway = sum(map(ours, calls))
        return Said(
            stop_reason=self.turn.stop_reason, gateway_calls=gateway, client_calls=len(calls) - gateway
        )


class _Container(msgspec.Struct):
    id: str | None = None


class _Message(msgspec.Struct):
    model: str = ""
    content: list[msgspec.Raw] = []
    stop_reason: str | None = None
    usage: dict[str, object] | None = None
    container: _Container | None = None


class _Delta(msgspec.Struct):
    stop_reason: str | None = None
    container: _Container | None = None


class _Event(msgspec.Struct):
    """Any event that the reader looks into."""

    message: _Message | None = None
    delta: _Delta | None = None
    usage: dict[str, object] | None = None


class _Opening(msgspec.Struct):
    type: str = ""


class _BlockStart(msgspec.Struct):
    content_block: _Opening


class _Stop(msgspec.Struct):
    stop_reason: str | None = None


_MESSAGE = msgspec.json.Decoder(_Message)
_STOP = msgspec.json.Decoder(_Stop)
_EVENT = msgspec.json.Decoder(_Event)
_BLOCK_START = msgspec.json.Decoder(_BlockStart)


def ends_plainly(body: bytes) -> bool:
    """Whether a whole message ended the exchange and holds no call of any tool: most do."""
    if _CALL in body:
        return False
    try:
        return _STOP.decode(body).stop_reason in PLAINLY
    except msgspec.DecodeError:
        return False


def read_turn(body: bytes) -> Ended:
    """A turn from a whole message; raises UpstreamFailure where it is none."""
    try:
        message = _MESSAGE.decode(body)
        blocks = tuple(takeable(block_of(bytes(raw))) for raw in message.content)
    except msgspec.DecodeError as wrong:
        raise unreadable(wrong) from wrong
    turn = Turn()
    _note_start(turn, message)
    turn.stop_reason = message.stop_reason or ""
    return Ended(turn, blocks)


def unreadable(wrong: Exception) -> UpstreamFailure:
    """The failure of a turn that is not what the Messages API says."""
    return UpstreamFailure("protocol", f"the upstream's answer cannot be read: {wrong}")


class StreamedTurn:
    """Follows one turn's stream and says what of it the client may see at once.

    Text passes; from the first `tool_use` on everything but pings waits in `held` for the turn's end, since
    only then it is known whose calls they are. `offset` is the client's next block number.
    """

    def __init__(self, *, first: bool, offset: int, limit: int) -> None:
        self.turn = Turn()
        self.delta = b""
        """The payload of `message_delta`."""
        self.last = b""
        """`message_delta` and `message_stop` as they came."""
        self.held: list[bytes] = []
        self.shown = 0
        """Blocks that the client has seen the start of."""
        self.ended = False
        self.failed = False
        """The upstream's `error` event, already passed on, ended it."""
        self._first = first
        self._offset = offset
        self._room = limit
        self._tail = b""
        self._holding = False
        self._content: list[bytes] = []

    def feed(self, chunk: bytes) -> bytes:
        """Take the next bytes; raises UpstreamFailure for a turn beyond all measure or not to be read."""
        self._room -= len(chunk)
        if self._room < 0:
            raise UpstreamFailure("protocol", "a turn of the upstream's stream is beyond the answer limit")
        data = self._tail + chunk
        end = end_of_events(data)
        self._tail = data[end:]
        try:
            return b"".join([self._event(event) for event in split(data[:end])])
        except msgspec.DecodeError as wrong:
            raise unreadable(wrong) from wrong

    def finished(self) -> Ended:
        """The whole turn; raises UpstreamFailure."""
        try:
            return Ended(self.turn, assembled(self._content))
        except msgspec.DecodeError as wrong:
            raise unreadable(wrong) from wrong

    def _event(self, event: bytes) -> bytes:
        """What of one event may go out now."""
        name, payload = fields(event)
        if name.startswith(b"content_block_"):
            return self._block_event(event, name, payload)
        if name == b"message_start":
            _note_start(self.turn, _EVENT.decode(payload).message or _Message())
            return event if self._first else b""
        if name == b"message_delta":
            self._note_end(payload)
            self.last += event
            return b""
        if name == b"message_stop":
            self.last += event
            self.ended = True
            return b""
        if name == b"error":
            self.ended = self.failed = True
        return event

    def _block_event(self, event: bytes, name: bytes, payload: bytes) -> bytes:
        self._content.append(event)
        if name == b"content_block_start":
            self._holding = self._holding or _BLOCK_START.decode(payload).content_block.type == CALL
            self.shown += not self._holding
        if self._holding:
            self.held.append(event)
            return b""
        return renumbered(name, payload, self._offset + self.shown - 1) if self._offset else event

    def _note_end(self, payload: bytes) -> None:
        self.delta = payload
        said = _EVENT.decode(payload)
        self.turn.usage = merged(self.turn.usage, said.usage or {})
        if said.delta is not None:
            self.turn.stop_reason = said.delta.stop_reason or ""
            self.turn.container = said.delta.container.id if said.delta.container else self.turn.container


def _note_start(turn: Turn, message: _Message) -> None:
    turn.model = message.model
    turn.usage = merged({}, message.usage or {})
    turn.container = message.container.id if message.container else None
