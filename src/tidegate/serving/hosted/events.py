"""Server-sent events of the Messages API as bytes: taking them apart and writing changed ones."""

from collections.abc import Iterator

from tidegate.domain.raw_json import encoded
from tidegate.serving.hosted.objects import Members, opened
from tidegate.serving.stream import BLANK


def split(data: bytes) -> Iterator[bytes]:
    """The whole events in `data`, each with the blank line that ends it."""
    begin = 0
    while begin < len(data):
        blank = BLANK.search(data, begin)
        end = blank.end() if blank else len(data)
        yield data[begin:end]
        begin = end


def written(name: bytes, payload: Members) -> bytes:
    """An event whose data is this object."""
    return b"event: %s\ndata: %s\n\n" % (name, encoded(payload))


def renumbered(name: bytes, payload: bytes, index: int) -> bytes:
    """A `content_block_…` event under another index."""
    return written(name, {**opened(payload), "index": b"%d" % index})
