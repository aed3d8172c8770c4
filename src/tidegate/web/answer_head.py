"""The head of an answer whose length is known, as HTTP/1.1 bytes (RFC 9112)."""

from collections.abc import Sequence
from functools import lru_cache
from http import HTTPStatus

from tidegate.ports import Header

_STATUS_LINES = {each.value: b"HTTP/1.1 %d %s\r\n" % (each, each.phrase.encode()) for each in HTTPStatus}


def answer_head(status: int, headers: Sequence[Header], length: int, keep_alive: bool) -> bytes | None:
    """The head up to and including its empty line; None for one that needs more care than this.

    Header names are lower-case. More care: a `connection` header, framing headers, and any value with a line
    break, which would end the header early.
    """
    lines = [_field(name) + value for name, value in headers]
    last = b"content-length: %d\r\n\r\n" if keep_alive else b"content-length: %d\r\nconnection: close\r\n\r\n"
    fields = b"\r\n".join(lines)
    breaks = len(lines) - 1 if lines else 0
    if fields.count(b"\n") != breaks or fields.count(b"\r") != breaks or b"\0" in fields:
        return None
    opening = _STATUS_LINES.get(status) or b"HTTP/1.1 %d \r\n" % status
    return b"%b%b\r\n%b" % (opening, fields, last % length) if lines else opening + last % length


def closing_answer(status: int, body: bytes, request_id: str) -> bytes:
    """A whole answer of the gateway's own, after which the connection closes."""
    headers = ((b"content-type", b"application/json"), (b"request-id", request_id.encode()))
    return (answer_head(status, headers, len(body), keep_alive=False) or b"") + body


@lru_cache(maxsize=512)
def _field(name: bytes) -> bytes:
    """What stands before a header's value; of a header that is not this function's to write two lines."""
    return b"\r\n\r\n" if name in _FRAMING else name + b": "


_FRAMING = frozenset({b"connection", b"content-length", b"transfer-encoding"})
