"""The event stream of a message as a streamed chat completion."""

from collections.abc import Iterator

import msgspec

from tidegate.domain.chat.errors import event_to_chat
from tidegate.domain.chat.names import chat_id, finish_reason
from tidegate.domain.chat.usage import TokenCounts, chat_usage
from tidegate.domain.sse import Events

PING = b": ping\n\n"
"""A comment: it keeps the connection awake and no client of server-sent events sees it."""

DONE = b"data: [DONE]\n\n"


class _Start(msgspec.Struct):
    id: str = ""
    model: str = ""
    usage: TokenCounts = msgspec.field(default_factory=TokenCounts)


class _Block(msgspec.Struct):
    type: str = ""
    id: str = ""
    name: str = ""


class _Delta(msgspec.Struct):
    type: str = ""
    text: str = ""
    thinking: str = ""
    partial_json: str = ""
    stop_reason: str | None = None


class _Event(msgspec.Struct):
    type: str = ""
    message: _Start | None = None
    content_block: _Block | None = None
    delta: _Delta | None = None
    usage: TokenCounts | None = None


_EVENT = msgspec.json.Decoder(_Event)


class ChatStream:
    """Turns the events of a message into chunks; `created` in epoch seconds.

    `include_usage` is what the client asked in `stream_options`: a last chunk with the usage.
    """

    def __init__(self, *, created: int, include_usage: bool) -> None:
        self._events = Events()
        self._created = created
        self._include_usage = include_usage
        self._head = b""
        self._calls = -1
        self._usage = TokenCounts()

    def feed(self, data: bytes) -> bytes:
        """The chunks for these bytes; an event in an unknown shape has none. Raises TooLong."""
        return b"".join(
            piece for name, payload in self._events.feed(data) for piece in self._event(name, payload)
        )

    def _event(self, name: bytes, payload: bytes) -> Iterator[bytes]:
        if name == b"error":
            yield b"data: %s\n\n" % event_to_chat(payload)
            return
        try:
            event = _EVENT.decode(payload)
        except msgspec.DecodeError:
            return
        if event.type == "message_start" and event.message is not None:
            yield self._start(event.message)
        elif event.type == "content_block_start" and event.content_block is not None:
            yield from self._block(event.content_block)
        elif event.type == "content_block_delta" and event.delta is not None:
            yield from self._delta(event.delta)
        elif event.type == "message_delta":
            self._usage = self._usage.updated(event.usage or TokenCounts())
            if event.delta is not None:
                yield self._chunk({}, finish_reason(event.delta.stop_reason))
        elif event.type == "message_stop":
            yield from self._stop()
        elif event.type == "ping":
            yield PING

    def _start(self, message: _Start) -> bytes:
        self._usage = message.usage
        head = {
            "id": chat_id(message.id),
            "object": "chat.completion.chunk",
            "created": self._created,
            "model": message.model,
        }
        self._head = msgspec.json.encode(head)[:-1]
        return self._chunk({"role": "assistant", "content": "", "refusal": None})

    def _block(self, block: _Block) -> Iterator[bytes]:
        if block.type == "tool_use":
            self._calls += 1
            function = {"name": block.name, "arguments": ""}
            yield self._call({"index": self._calls, "id": block.id, "type": "function", "function": function})

    def _delta(self, delta: _Delta) -> Iterator[bytes]:
        if delta.type == "text_delta":
            yield self._chunk({"content": delta.text})
        elif delta.type == "thinking_delta":
            yield self._chunk({"reasoning_content": delta.thinking})
        elif delta.type == "input_json_delta" and delta.partial_json and self._calls >= 0:
            yield self._call({"index": self._calls, "function": {"arguments": delta.partial_json}})

    def _call(self, call: dict[str, object]) -> bytes:
        return self._chunk({"tool_calls": [call]})

    def _chunk(self, delta: dict[str, object], finish: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        usage = b',"usage":null' if self._include_usage else b""
        return b'data: %s,"choices":[%s]%s}\n\n' % (self._head, msgspec.json.encode(choice), usage)

    def _stop(self) -> Iterator[bytes]:
        if self._include_usage:
            usage = msgspec.json.encode(chat_usage(self._usage))
            yield b'data: %s,"choices":[],"usage":%s}\n\n' % (self._head, usage)
        yield DONE
