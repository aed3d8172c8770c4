"""Giving a kept message again: as JSON or as a stream of events, under an id of its own."""

import msgspec

from tidegate.domain.raw_json import encoded

Json = dict[str, object]
Top = dict[str, msgspec.Raw]

_TOP = msgspec.json.Decoder(Top)
_BLOCKS = msgspec.json.Decoder(list[Json])
_USAGE = msgspec.json.Decoder(Json)
_COUNTS = (
    "input_tokens",
    "cache_creation_input_tokens",
    "cache_read_input_tokens",
    "output_tokens",
)
"""What a stream's `message_delta` says of usage; the rest stands in `message_start`."""


def message_id(exchange_id: str) -> str:
    """The id of a message that an exchange gives again: a vote on it must find that exchange."""
    return "msg_" + exchange_id


def as_json(message: bytes, identifier: str) -> bytes:
    """The message as it came, byte for byte, but for its id."""
    return encoded(_named(message, identifier))


def as_events(message: bytes, identifier: str) -> tuple[bytes, bytes]:
    """The message as a stream: its events up to the last, and that one (`message_stop`)."""
    top = _named(message, identifier)
    usage = _USAGE.decode(top["usage"]) if "usage" in top else {}
    begin: Json = {
        **top,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {**usage, "output_tokens": 0},
    }
    events = [_event("message_start", message=begin)]
    for index, block in enumerate(_BLOCKS.decode(top["content"])):
        events += _block_events(index, block)
    delta = {name: top.get(name) for name in ("stop_reason", "stop_sequence")}
    counts = {name: usage[name] for name in _COUNTS if name in usage}
    events.append(_event("message_delta", delta=delta, usage=counts))
    return b"".join(events), _event("message_stop")


def _block_events(index: int, block: Json) -> list[bytes]:
    """A block's events; one of a kind that has no deltas comes whole at its start."""
    empty, deltas = dict(block), list[Json]()
    match block.get("type"):
        case "text":
            empty["text"] = ""
            deltas.append({"type": "text_delta", "text": block.get("text", "")})
            cited = block.get("citations")
            if isinstance(cited, list):
                empty["citations"] = []
                citations: list[object] = list(cited)  # pyright: ignore[reportUnknownArgumentType] JSON
                deltas += [{"type": "citations_delta", "citation": each} for each in citations]
        case "thinking":
            empty |= {"thinking": "", "signature": ""}
            deltas.append({"type": "thinking_delta", "thinking": block.get("thinking", "")})
            deltas.append({"type": "signature_delta", "signature": block.get("signature", "")})
        case _:
            pass
    return [
        _event("content_block_start", index=index, content_block=empty),
        *(_event("content_block_delta", index=index, delta=delta) for delta in deltas),
        _event("content_block_stop", index=index),
    ]


def _named(message: bytes, identifier: str) -> Top:
    top = _TOP.decode(message)
    top["id"] = msgspec.Raw(msgspec.json.encode(identifier))
    return top


def _event(name: str, **data: object) -> bytes:
    return b"event: %s\ndata: %s\n\n" % (name.encode(), msgspec.json.encode({"type": name, **data}))
