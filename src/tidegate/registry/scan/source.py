"""One file of a package as the rules see it: its kind, its text, its lines."""

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from typing import NamedTuple

from tidegate.registry.scan.fold import fold

MAX_LOOKED_AT = 524_288
"""Bytes of one text that rules look at; a longer one is itself a finding."""


class Kind(Enum):
    """What a file is taken for."""

    PROSE = "prose"
    PYTHON = "python"
    SHELL = "shell"
    JAVASCRIPT = "javascript"
    OTHER_SCRIPT = "other script"
    DATA = "data"
    BINARY = "binary"


SCRIPTS = frozenset({Kind.PYTHON, Kind.SHELL, Kind.JAVASCRIPT, Kind.OTHER_SCRIPT})

_BY_SUFFIX = {
    **dict.fromkeys(("md", "markdown", "mdx", "txt", "rst", "adoc", "org"), Kind.PROSE),
    **dict.fromkeys(("py", "pyw", "pyi", "pth"), Kind.PYTHON),
    **dict.fromkeys(("sh", "bash", "zsh", "fish", "ksh", "command", "bats"), Kind.SHELL),
    **dict.fromkeys(("js", "mjs", "cjs", "ts", "mts", "cts", "jsx", "tsx"), Kind.JAVASCRIPT),
    **dict.fromkeys(
        (
            "ps1",
            "psm1",
            "bat",
            "cmd",
            "vbs",
            "rb",
            "pl",
            "php",
            "lua",
            "applescript",
            "scpt",
            "awk",
            "r",
            "mk",
        ),
        Kind.OTHER_SCRIPT,
    ),
}
_BY_NAME = {"makefile": Kind.OTHER_SCRIPT, "dockerfile": Kind.OTHER_SCRIPT, "justfile": Kind.OTHER_SCRIPT}
_BY_INTERPRETER = {
    "python": Kind.PYTHON, "node": Kind.JAVASCRIPT, "deno": Kind.JAVASCRIPT, "bun": Kind.JAVASCRIPT,
    "bash": Kind.SHELL, "zsh": Kind.SHELL, "dash": Kind.SHELL, "ksh": Kind.SHELL, "sh": Kind.SHELL,
}  # fmt: skip
_NOT_BLANK = 0.02
"""Share of control characters from which a file is no text."""


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
    nested: int = field(default=0)

    @cached_property
    def matched(self) -> Text:
        """What patterns are matched on."""
        return as_text(self.text)

    @property
    def name(self) -> str:
        """The last part of the path, lower case."""
        return self.path.rpartition("/")[2].lower()


def read_source(path: str, content: bytes) -> Source:
    """Tell what a file is by its name, its first line and its bytes."""
    head = content[:MAX_LOOKED_AT]
    text = _decode(head)
    if text is None:
        return Source(path, content, Kind.BINARY)
    return Source(path, content, _kind(path, text), text, cut=len(content) > len(head))


def _decode(head: bytes) -> str | None:
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return head.decode("utf-16", "replace")
    controls = sum(head.count(byte) for byte in (b"\0", b"\1", b"\2", b"\3", b"\4", b"\5", b"\6", b"\x0e"))
    if b"\0" in head or controls > _NOT_BLANK * len(head):
        return None
    text = head.decode("utf-8", "surrogateescape")
    odd = sum("\udc80" <= char <= "\udcff" for char in text) if not text.isascii() else 0
    if odd > 0.3 * max(1, len(text)):
        return None
    return (
        text.encode("utf-8", "surrogateescape")
        .decode("utf-8", "replace")
        .replace("\r\n", "\n")
        .replace("\r", "\n")
    )


def _kind(path: str, text: str) -> Kind:
    name = path.rpartition("/")[2].lower()
    if text.startswith("#!"):
        first = text.split("\n", 1)[0]
        return next((kind for word, kind in _BY_INTERPRETER.items() if word in first), Kind.OTHER_SCRIPT)
    stem, _, suffix = name.rpartition(".")
    if name in _BY_NAME or not stem:
        return _BY_NAME.get(name, Kind.DATA)
    if "." not in name:
        return Kind.PROSE if name in ("readme", "license", "notice", "changelog") else Kind.DATA
    return _BY_SUFFIX.get(suffix, Kind.DATA)
