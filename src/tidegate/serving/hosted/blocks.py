"""A turn's content blocks as JSON, taken from a message or put together from a stream's events."""

from collections.abc import Iterable
from typing import cast

import msgspec

from tidegate.domain.raw_json import encoded
from tidegate.domain.sse import fields
from tidegate.serving.hosted.objects import opened
from tidegate.serving.hosted.tools import RESERVED


class Block(msgspec.Struct, frozen=True):
    """One block of an assistant's content: its JSON, and what the loop looks at."""

    raw: bytes
    kind: str
    id: str = ""
    name: str = ""

    @property
    def empty(self) -> bool:
        """A text block without text, which a provider may send but does not take back."""
        return self.kind == "text" and msgspec.json.decode(self.raw, type=_Text).text == ""


class _Text(msgspec.Struct):
    text: str = ""


class _Seen(msgspec.Struct):
    type: str = ""
    id: str = ""
    name: str = ""


class _Part(msgspec.Struct):
    """What `content_block_start` and `content_block_delta` say."""

    index: int = 0
    content_block: dict[str, object] = {}
    delta: dict[str, object] = {}


_SEEN = msgspec.json.Decoder(_Seen)
_PART = msgspec.json.Decoder(_Part)
_OBJECT = msgspec.json.Decoder(dict[str, object])


def block_of(raw: bytes) -> Block:
    """A block from its JSON; raises msgspec.DecodeError."""
    seen = _SEEN.decode(raw)
    return Block(raw, seen.type, seen.id, seen.name)


def takeable(block: Block) -> Block:
    """The block; a call of the gateway's own whose input is no JSON object has none, as in a stream."""
    if block.name not in RESERVED or isinstance(_OBJECT.decode(block.raw).get("input"), dict):
        return block
    return msgspec.structs.replace(block, raw=encoded({**opened(block.raw), "input": b"{}"}))


class _Growing:
    """A block that its deltas are still added to; texts are joined once, at the end."""

    def __init__(self, start: dict[str, object]) -> None:
        self._block = start
        self._texts: dict[str, list[str]] = {}

    def add(self, delta: dict[str, object]) -> None:
        """Text grows, a citation joins the others, anything else (a signature) is set."""
        for key, value in delta.items():
            if key == "citation":
                known = self._block.get("citations")
                self._block["citations"] = [*(cast("list[object]", known) if known else []), value]
            elif key != "type" and isinstance(value, str):
                self._texts.setdefault(key, []).append(value)
            elif key != "type":
                self._block[key] = value

    def finished(self) -> Block:
        """The whole block."""
        for key, pieces in self._texts.items():
            if key == "partial_json":
                self._block["input"] = _input("".join(pieces))
            else:
                self._block[key] = str(self._block.get(key) or "") + "".join(pieces)
        return block_of(msgspec.json.encode(self._block))


def assembled(events: Iterable[bytes]) -> tuple[Block, ...]:
    """The blocks of a whole turn from its `content_block_…` events, in order; raises msgspec.DecodeError."""
    growing: dict[int, _Growing] = {}
    for event in events:
        name, payload = fields(event)
        if name == b"content_block_start":
            part = _PART.decode(payload)
            growing[part.index] = _Growing(part.content_block)
        elif name == b"content_block_delta":
            part = _PART.decode(payload)
            if part.index in growing:
                growing[part.index].add(part.delta)
    return tuple(growing[index].finished() for index in sorted(growing))


def _input(text: str) -> dict[str, object]:
    """A call's input; an empty one where the model wrote no JSON object, which no provider takes back."""
    try:
        return _OBJECT.decode(text or "{}")
    except msgspec.DecodeError:
        return {}
