"""RE2 patterns that keep quiet: linear in the text, and what they run out of is not written to stderr."""

from collections.abc import Iterator
from typing import Protocol, cast, overload

import re2

_MEMORY = 1 << 24


class Match(Protocol):
    """What a pattern found; on bytes its groups are bytes."""

    def span(self) -> tuple[int, int]: ...
    def start(self) -> int: ...
    def end(self) -> int: ...
    @overload
    def __getitem__(self, group: int) -> str: ...
    @overload
    def __getitem__(self, group: str) -> str: ...


class BytesMatch(Protocol):
    """The same on bytes."""

    def span(self) -> tuple[int, int]: ...
    def start(self) -> int: ...
    def end(self) -> int: ...
    def __getitem__(self, group: int) -> bytes: ...


class Pattern(Protocol):
    """A compiled pattern, for text and for bytes."""

    @overload
    def search(self, text: str, pos: int = ...) -> Match | None: ...
    @overload
    def search(self, text: bytes, pos: int = ...) -> BytesMatch | None: ...
    @overload
    def finditer(self, text: str) -> Iterator[Match]: ...
    @overload
    def finditer(self, text: bytes) -> Iterator[BytesMatch]: ...
    @overload
    def sub(self, replacement: str, text: str) -> str: ...
    @overload
    def sub(self, replacement: bytes, text: bytes) -> bytes: ...


def options(memory: int = _MEMORY) -> re2.Options:
    """Options that log nothing; `memory` in bytes is for one pattern and what it remembers of a text."""
    chosen = re2.Options()
    chosen.max_mem = memory
    chosen.log_errors = False
    return chosen


def pattern(written: str | bytes, memory: int = _MEMORY) -> Pattern:
    """Compile RE2 syntax; raises re2.error."""
    return cast("Pattern", re2.compile(written, options(memory)))
