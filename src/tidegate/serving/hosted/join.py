"""Many turns as one message: the client's block numbers, its call ids, its usage and its end."""

from collections.abc import Mapping, Sequence

import msgspec

from tidegate.domain.raw_json import encoded, listed
from tidegate.domain.sse import fields
from tidegate.serving.hosted.blocks import Block, block_of
from tidegate.serving.hosted.events import renumbered, written
from tidegate.serving.hosted.loop import Settled, told
from tidegate.serving.hosted.objects import opened
from tidegate.serving.hosted.turn import StreamedTurn


class _Start(msgspec.Struct):
    index: int = 0
    content_block: msgspec.Raw = msgspec.Raw(b"{}")


_START = msgspec.json.Decoder(_Start)


def released(held: Sequence[bytes], settled: Settled, start: int) -> tuple[bytes, int]:
    """The held events that the client gets, its blocks numbered from `start`; and how many they are."""
    out: list[bytes] = []
    numbers: dict[int, int] = {}
    for event in held:
        name, payload = fields(event)
        part = _START.decode(payload)
        if name == b"content_block_start":
            block = block_of(bytes(part.content_block))
            if block.id in settled.hidden:
                continue
            numbers[part.index] = start + len(numbers)
            if block.id in settled.renamed:
                renamed = {**opened(payload), "content_block": _renamed(block, settled.renamed)}
                out.append(written(name, {**renamed, "index": b"%d" % numbers[part.index]}))
                continue
        if part.index in numbers:
            number = numbers[part.index]
            out.append(event if number == part.index else renumbered(name, payload, number))
    return b"".join(out), len(numbers)


def ending(turn: StreamedTurn, settled: Settled, usage: Mapping[str, object] | None) -> bytes:
    """The last turn's `message_delta` and `message_stop`; as they came where it is the only turn."""
    if usage is None and not settled.stop_reason:
        return turn.last
    event = opened(turn.delta)
    if usage is not None:
        said = msgspec.json.decode(bytes(event.get("usage", b"{}")))
        event["usage"] = msgspec.json.encode(told(usage, said))
    if settled.stop_reason:
        delta = {**opened(bytes(event["delta"])), "stop_reason": msgspec.json.encode(settled.stop_reason)}
        event["delta"] = encoded(delta)
    return written(b"message_delta", event) + b'event: message_stop\ndata: {"type":"message_stop"}\n\n'


def joined(bodies: Sequence[tuple[Settled, bytes]], usage: Mapping[str, object]) -> bytes:
    """One message of all turns: the first one's id and model, everybody's content, the last one's end."""
    settled, last = bodies[-1]
    if len(bodies) == 1 and not settled.hidden and not settled.stop_reason:
        return last
    message = opened(last)
    first = opened(bodies[0][1])
    message.update({key: first[key] for key in ("id", "model") if key in first})
    blocks = [_renamed(block, each.renamed) for each, _ in bodies for block in each.visible]
    message["content"] = listed(blocks)
    if len(bodies) > 1:
        message["usage"] = msgspec.json.encode(usage)
    if settled.stop_reason:
        message["stop_reason"] = msgspec.json.encode(settled.stop_reason)
    return encoded(message)


def _renamed(block: Block, ids: Mapping[str, str]) -> bytes:
    if block.id not in ids:
        return block.raw
    return encoded({**opened(block.raw), "id": msgspec.json.encode(ids[block.id])})
