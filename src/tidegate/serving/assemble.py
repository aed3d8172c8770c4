"""Which answers are kept, and the message of one: a JSON body, or put together from a stream's events."""

import re
from collections.abc import Callable

import msgspec

from tidegate.domain.reuse import ENDED_WELL
from tidegate.domain.sse import fields
from tidegate.serving.usage import merged

Json = dict[str, object]

_BLANK = re.compile(rb"\r?\n\r?\n")
_OBJECT = msgspec.json.Decoder(Json)


class _Block(msgspec.Struct):
    type: str


class _Message(msgspec.Struct):
    id: str
    type: str
    content: list[_Block]
    stop_reason: str | None


_MESSAGE = msgspec.json.Decoder(_Message)
_CALLS = frozenset({"tool_use", "server_tool_use", "mcp_tool_use"})


def message_of_body(body: bytes) -> bytes | None:
    """The body where it is a message that ended well and calls no tool, else None."""
    try:
        message = _MESSAGE.decode(body)
    except msgspec.DecodeError:
        return None
    whole = message.type == "message" and message.stop_reason in ENDED_WELL
    return body if whole and not any(block.type in _CALLS for block in message.content) else None


class Assembly:
    """Puts a message together from whole events as they are told; deltas are kept as pieces until the end."""

    def __init__(self) -> None:
        self.size = 0
        """Bytes of what was told, as JSON."""
        self.known = True
        """Every event was one whose meaning is known here: only then may the message be kept."""
        self._message: Json | None = None
        self._blocks: list[Json] = []
        self._texts: list[dict[str, list[str]]] = []
        self._stopped = False
        self._events: dict[bytes, Callable[[Json], bool]] = {
            b"message_start": self._start,
            b"content_block_start": self._block,
            b"content_block_delta": self._delta,
            b"message_delta": self._end,
        }

    def feed(self, events: bytes) -> None:
        """Take the next whole events."""
        try:
            for event in _BLANK.split(events):
                self.known = self.known and self._take(*fields(event))
        except (msgspec.MsgspecError, KeyError, IndexError):
            self.known = False

    def message(self) -> bytes | None:
        """The message once it is whole, where it is one to be kept."""
        if self._message is None or not self._stopped or not self.known:
            return None
        for block, texts in zip(self._blocks, self._texts, strict=True):
            block.update({name: "".join(pieces) for name, pieces in texts.items()})
        return message_of_body(msgspec.json.encode({**self._message, "content": self._blocks}))

    def _take(self, name: bytes, payload: bytes) -> bool:
        if name in (b"ping", b"content_block_stop", b""):
            return True
        if name == b"message_stop":
            self._stopped = True
            return True
        taken = self._events.get(name)
        return taken is not None and taken(_OBJECT.decode(payload))

    def _start(self, data: Json) -> bool:
        self._message = msgspec.convert(data["message"], Json)
        self.size += len(msgspec.json.encode(self._message))
        return not self._message["content"]

    def _block(self, data: Json) -> bool:
        self._blocks.append(msgspec.convert(data["content_block"], Json))
        self.size += len(msgspec.json.encode(self._blocks[-1]))
        self._texts.append({})
        return data["index"] == len(self._blocks) - 1

    def _delta(self, data: Json) -> bool:
        index = msgspec.convert(data["index"], int)
        block, delta = self._blocks[index], msgspec.convert(data["delta"], Json)
        match delta["type"]:
            case "text_delta":
                self._add(index, "text", delta["text"])
            case "thinking_delta":
                self._add(index, "thinking", delta["thinking"])
            case "signature_delta":
                block["signature"] = delta["signature"]
                self.size += len(msgspec.convert(delta["signature"], str))
            case "citations_delta":
                before = msgspec.convert(block.get("citations") or [], list[object])
                block["citations"] = [*before, delta["citation"]]
                self.size += len(msgspec.json.encode(delta["citation"]))
            case _:
                return False
        return True

    def _add(self, index: int, name: str, piece: object) -> None:
        texts = self._texts[index]
        if name not in texts:
            texts[name] = [msgspec.convert(self._blocks[index].get(name, ""), str)]
        texts[name].append(msgspec.convert(piece, str))
        self.size += len(texts[name][-1])

    def _end(self, data: Json) -> bool:
        if self._message is None:
            return False
        self._message |= msgspec.convert(data["delta"], Json)
        said = msgspec.convert(data.get("usage") or {}, Json)
        before = msgspec.convert(self._message.get("usage") or {}, Json)
        self._message["usage"] = merged(before, said)
        self._message |= {name: data[name] for name in data.keys() - {"type", "delta", "usage"}}
        return True
