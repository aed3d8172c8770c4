"""Server-sent events of the Messages API as bytes: taking them apart and writing changed ones."""

from collections.abc import Iterator

import msgspec

from tidegate.serving.stream import BLANK

_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])


def split(data: bytes) -> Iterator[bytes]:
    """The whole events in `data`, each with the blank line that ends it."""
    begin = 0
    while begin < len(data):
        blank = BLANK.search(data, begin)
        end = blank.end() if blank else len(data)
        yield data[begin:end]
        begin = end


def written(name: bytes, payload: dict[str, msgspec.Raw | bytes]) -> bytes:
    """An event whose data is this object."""
    members = (b"%s:%s" % (msgspec.json.encode(key), bytes(value)) for key, value in payload.items())
    return b"event: %s\ndata: {%s}\n\n" % (name, b",".join(members))


def opened(payload: bytes) -> dict[str, msgspec.Raw | bytes]:
    """An event's data with its members as raw JSON; raises msgspec.DecodeError."""
    return dict(_OBJECT.decode(payload))


def renumbered(name: bytes, payload: bytes, index: int) -> bytes:
    """A `content_block_…` event under another index."""
    return written(name, {**opened(payload), "index": b"%d" % index})
