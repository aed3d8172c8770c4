"""Server-sent events, taken apart as they come (WHATWG HTML, section 9.2)."""

from collections.abc import Iterator

LONGEST_EVENT = 16_000_000


class TooLong(ValueError):
    """An event beyond all measure."""


class Events:
    """Cuts a stream into events: `feed` gives those that are whole, as their name and their data."""

    __slots__ = ("_tail",)

    def __init__(self) -> None:
        self._tail = b""

    def feed(self, chunk: bytes) -> Iterator[tuple[bytes, bytes]]:
        """The events that ended with this chunk; raises TooLong."""
        data = self._tail + chunk
        if b"\r" in data:
            data = data.replace(b"\r\n", b"\n")
        *whole, self._tail = data.split(b"\n\n")
        if len(self._tail) > LONGEST_EVENT:
            raise TooLong("an event without an end")
        for block in whole:
            name, payload = fields(block)
            if payload:
                yield name, payload

    def rest(self) -> Iterator[tuple[bytes, bytes]]:
        """The last event, of a server that leaves its empty line out."""
        tail, self._tail = self._tail, b""
        name, payload = fields(tail)
        if payload:
            yield name, payload


def fields(block: bytes) -> tuple[bytes, bytes]:
    """An event's name and its data lines joined; comments and other fields are passed over."""
    name = b""
    payload: list[bytes] = []
    for line in block.splitlines():
        field, _, value = line.partition(b":")
        if field == b"data":
            payload.append(value.removeprefix(b" "))
        elif field == b"event":
            name = value.strip()
    return name, b"\n".join(payload)
