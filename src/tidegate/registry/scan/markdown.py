"""Where code and quotations are in a Markdown text, and whether a place only warns of what it shows."""

import re
from bisect import bisect_right
from dataclasses import dataclass, replace
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
    r"jailbreaks?|anti-?patterns?|bad|wrong|risky|refuse|reject|report (?:it|them)|"
    r"shadow private|compromis\w+|"
    r"(?:do|does|must|should) not (?:do|run|execute|follow|use|obey|paste|pipe|comply)|untrusted|as data|"
    r"don't (?:do|run|execute|follow|use|obey|paste|pipe)|"
    r"search for|look for|grep|reverse shell|red flags?|typosquat\w*)\b|"
    r"\bnever (?:ever )?(?:do|run|execut\w+|use|follow|obey|paste|type|send|share|call|write|put|pass|"
    r"trust|open|install|"
    r"download|commit|stor\w+|log|pipe|enter|click|ask|tell|do|let|accept|approve|skip|disable|"
    r"hard-?cod\w+)\b|"
    r"(?:^|[.:;!?*\n-]\s*|\b(?:should|must|please|always|better|also|and|or) )avoid\w*\b"
)
_NEGATED = pattern(
    r"(?i)\b(?:never|do not|don't|must not|should not|shouldn't|cannot|can't|must never|avoid|refuse to|"
    r"instead of|"
    r"rather than|no need to|not allowed to|forbidden to)\b[^.;:!?\n]{0,60}$"
)
_REPORTED = pattern(
    r"(?i)\b(?:never|do not|don't|must not|should not|shouldn't|may not|must never|"
    r"cannot)\b[^.;:!?,\n]{0,60}$"
)
_TELLS_MODEL = pattern(
    r"(?i)\b(?:tell|ask|instruct|order|get) (?:the |an? |any |your )?(?:agent|model|assistant|ai|llm)s? to\b"
)
_UNNEGATED = pattern(
    r"(?i)\b(?:forget|fail|hesitate|omit|neglect|skip|miss|mention|tell|ask|mind|stop|worry|"
    r"afraid|shy|only|merely|simply|just|but|until|unless|before|without|otherwise|else|so|then|having|"
    r"if|when|while|once|because|since|continue|proceed|finish|succeed|work|wait|delays?|by|now|"
    r"always|instead (?:run|execute|use|paste|type|call))\b"
)
"""After a negation: what makes it end before, or turn over, what comes."""
_TOGETHER = pattern(
    r"(?i)\b(?:run|execute|paste|pipe|copy|follow|type|install|download|fetch|get|clone|open|save|call|use)"
    r"(?:ing)?(?: [\w-]+){0,3}(?:,| and| or)"
)
"""Verbs that one negation forbids together: `never download and run …`."""
_CUT = pattern(r"(?i),|\band\b|\bor\b")
_LAST_VERB = pattern(
    r"(?i)^(?:never|avoid|\w+(?: not|n't| never)?)((?: [\w'-]+)*) "
    r"(?:run|execute|paste|type|use|call)[ `\"'(*_]*$"
)
_ADVERBS = frozenset(
    b"again any ask asked attempt be been blindly circumstances directly download ever fetch have in let "
    b"made make no open or paste copy simply tell told to try under yourself users user anyone anybody the "
    b"a model and allowed need forbidden than of reason case".split()
)
"""What may stand between a negation and the verb that it forbids."""
_NEGATION = pattern(r"(?i)\b(?:never|avoid|refuse|reject|(?:do|does|must|should) not|don't)\b")
_VOID = pattern(
    r"(?i)\b(?:never|not|don't|cannot|can't|mustn't|without)\s+(?:\w+\s+){0,2}?"
    r"(?:skip\w*|forget\w*|omit\w*|leav\w+ (?:it |this |that |them )?out|miss|neglect\w*|fail\w*|hesitat\w+|"
    r"avoid\w*|ignor\w+|wait|delay|postpone)\b"
)
"""What sounds like a warning and asks for the thing to be done."""
_VERB = (
    r"(?:run|execute|paste|follow|enter|type|invoke|launch|install|copy|perform|start (?:by|with)|"
    r"begin (?:by|with)|do (?:the following|this|it)|issue|put|apply|call|use|complete)"
)
_ORDERS = pattern(
    rf"(?im)(?:^|[.;:!?]\s)[\s>*_#+-]*(?:\d+[.)]\s*)?[*_]*"
    rf"(?:(?:please|now|next|first|then|finally|always|just|simply|"
    rf"you (?:must|should|need to|have to|will|can)|step \d+|"
    rf"to \w+[^.;:!?\n]*|before \w+[^.;:!?\n]*)[,:]?\s+)*"
    rf"(?:{_VERB}\b|(?:first|then|next|now)\b[^\w\n]*:?\s*$)"
)
"""A sentence that tells the reader to do what it shows."""
_BREAK = re.compile(rb"\n[ \t>]*(?=\n)")
_ITEM = re.compile(rb"[ \t>]*(?:[-*+|]|\d+[.)])")
_HEADING = pattern(r"(?m)^#{1,6}[ \t][^\n]{1,200}$")
_LEAD = 1_500
"""Bytes before a quotation in which its paragraph is looked for."""
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
    headings: tuple[int, ...] = ()
    """Where headings begin."""
    warned: bool = False
    """Whether the whole package says that it is about attacks: then what is in quotation marks is quoted."""

    def quoted(self, begin: int, end: int) -> bool:
        """Whether the match stands in code or quotation marks, and its paragraph or heading warns before it.

        No warning helps where the paragraph tells the reader to do it, or not to leave it out.
        """
        fence = self._fence(begin)
        if fence is None and not (self._in_quote(begin, end) or self._in_block(begin)):
            return False
        plain = self.text.plain
        shown = plain[fence.begin : begin] if fence else b""
        lead = _lead(plain, plain.rfind(b"\n", 0, fence.begin - 1) if fence else begin)
        sentence = lead if fence else _sentence(lead)
        if self.warned and fence is None and self._in_marks(begin, end) and not _ORDERS.search(sentence):
            return True
        if _VOID.search(lead) or _VOID.search(shown[-_LEAD:]) or _ORDERS.search(sentence):
            return False
        if fence is None and self._spent(begin):
            lead = lead[: len(lead) - len(sentence)] + _NEGATION.sub(
                b"", sentence
            )  # it forbids something else
        return any(_WARNING.search(each) for each in (lead, shown[-_LEAD:], self._heading(begin)))

    def _heading(self, at: int) -> bytes:
        number = bisect_right(self.headings, at) - 1
        begin = self.headings[number] if number >= 0 else 0
        return self.text.plain[begin : self.text.plain.find(b"\n", begin)] if number >= 0 else b""

    def negated(self, begin: int) -> bool:
        """Whether the sentence forbids what comes: `never run …`."""
        found = _NEGATED.search(self.text.flowing[max(0, begin - 120) : begin])
        return found is not None and not _over(found[0])

    def _spent(self, begin: int) -> bool:
        """Whether the sentence forbids something else before."""
        found = _NEGATED.search(self.text.flowing[max(0, begin - 120) : begin])
        return found is not None and _over(found[0])

    def reported(self, begin: int) -> bool:
        """Whether an order is one that must not be given: `it must not tell the model to …`."""
        found = _REPORTED.search(self.text.flowing[max(0, begin - 90) : begin])
        return found is not None and (not _over(found[0]) or _TELLS_MODEL.search(found[0]) is not None)

    def in_script(self, at: int) -> bool:
        """Whether the offset is inside a fenced block that names its language."""
        fence = self._fence(at)
        return fence is not None and fence.language not in ("", "text", "txt", "md", "markdown", "plain")

    def in_fence(self, at: int) -> bool:
        """Whether the offset is inside a fenced block."""
        return self._fence(at) is not None

    def in_code(self, begin: int, end: int) -> bool:
        """Whether it stands within backquotes on one line, where a page shows it as it is."""
        at = bisect_right(self.quotes, (begin, len(self.text.plain))) - 1
        return self._in_quote(begin, end) and self.text.flowing.startswith(b"`", self.quotes[at][0])

    def _fence(self, at: int) -> Fence | None:
        number = bisect_right(self.fences, at, key=lambda fence: fence.begin) - 1
        return self.fences[number] if number >= 0 and at < self.fences[number].end else None

    def _in_block(self, at: int) -> bool:
        plain = self.text.plain
        line = plain.rfind(b"\n", max(0, at - _LEAD), at) + 1
        return line > 0 and plain.startswith(b">", line)

    def _in_marks(self, begin: int, end: int) -> bool:
        """Whether it stands in quotation marks, and not in code."""
        at = bisect_right(self.quotes, (begin, len(self.text.plain))) - 1
        return self._in_quote(begin, end) and not self.text.flowing.startswith(b"`", self.quotes[at][0])

    def _in_quote(self, begin: int, end: int) -> bool:
        at = bisect_right(self.quotes, (begin, len(self.text.plain))) - 1
        return at >= 0 and self.quotes[at][0] <= begin and end <= self.quotes[at][1] + 1


def read_context(source: Source, *, warned: bool = False) -> Context:
    """The fences and quotations of a text; scripts have none."""
    text = source.matched
    if source.kind not in (Kind.PROSE, Kind.DATA):
        return Context(text, (), ())
    fences = _fences(text)
    quotes = tuple(found.span() for found in _INLINE.finditer(text.flowing))
    context = Context(text, fences, quotes, warned=warned)
    begins = (found.start() for found in _HEADING.finditer(text.plain))
    return replace(context, headings=tuple(at for at in begins if not context.in_fence(at)))


def _over(negation: bytes) -> bool:
    """Whether the negation does not reach to its end: `if you cannot read it, run …`."""
    if _UNNEGATED.search(negation) or _CUT.search(_TOGETHER.sub(b"", negation)):
        return True
    last = _LAST_VERB.search(negation)
    return last is not None and not {*last[1].lower().split()} <= _ADVERBS


def _lead(plain: bytes, end: int) -> bytes:
    """The paragraph that ends there; for lists and tables also what introduces them."""
    before = plain[max(0, end - _LEAD) : max(0, end)].rstrip()
    blocks = _BREAK.split(before)
    first = len(blocks) - 1
    while first > 0 and _ITEM.match(blocks[first].lstrip(b"\n")):
        first -= 1
    return b"\n\n".join(blocks[first:])


def _sentence(lead: bytes) -> bytes:
    """The last sentence or item of a lead."""
    return re.split(rb"[.!?]\s|\n(?=[ \t>]*(?:[-*+|]|\d+[.)]))", lead)[-1]


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
