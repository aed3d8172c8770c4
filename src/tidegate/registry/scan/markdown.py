"""Where code and quotations are in a Markdown text, and whether a place only warns of what it shows."""

from bisect import bisect_right
from dataclasses import dataclass
from itertools import islice

from tidegate.registry.scan.pattern import pattern
from tidegate.registry.scan.source import Kind, Source, Text

_FENCE = pattern(r"(?m)^[ >]{0,8}(```+|~~~+)[ \t]*([\w+#.-]*)[^\n]*$")
_INLINE = pattern(r"`[^`\n]{1,900}`|\"[^\"]{1,600}\"|(?:^|[\s(])'[^'\n]{4,400}'")
_WARNING = pattern(
    r"(?i)\b(?:attacks?|attackers?|malicious|malware|injections?|phish\w*|suspicious|vulnerab\w+|"
    r"dangerous|unsafe|insecure|"
    r"red.?team\w*|indicators?|recogni[sz]e|detect\w*|flag(?:ged|s)?|forbidden|exploit\w*|threats?|"
    r"adversar\w+|"
    r"jailbreaks?|anti-?patterns?|bad|wrong|risky|avoid|never|refuse|reject|report (?:it|them)|"
    r"shadow private|compromis\w+|"
    r"(?:do|does|must|should) not (?:do|run|execute|follow|use|obey|paste|pipe|comply)|untrusted|as data|"
    r"don't (?:do|run|execute|follow|use|obey|paste|pipe)|"
    r"search for|look for|grep|reverse shell|red flags?|typosquat\w*)\b"
)
_NEGATED = pattern(
    r"(?i)\b(?:never|do not|don't|must not|should not|shouldn't|cannot|can't|must never|avoid|refuse to|"
    r"instead of|"
    r"rather than|no need to|not allowed to|forbidden to)\b[^.;:!?\n]{0,60}$"
)
_UNNEGATED = pattern(
    r"(?i)\b(?:forget|fail|hesitate|omit|neglect|skip|miss|mention|tell|ask|mind|stop|worry)\b"
)
_BEFORE, _AFTER = 500, 240
_MOST = 4_000
"""Marks of fences that are read; what comes after is taken for prose, which is judged more strictly."""


@dataclass(frozen=True, slots=True)
class Fence:
    """A fenced block: its language, the byte offsets of its content, its first line."""

    language: str
    begin: int
    end: int
    line: int


@dataclass(frozen=True, slots=True)
class Context:
    """The places of a text that are code or quotation; offsets are those of `Text`."""

    text: Text
    fences: tuple[Fence, ...]
    quotes: tuple[tuple[int, int], ...]

    def quoted(self, begin: int, end: int) -> bool:
        """Whether the match stands in code or quotation marks and the text around warns of it."""
        if not (self.in_fence(begin) or self._in_quote(begin, end)):
            return False
        fence = self._fence(begin)
        start = min(begin, fence.begin) if fence else begin
        plain = self.text.plain
        before = plain[max(0, start - _BEFORE) : begin]
        after = plain[end : (min(fence.end, end + _AFTER) if fence else end + _AFTER)]
        return bool(_WARNING.search(before) or _WARNING.search(after))

    def negated(self, begin: int) -> bool:
        """Whether the sentence forbids what comes: `never run …`."""
        found = _NEGATED.search(self.text.flowing[max(0, begin - 120) : begin])
        return found is not None and _UNNEGATED.search(found[0]) is None

    def in_fence(self, at: int) -> bool:
        """Whether the offset is inside a fenced block."""
        return self._fence(at) is not None

    def _fence(self, at: int) -> Fence | None:
        number = bisect_right(self.fences, at, key=lambda fence: fence.begin) - 1
        return self.fences[number] if number >= 0 and at < self.fences[number].end else None

    def _in_quote(self, begin: int, end: int) -> bool:
        at = bisect_right(self.quotes, (begin, len(self.text.plain))) - 1
        return at >= 0 and self.quotes[at][0] <= begin and end <= self.quotes[at][1] + 1


def read_context(source: Source) -> Context:
    """The fences and quotations of a text; scripts have none."""
    text = source.matched
    if source.kind not in (Kind.PROSE, Kind.DATA):
        return Context(text, (), ())
    return Context(text, _fences(text), tuple(found.span() for found in _INLINE.finditer(text.flowing)))


def _fences(text: Text) -> tuple[Fence, ...]:
    fences: list[Fence] = []
    opened: tuple[bytes, str, int] | None = None
    for mark in islice(_FENCE.finditer(text.plain), _MOST):
        if opened is None:
            opened = (mark[1], mark[2].decode(errors="replace").lower(), mark.end() + 1)
        elif mark[1].startswith(opened[0]) and not mark[2]:
            fences.append(Fence(opened[1], opened[2], mark.start(), text.line(opened[2])))
            opened = None
    if opened is not None:
        fences.append(Fence(opened[1], opened[2], len(text.plain), text.line(opened[2])))
    return tuple(fences)
