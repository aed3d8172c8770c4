"""Request heads: what may go to the upstream, written as HTTP/1.1 (RFC 9110, RFC 9112)."""

import re
from collections.abc import Callable, Sequence
from functools import lru_cache

from tidegate.adapters.upstream.address import Origin, Proxy
from tidegate.domain.errors import InvalidInput
from tidegate.ports import Header

HOP_BY_HOP = frozenset(
    {b"connection", b"keep-alive", b"te", b"trailer", b"transfer-encoding", b"upgrade", b"expect"}
)
"""Belong to one connection and end with it; Expect too, since the body always goes out with the head."""

OURS = frozenset({b"host", b"content-length", b"accept-encoding"})
"""Written by the adapter itself."""

_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})
_STAYS = b"\0"
"""Instead of a header's name and colon where it does not go on: no head that holds it is sent."""

_TOKEN = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_TARGET = re.compile(r"/[!-~]*")
_BREAKS = re.compile(rb"[\r\n\0]")


def end_to_end(headers: Sequence[Header]) -> list[Header]:
    """The headers that may go on, names lower-cased; those named by Connection are dropped too.

    Raises InvalidInput for a name that is no token or a value with CR, LF or NUL.
    """
    kept: list[Header] = []
    bound: set[bytes] = set()
    for name, value in headers:
        if _BREAKS.search(value):
            raise InvalidInput(f"header {_shown(name)}: the value contains CR, LF or NUL; remove it")
        if _forwarded(name):
            kept.append((name.lower(), value))
        elif name.lower() == b"connection":
            bound.update(token.strip().lower() for token in value.split(b","))
    return [header for header in kept if header[0] not in bound]


def checked_target(method: str, target: str) -> str:
    """The target, if it and the method can stand in a request line; raises InvalidInput."""
    if not _TOKEN.fullmatch(method.encode()):
        raise InvalidInput(f"{method!r} is not an HTTP method")
    if not _TARGET.fullmatch(target):
        raise InvalidInput(f"{target!r} is not a request target: start with / and percent-encode the rest")
    return target


class HeadWriter:
    """Writes request heads for one origin; request lines and names seen before cost a dictionary look-up."""

    def __init__(self, origin: Origin, proxy: Proxy | None = None) -> None:
        absolute = proxy is not None and not origin.tls
        self._before = f"http://{origin.authority}{origin.prefix}" if absolute else origin.prefix
        fixed = [f"host: {origin.authority}", "accept-encoding: identity"]
        if absolute and proxy is not None and proxy.authorization:
            fixed.append(f"proxy-authorization: {proxy.authorization}")
        self._fixed = fixed
        self._opening: Callable[[str, str], bytes] = lru_cache(maxsize=512)(self._write_opening)
        self._field: Callable[[bytes], bytes] = lru_cache(maxsize=1024)(_write_field)

    def write(self, method: str, target: str, headers: Sequence[Header], length: int) -> bytes:
        """The head up to and including its empty line, for a body of `length` bytes; raises InvalidInput."""
        field = self._field
        lines = [self._opening(method, target), *[field(name) + value for name, value in headers]]
        if length or method in _WITH_BODY:
            lines.append(b"content-length: %d" % length)
        head = b"\r\n".join(lines) + b"\r\n\r\n"
        # Every break that was meant is counted: one more of either sort was smuggled in by a value.
        breaks = len(lines) + 1 + len(self._fixed)
        if head.count(b"\r") != breaks or head.count(b"\n") != breaks or b"\0" in head:
            return self._write_kept(method, target, headers, length)
        return head

    def _write_kept(self, method: str, target: str, headers: Sequence[Header], length: int) -> bytes:
        """Without the headers that stay on one connection; raises InvalidInput where a value has a break."""
        kept = end_to_end(headers)
        return self.write(method, target, kept, length)

    def _write_opening(self, method: str, target: str) -> bytes:
        line = f"{method} {self._before}{checked_target(method, target)} HTTP/1.1"
        return "\r\n".join((line, *self._fixed)).encode()


def _write_field(name: bytes) -> bytes:
    return name.lower() + b": " if _forwarded(name) else _STAYS


def _forwarded(name: bytes) -> bool:
    if not _TOKEN.fullmatch(name):
        raise InvalidInput(f"header {_shown(name)}: not a valid name; use letters, digits and hyphens")
    lower = name.lower()
    return lower not in HOP_BY_HOP and lower not in OURS and not lower.startswith(b"proxy-")


def _shown(name: bytes) -> str:
    return repr(name[:80].decode("latin-1"))
