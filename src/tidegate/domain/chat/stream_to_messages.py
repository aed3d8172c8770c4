"""A streamed chat completion as the event stream of a message, in the Messages API's true order."""

from collections.abc import Iterator

import msgspec

from tidegate.domain.chat.answer_to_messages import call_id
from tidegate.domain.chat.completion import Call, Choice, read_completion, read_usage
from tidegate.domain.chat.errors import error_to_messages
from tidegate.domain.chat.names import message_id, stop_reason
from tidegate.domain.chat.unreadable import Unreadable
from tidegate.domain.chat.usage import ChatUsage, message_usage
from tidegate.domain.sse import Events, TooLong

_DONE = b"[DONE]"
_TEXT = "text"
_THINKING = "thinking"

_OPENINGS: dict[str, dict[str, object]] = {
    _TEXT: {"type": "text", "text": ""},
    _THINKING: {"type": "thinking", "thinking": "", "signature": ""},
}


class MessageStream:
    """Turns chunks of a chat completion into events; `feed` what comes, `end` when nothing more does.

    The ending is told once the server is done, since usage comes after the reason to stop. `ended` says that
    nothing further is to be expected.
    """

    def __init__(self, *, model: str, thinking: bool, fallback_id: str) -> None:
        self._events = Events()
        self._model = model
        self._thinking = thinking
        self._id = fallback_id
        self._started = False
        self._block = -1
        self._kind = ""
        """The open block: `text`, `thinking`, `call`, or empty for none."""
        self._call = (-1, "")
        self._closed_calls: set[int] = set()
        self._calls = 0
        self._refused = False
        self._finish: str | None = None
        self._stopped_by: str | None = None
        self._usage: ChatUsage | None = None
        self.ended = False

    def feed(self, chunk: bytes) -> bytes:
        """The events that these bytes complete; raises Unreadable."""
        try:
            return b"".join(
                piece for _, data in self._events.feed(chunk) if not self.ended for piece in self._data(data)
            )
        except TooLong as error:
            raise Unreadable(f"the upstream's stream has {error}") from error

    def end(self) -> bytes:
        """The rest, where the server has closed; raises Unreadable where it broke off."""
        rest = b"".join(
            piece for _, data in self._events.rest() if not self.ended for piece in self._data(data)
        )
        if self.ended:
            return rest
        if self._finish is None:
            raise Unreadable("the upstream's stream ended without a finish_reason")
        return rest + b"".join(self._ending())

    def _data(self, data: bytes) -> Iterator[bytes]:
        if data == _DONE:
            if not self._started:
                raise Unreadable("the upstream's stream was done before its first chunk")
            yield from self._ending()
            return
        try:
            chunk = read_completion(data)
        except msgspec.DecodeError as error:
            raise Unreadable(f"the upstream's stream has a chunk that cannot be read: {error}") from error
        if chunk.error and bytes(chunk.error) != b"null":
            self.ended = True
            yield _event("error", error_to_messages(500, data))
            return
        self._usage = read_usage(chunk) or self._usage
        if not self._started:
            self._id, self._model = chunk.id or self._id, chunk.model or self._model
            yield self._start()
        for choice in chunk.choices:
            if choice.index == 0:
                yield from self._choice(choice)

    def _start(self) -> bytes:
        self._started = True
        return _event(
            "message_start",
            message={
                "id": message_id(self._id),
                "type": "message",
                "role": "assistant",
                "model": self._model,
                "content": [],
                "stop_reason": None,
                "stop_sequence": None,
                "usage": message_usage(None),
            },
        )

    def _choice(self, choice: Choice) -> Iterator[bytes]:
        said = choice.delta or choice.message
        if said is not None:
            if self._thinking and said.thought:
                yield from self._words(_THINKING, "thinking_delta", said.thought)
            if said.content:
                yield from self._words(_TEXT, "text_delta", said.content)
            if said.refusal:
                self._refused = True
                yield from self._words(_TEXT, "text_delta", said.refusal)
            for call in said.tool_calls or ():
                yield from self._fragment(call)
        self._finish = choice.finish_reason or self._finish
        self._stopped_by = choice.stopped_by or self._stopped_by

    def _words(self, kind: str, delta: str, words: str) -> Iterator[bytes]:
        if self._kind != kind:
            yield from self._open(kind, _OPENINGS[kind])
        yield self._delta({"type": delta, kind: words})

    def _fragment(self, call: Call) -> Iterator[bytes]:
        """A piece of a call: of the open one, or the beginning of the next."""
        index = self._call[0] if call.index is None else call.index
        new_id = bool(call.id) and call.id != self._call[1]
        if self._kind != "call" or index != self._call[0] or new_id:
            if index in self._closed_calls and not new_id:
                raise Unreadable(f"the upstream's stream goes back to tool call {index} after a later one")
            yield from self._open_call(call, max(index, 0))
        if call.function.arguments:
            yield self._delta({"type": "input_json_delta", "partial_json": call.function.arguments})

    def _open_call(self, call: Call, index: int) -> Iterator[bytes]:
        identifier = call_id(call, self._id, self._calls)
        self._calls += 1
        name = call.function.name or ""
        yield from self._open("call", {"type": "tool_use", "id": identifier, "name": name, "input": {}})
        self._call = (index, call.id or "")

    def _open(self, kind: str, block: dict[str, object]) -> Iterator[bytes]:
        yield from self._close()
        self._block += 1
        self._kind = kind
        yield _event("content_block_start", index=self._block, content_block=block)

    def _close(self) -> Iterator[bytes]:
        if self._kind:
            if self._kind == "call":
                self._closed_calls.add(self._call[0])
            self._kind = ""
            yield _event("content_block_stop", index=self._block)

    def _delta(self, delta: dict[str, object]) -> bytes:
        return _event("content_block_delta", index=self._block, delta=delta)

    def _ending(self) -> Iterator[bytes]:
        self.ended = True
        yield from self._close()
        reason = stop_reason(self._finish, calls=self._calls > 0, stopped_by=self._stopped_by)
        delta = {
            "stop_reason": "refusal" if self._refused else reason,
            "stop_sequence": self._stopped_by,
        }
        yield _event("message_delta", delta=delta, usage=message_usage(self._usage))
        yield _event("message_stop")


def _event(name: str, body: bytes = b"", **data: object) -> bytes:
    payload = body or msgspec.json.encode({"type": name, **data})
    return b"event: %s\ndata: %s\n\n" % (name.encode(), payload)
