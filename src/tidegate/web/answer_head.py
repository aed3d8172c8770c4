"""The head of an answer whose length is known, as HTTP/1.1 bytes (RFC 9112)."""

from collections.abc import Sequence
from http import HTTPStatus

from tidegate.ports import Header

_STATUS_LINES = {each.value: b"HTTP/1.1 %d %s" % (each, each.phrase.encode()) for each in HTTPStatus}


def answer_head(status: int, headers: Sequence[Header], length: int, keep_alive: bool) -> bytes | None:
    """The head up to and including its empty line; None for one that needs more care than this.

    Header names are lower-case. More care: a `connection` header, framing headers, and any value with a line
    break, which would end the header early.
    """
    lines = [_STATUS_LINES.get(status) or b"HTTP/1.1 %d " % status]
    for name, value in headers:
        if name in _FRAMING:
            return None
        lines.append(name + b": " + value)
    lines.append(b"content-length: %d" % length)
    if not keep_alive:
        lines.append(b"connection: close")
    lines += (b"", b"")
    head = b"\r\n".join(lines)
    breaks = len(lines) - 1
    return head if head.count(b"\n") == head.count(b"\r") == breaks and b"\0" not in head else None


_FRAMING = frozenset({b"connection", b"content-length", b"transfer-encoding"})
