"""Prompt-cache breakpoints: how many the client uses, and whether the gateway may set one of its own.

A provider's cache prefix runs tools, system, messages, and a request may have four breakpoints (Anthropic,
prompt caching). One with a longer ttl may not come after one with a shorter.
"""

from collections.abc import Iterable, Mapping

import msgspec

MOST = 4

_DEPTH = 4
"""Messages hold blocks, a tool's result holds more, a document in it may hold some again: no breakpoint is
deeper."""


class _Control(msgspec.Struct):
    ttl: str | None = None


class _Holder(msgspec.Struct):
    content: msgspec.Raw = msgspec.Raw(b"")


class _Part(msgspec.Struct):
    """A tool, a block or a message: anything that may carry a breakpoint, or hold parts that do."""

    cache_control: _Control | None = None
    content: msgspec.Raw = msgspec.Raw(b"")
    source: _Holder | None = None


_LIST = msgspec.json.Decoder(list[msgspec.Raw])
_PART = msgspec.json.Decoder(_Part)
_CONTROL = msgspec.json.Decoder(_Control | None)

_MARK = b'cache_control"'
_SHORT = b',"cache_control":{"type":"ephemeral"}'
_LONG = b',"cache_control":{"type":"ephemeral","ttl":"1h"}'


def own_breakpoint(raw: bytes, top: Mapping[str, msgspec.Raw], *, without_system: bool = False) -> bytes:
    """The `cache_control` member for our last system block, empty where the client leaves no room for it.

    Its ttl is as long as the longest that comes after it, in the messages or at the top level. Where it is
    not clear how many the client uses there is none of ours either: a fifth would have the request refused.
    """
    if _MARK not in raw:
        return _SHORT
    try:
        before = [] if without_system else _ttls(top.get("system"))
        before += _ttls(top.get("tools"))
        after = _ttls(top.get("messages")) + _own_ttl(top)
    except msgspec.ValidationError:
        return b""
    if len(before) + len(after) >= MOST:
        return b""
    return _LONG if "1h" in after else _SHORT


def _own_ttl(top: Mapping[str, msgspec.Raw]) -> list[str | None]:
    """The top level's automatic breakpoint, which the provider sets on the last block of the messages."""
    control = _CONTROL.decode(top["cache_control"]) if "cache_control" in top else None
    return [control.ttl] if control else []


def _ttls(raw: msgspec.Raw | None, depth: int = 0) -> list[str | None]:
    """Every breakpoint in a list of parts and in the parts they hold; raises ValidationError in doubt."""
    if raw is None or _MARK not in (data := bytes(raw)) or data.lstrip()[:1] == b'"':
        return []
    if depth == _DEPTH:
        raise msgspec.ValidationError("parts within parts, more deeply than a request has them")
    return [ttl for entry in _marked(_LIST.decode(data)) for ttl in _of_part(_PART.decode(entry), depth + 1)]


def _marked(entries: Iterable[msgspec.Raw]) -> Iterable[msgspec.Raw]:
    """The entries that can have a breakpoint: an odd one without is no reason to doubt the list."""
    return (entry for entry in entries if _MARK in bytes(entry))


def _of_part(part: _Part, depth: int) -> list[str | None]:
    own = [part.cache_control.ttl] if part.cache_control else []
    held = (part.content, part.source.content if part.source else None)
    return own + [ttl for raw in held for ttl in _ttls(raw or None, depth)]
