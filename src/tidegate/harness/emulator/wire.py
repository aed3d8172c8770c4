"""HTTP/1.1 as bytes: response heads and chunk frames."""

from email.utils import formatdate
from http import HTTPStatus
from time import gmtime, strftime

import msgspec

from tidegate.harness.emulator.chat_answer import chat_error_body
from tidegate.harness.emulator.delivery import Delivery, Step
from tidegate.harness.emulator.refusal import Refusal, error_body, error_type

LAST_CHUNK = b"0\r\n\r\n"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"

_REASONS = {status.value: status.phrase for status in HTTPStatus} | {529: "Overloaded"}
_LIMITS = (
    ("requests", 4_000),
    ("input-tokens", 2_000_000),
    ("output-tokens", 400_000),
    ("tokens", 2_400_000),
)


class Reply(msgspec.Struct, frozen=True):
    """A response: its head without framing headers, and how its body is delivered.

    `length` is the body's size for content-length, None where the body is chunked.
    """

    status: int
    head: bytes
    delivery: Delivery
    length: int | None


class Heads:
    """Makes response heads; what changes once a second is rendered once a second."""

    def __init__(self) -> None:
        self._second: int = -1
        self._date = b""
        self._limits = b""

    def head(self, status: int, content_type: str, lines: str, now: float, *, limits: bool) -> bytes:
        """Status line and headers up to the framing headers; `lines` are further header lines."""
        self._render(now)
        line = f"HTTP/1.1 {status} {_REASONS.get(status, 'Error')}\r\n"
        kind = f"content-type: {content_type}\r\n{lines}"
        return line.encode() + self._date + kind.encode() + (self._limits if limits else b"")

    def _render(self, now: float) -> None:
        second = int(now)
        if second == self._second:
            return
        self._second = second
        self._date = f"date: {formatdate(now, usegmt=True)}\r\n".encode()
        reset = strftime("%Y-%m-%dT%H:%M:%SZ", gmtime(second + 1))
        self._limits = "".join(
            f"anthropic-ratelimit-{name}-limit: {limit}\r\n"
            f"anthropic-ratelimit-{name}-remaining: {limit - 1}\r\n"
            f"anthropic-ratelimit-{name}-reset: {reset}\r\n"
            for name, limit in _LIMITS
        ).encode()


def json_reply(status: int, head: bytes, body: bytes) -> Reply:
    """A whole JSON body at once."""
    return Reply(status, head, Delivery((Step(0.0, body),)), len(body))


def refusal_reply(refusal: Refusal, heads: Heads, lines: str, request_id: str, now: float) -> Reply:
    """An error in the API's shape, with `retry-after` where trying again may help."""
    if refusal.status in {429, 529}:
        wait = 1.0 if refusal.retry_after is None else refusal.retry_after
        lines += f"retry-after: {wait:g}\r\nx-should-retry: true\r\n"
    elif refusal.retry_after is not None:
        lines += f"retry-after: {refusal.retry_after:g}\r\n"
    body = error_body(error_type(refusal.status), refusal.message, request_id)
    head = heads.head(refusal.status, "application/json", lines, now, limits=refusal.status == 429)
    return json_reply(refusal.status, head, body)


def chat_refusal_reply(refusal: Refusal, heads: Heads, lines: str, now: float) -> Reply:
    """An error in OpenAI's shape, with `retry-after` where it was asked for or trying again helps."""
    wait = refusal.retry_after
    if wait is None and refusal.status in {429, 503}:
        wait = 1.0
    if wait is not None:
        lines += f"retry-after: {wait:g}\r\nretry-after-ms: {wait * 1000:g}\r\n"
    body = chat_error_body(refusal.status, refusal.message)
    head = heads.head(refusal.status, "application/json", lines, now, limits=False)
    return json_reply(refusal.status, head, body)


def finished_head(reply: Reply, *, chunked: bool, keep_alive: bool) -> bytes:
    """The head with its framing headers and the empty line."""
    framing = b""
    if reply.length is not None:
        framing = b"content-length: %d\r\n" % reply.length
    elif chunked:
        framing = b"transfer-encoding: chunked\r\n"
    return reply.head + framing + (b"\r\n" if keep_alive else b"connection: close\r\n\r\n")


def chunk(data: bytes) -> bytes:
    """One frame of a chunked body; nothing for no data (an empty frame would end the body)."""
    return b"%x\r\n%s\r\n" % (len(data), data) if data else b""
