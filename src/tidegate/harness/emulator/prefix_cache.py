"""A provider's prompt cache: exact prefixes of tools, system, messages, each alive for 5 minutes or 1 hour.

Rules from the API's prompt-caching guide: entries are written at breakpoints only; a breakpoint finds an
entry at 20 positions, its own being the first, where a run of `tool_use` blocks counts as one position and so
does one of `tool_result` blocks; a hit renews the entry; prefixes under the minimum length
are not kept; with mixed lifetimes the part up to the last 1-hour breakpoint is written for 1 hour.
"""

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from hashlib import blake2b
from itertools import accumulate

import msgspec

from tidegate.harness.emulator.tokens import Segment, part_json

LOOKBACK_POSITIONS = 20
_RUNS = ("tool_use", "tool_result")
CAPACITY = 50_000
"""Entries kept at most; the one used longest ago goes first."""

_SECONDS = {"5m": 300.0, "1h": 3600.0}


class CacheUse(msgspec.Struct, frozen=True):
    """Tokens of one prompt that were read from the cache, and written to it, by lifetime."""

    read: int = 0
    write_5m: int = 0
    write_1h: int = 0


NO_CACHE = CacheUse()


class _Entry(msgspec.Struct):
    expires_at: float
    seconds: float


class PrefixCache:
    """Live prefixes of all owners; `now` is seconds of any steady clock."""

    def __init__(self, minimum_tokens: int, capacity: int = CAPACITY) -> None:
        self._minimum = minimum_tokens
        self._capacity = capacity
        self._entries: OrderedDict[bytes, _Entry] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    def use(self, owner: str, model: str, prompt: Sequence[Segment], now: float) -> CacheUse:
        """Look the prompt's prefixes up, keep those at its breakpoints, and say what was read and written."""
        tokens = list(accumulate(segment.tokens for segment in prompt))
        breaks = [
            place
            for place, segment in enumerate(prompt)
            if segment.control is not None and tokens[place] >= self._minimum
        ]
        if not breaks:
            return NO_CACHE
        prefixes = _prefixes(owner, model, prompt[: breaks[-1] + 1])
        hit = self._longest_hit(prompt, prefixes, breaks, now)
        for place in breaks:
            self._keep(prefixes[place], _lifetime(prompt[place]), now)
        return _written(prompt, tokens, breaks, hit)

    def _longest_hit(
        self, prompt: Sequence[Segment], prefixes: Sequence[bytes], breaks: Sequence[int], now: float
    ) -> int:
        """The place of the longest live prefix within reach of a breakpoint, -1 for none; renews it."""
        for stop in reversed(breaks):
            for place in _reach(prompt, stop):
                entry = self._entries.get(prefixes[place])
                if entry is not None and entry.expires_at > now:
                    entry.expires_at = now + entry.seconds
                    self._entries.move_to_end(prefixes[place])
                    return place
        return -1

    def _keep(self, prefix: bytes, lifetime: str, now: float) -> None:
        seconds = _SECONDS[lifetime]
        known = self._entries.get(prefix)
        if known is not None and known.expires_at > now:
            seconds = max(seconds, known.seconds)
        self._entries[prefix] = _Entry(now + seconds, seconds)
        self._entries.move_to_end(prefix)
        if len(self._entries) > self._capacity:
            self._entries.popitem(last=False)


def _reach(prompt: Sequence[Segment], stop: int) -> Iterator[int]:
    """The places at which a breakpoint at `stop` may find an entry, the nearest first."""
    positions, later = 0, ""
    for place in range(stop, -1, -1):
        kind = str(getattr(prompt[place].part, "type", ""))
        positions += kind not in _RUNS or kind != later
        if positions > LOOKBACK_POSITIONS:
            return
        yield place
        later = kind


def _lifetime(segment: Segment) -> str:
    return (segment.control.ttl if segment.control else None) or "5m"


def _prefixes(owner: str, model: str, prompt: Sequence[Segment]) -> list[bytes]:
    """A digest of everything up to and including each segment."""
    hasher = blake2b(f"{owner}\0{model}".encode(), digest_size=16)
    found: list[bytes] = []
    for segment in prompt:
        part = segment.part
        content = (part if isinstance(part, str) else part_json(part)).encode()
        hasher.update(b"\0%s\0%d\0" % (segment.section.encode(), len(content)))
        hasher.update(content)
        found.append(hasher.copy().digest())
    return found


def _written(prompt: Sequence[Segment], tokens: Sequence[int], breaks: Sequence[int], hit: int) -> CacheUse:
    read = tokens[hit] if hit >= 0 else 0
    long = max((tokens[place] for place in breaks if _lifetime(prompt[place]) == "1h"), default=0)
    long_end = max(long, read)
    return CacheUse(read, max(tokens[breaks[-1]] - long_end, 0), long_end - read)
