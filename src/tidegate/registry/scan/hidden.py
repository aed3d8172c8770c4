"""Find text that a rendered page does not show: comments, hidden styles, padding."""

from collections.abc import Callable, Iterator

from tidegate.registry.scan.found import Found, found
from tidegate.registry.scan.markdown import Context
from tidegate.registry.scan.pattern import pattern
from tidegate.registry.scan.rules import leaks
from tidegate.registry.scan.severity import Severity
from tidegate.registry.scan.source import Source

Judge = Callable[[str], bool]
"""Whether a text alone would be a finding of the rules on instructions or commands."""

_COMMENT = pattern(r"(?s)<!--(.*?)(?:-->|$)|(?m)^\[[^\]\n]{0,40}\]: *(?:#|<>) *[(\"']([^\n]{8,900})$")
_LONG = 300
_STYLE = pattern(
    r"(?i)<\w+[^>]{0,300}(?:display\s*:\s*none|visibility\s*:\s*hidden|opacity\s*:\s*0?\.?0+\b|"
    r"font-size\s*:\s*(?:0|1px|1pt|0?\.\d)|(?:^|[\s;\"'])color\s*:\s*(?:#f{3}(?:f{3})?\b|white|"
    r"transparent|rgba?\([^)]*,\s*0\))|"
    r"left\s*:\s*-\d{3,}|text-indent\s*:\s*-\d{3,}|(?:max-)?(?:height|width)\s*:\s*0\b|"
    r"aria-hidden\s*=\s*[\"']true|\shidden(?:\s|>|=))[^>]{0,300}>"
)
_ADDRESSES = pattern(f"(?i){leaks.ADDRESSES_MODEL}")
_BLANK_LINES, _BLANKS = 100, 400
_MAX = 3
_SHOWN = 600


def find_hidden(source: Source, context: Context, judge: Judge) -> Iterator[Found]:
    """Hidden text that speaks to the model, or that a rule would object to if it were seen."""
    yield from _comments(source, context, judge)
    yield from _styles(source, context, judge)
    yield from _padding(source)


def _comments(source: Source, context: Context, judge: Judge) -> Iterator[Found]:
    plain = source.matched.plain
    told = 0
    for match in _COMMENT.finditer(plain):
        if context.in_fence(match.start()) and context.quoted(match.start(), match.end()):
            continue
        text = (match[1] or match[2] or b"").decode(errors="replace")
        bad = bool(_ADDRESSES.search(text)) or judge(text)
        if bad or len(text) > _LONG:
            told += 1
            line = source.matched.line(match.start())
            yield found(leaks.HIDDEN_COMMENT, source.path, line, text, severity=None if bad else Severity.LOW)
        if told >= _MAX:
            return


def _styles(source: Source, context: Context, judge: Judge) -> Iterator[Found]:
    plain = source.matched.plain
    for number, match in enumerate(_STYLE.finditer(plain)):
        if context.in_fence(match.start()):
            continue
        text = plain[match.end() : match.end() + _SHOWN].decode(errors="replace")
        bad = bool(_ADDRESSES.search(text)) or judge(text)
        line = source.matched.line(match.start())
        yield found(leaks.HIDDEN_STYLE, source.path, line, text, severity=None if bad else Severity.LOW)
        if number >= _MAX:
            return


def _padding(source: Source) -> Iterator[Found]:
    blank = 0
    for number, line in enumerate(source.text.split("\n"), 1):
        inner = line.strip()
        blank = blank + 1 if not inner else blank
        if inner and (blank >= _BLANK_LINES or " " * _BLANKS in line or "\t" * (_BLANKS // 8) in line):
            yield found(leaks.PADDING, source.path, number, inner[-100:])
            return
        blank = 0 if inner else blank
