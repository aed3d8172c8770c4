"""What makes two requests equal, so that one answer does for both."""

from collections.abc import Sequence
from hashlib import blake2b

import msgspec

from tidegate.domain.rollout import CachePolicy
from tidegate.serving.assign import Assignment
from tidegate.serving.client import Call
from tidegate.serving.request import MessagesRequest

_LEFT_OUT = frozenset({"metadata", "stream"})
"""Who asks, and whether the answer comes in pieces, change nothing about it."""

_NEVER = ("tools", "mcp_servers", "container")
"""With these a request does something, or depends on what the provider keeps."""

_FILE_ID = b'"file_id"'
_URL = b'"url"'
_ESCAPE = b"\\u"

_SEPARATOR = b"\xff"
"""Never part of UTF-8, so that what it separates cannot run together."""

_NUMBER = msgspec.json.Decoder(float | None)


class CacheKeys:
    """Makes keys under one secret: alike on every replica, telling nobody what was asked."""

    def __init__(self, secret: bytes) -> None:
        self._keyed = blake2b(b"result cache", digest_size=32, key=secret[:64])

    def key(
        self, tenant: str, generation: int, assignment: Assignment, call: Call, request: MessagesRequest
    ) -> bytes:
        """32 bytes for a request as it is served; the order of its top-level keys does not matter."""
        top = request.top
        parts: list[bytes | msgspec.Raw] = [
            b"%s\xff%d\xff%s\xff%s" % (tenant.encode(), generation, *_served(assignment)),
            call.target.encode("latin-1", "replace"),
            (call.header(b"anthropic-version") or "").encode("latin-1", "replace"),
            (call.header(b"anthropic-beta") or "").encode("latin-1", "replace"),
        ]
        for name in sorted(top):
            if name not in _LEFT_OUT:
                parts += (name.encode("utf-8", "surrogatepass"), top[name])
        digest = self._keyed.copy()
        digest.update(_SEPARATOR.join(parts))
        return digest.digest()


def _served(assignment: Assignment) -> tuple[bytes, bytes]:
    """The variant, and what of it this request is served: its skills in their order, by digest."""
    variant = assignment.variant
    skills: Sequence[str] = [variant.skills[use.name].digest for use in assignment.skills]
    model = assignment.model or ""
    return variant.identity, f"{model}\n{assignment.reduced}\n{','.join(skills)}".encode()


def reusable(request: MessagesRequest, policy: CachePolicy) -> bool:
    """True where an equal request would be served as well by the same answer, as far as the policy asks."""
    top, raw = request.top, request.raw
    if any(name in top for name in _NEVER) or _FILE_ID in raw:
        return False
    if _ESCAPE in raw and not _names_no_file(raw):
        return False
    return policy.when == "always" or (_temperature(request) == 0.0 and _URL not in raw)


def _names_no_file(raw: bytes) -> bool:
    """Whether the body is free of file ids also where names are spelt with escapes; False if none can tell:
    it may hold a number that no computer knows, or a half of a character, which the provider judges.
    """
    try:
        return _FILE_ID not in msgspec.json.encode(msgspec.json.decode(raw))
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return False


def _temperature(request: MessagesRequest) -> float | None:
    """None where it is not a number; the provider will say so."""
    raw = request.top.get("temperature")
    try:
        return None if raw is None else _NUMBER.decode(raw)
    except msgspec.DecodeError:
        return None
