"""Prompt-cache breakpoints: how many the client uses, and whether the gateway may set one of its own.

A provider's cache prefix runs tools, system, messages, and a request may have four breakpoints (Anthropic,
prompt caching). One with a longer ttl may not come after one with a shorter.
"""

from collections.abc import Iterator, Mapping
from itertools import chain

import msgspec

MOST = 4


class _Control(msgspec.Struct):
    ttl: str = "5m"


class _Part(msgspec.Struct):
    """A tool, a block or a message: anything that may carry a breakpoint, or hold parts that do."""

    cache_control: _Control | None = None
    content: msgspec.Raw = msgspec.Raw(b"")


_PARTS = msgspec.json.Decoder(list[_Part])
_CONTROL = msgspec.json.Decoder(_Control | None)

_SHORT = b',"cache_control":{"type":"ephemeral"}'
_LONG = b',"cache_control":{"type":"ephemeral","ttl":"1h"}'


def own_breakpoint(raw: bytes, top: Mapping[str, msgspec.Raw], *, without_system: bool = False) -> bytes:
    """The `cache_control` member for our last system block, empty where the client leaves no room for it.

    Its ttl is as long as the longest that comes after it, in the messages or at the top level.
    """
    if b'cache_control"' not in raw:
        return _SHORT
    before = [] if without_system else list(_ttls(top.get("system")))
    before += _ttls(top.get("tools"))
    after = [*_ttls(top.get("messages")), *_own_ttl(top)]
    if len(before) + len(after) >= MOST:
        return b""
    return _LONG if "1h" in after else _SHORT


def _own_ttl(top: Mapping[str, msgspec.Raw]) -> list[str]:
    """The top level's automatic breakpoint, which the provider sets on the last block of the messages."""
    if "cache_control" not in top:
        return []
    try:
        control = _CONTROL.decode(top["cache_control"])
    except msgspec.ValidationError:
        return []  # not a breakpoint; the upstream says so better than we could
    return [control.ttl] if control else []


def _ttls(raw: msgspec.Raw | None) -> Iterator[str]:
    """Every breakpoint in a list of parts and in the parts they hold."""
    if raw is None or b'cache_control"' not in bytes(raw):
        return iter(())
    try:
        parts = _PARTS.decode(raw)
    except msgspec.ValidationError:
        return iter(())  # a string, or a shape without parts: nothing in it is a breakpoint
    return chain.from_iterable(
        chain([part.cache_control.ttl] if part.cache_control else [], _ttls(part.content or None))
        for part in parts
    )
