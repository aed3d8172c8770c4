"""One file of a package as the rules see it: its kind, its text, its lines."""

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

from tidegate.registry.scan.decode import decode, lenient
from tidegate.registry.scan.fold import fold
from tidegate.registry.scan.kind import SCRIPTS, Kind, by_first_line, by_name, kinds_of

MAX_LOOKED_AT = 524_288
"""Bytes of one text that rules look at; a longer one is itself a finding."""


class Text(NamedTuple):
    """Bytes to match patterns on; `flowing` has the same offsets, with the lines of a paragraph joined."""

    plain: bytes
    flowing: bytes
    starts: tuple[int, ...]

    def line(self, at: int) -> int:
        """The line of a byte offset, from 1."""
        return bisect_right(self.starts, at)

    def line_text(self, at: int) -> str:
        """The line that a byte offset is in."""
        begin = self.starts[self.line(at) - 1]
        end = self.plain.find(b"\n", begin)
        return self.plain[begin : len(self.plain) if end < 0 else end][:4_000].decode(errors="replace")


def as_text(text: str) -> Text:
    """Folded text with its line starts."""
    plain = fold(text).encode(errors="replace")
    starts = [0]
    at = plain.find(b"\n")
    while at >= 0:
        starts.append(at + 1)
        at = plain.find(b"\n", at + 1)
    return Text(plain, _flow(plain), tuple(starts))


def _flow(plain: bytes) -> bytes:
    """Line ends inside a paragraph become blanks; before lists, headings, tables and fences they stay."""
    return _INSIDE.sub(b" ", plain.replace(b"\n> ", b"   "))


_INSIDE = re.compile(rb"\n(?![\n\-*#|`~+0-9])")
"""One character and the look at the next: linear as it is."""


@dataclass(frozen=True)
class Source:
    """A file; `text` is empty for a binary, and cut to MAX_LOOKED_AT (`cut`)."""

    path: str
    content: bytes
    kind: Kind
    text: str = ""
    cut: bool = False
    opaque: bool = False
    """No text by its bytes, read as one since it is where texts and scripts are."""
    disguise: str = ""
    """What makes a reviewer and an interpreter read it differently."""
    others: tuple["Source", ...] = ()
    """The same file, read otherwise: as another kind, in another encoding."""

    @cached_property
    def matched(self) -> Text:
        """What patterns are matched on."""
        return as_text(self.text)

    @property
    def name(self) -> str:
        """The last part of the path, lower case."""
        return self.path.rpartition("/")[2].lower()

    def taken_for(self, kind: Kind) -> "Source":
        """The file where something runs or reads it as `kind`, whatever its name and bytes say."""
        text = self.text or lenient(self.content[:MAX_LOOKED_AT])
        return replace(self, kind=kind, text=text, others=())


def read_source(path: str, content: bytes) -> Source:
    """Tell what a file is by its name, first line and bytes; every way to read it where they differ."""
    head = content[:MAX_LOOKED_AT]
    decoded = decode(path, head)
    if not decoded.texts:
        return Source(path, content, Kind.BINARY)
    cut = len(content) > len(head)
    readings = [
        Source(path, content, kind, text, cut) for text in decoded.texts for kind in kinds_of(path, text)
    ]
    return replace(
        readings[0],
        opaque=decoded.opaque,
        disguise=decoded.disguise or _disagreement(path, decoded.texts),
        others=tuple(readings[1:]),
    )


def _disagreement(path: str, texts: Sequence[str]) -> str:
    """Where a script's first line names another interpreter than its suffix."""
    named = by_name(path)
    for text in texts:
        if named in SCRIPTS and by_first_line(text) not in (None, named):
            return f"is named as {named.value}, and says {text[:40].splitlines()[0]}"
    return ""
