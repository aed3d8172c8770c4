"""Find text that a rendered page does not show: comments, hidden styles, padding."""

from collections.abc import Callable, Iterator
from itertools import zip_longest

from tidegate.registry.scan.found import Found, found
from tidegate.registry.scan.markdown import Context
from tidegate.registry.scan.pattern import BytesMatch, pattern
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
_ORDER = pattern(
    r"(?i)\b(?:must|should|please|have to|run|send|open|enter|include|ignore|mention|append|copy|upload|"
    r"fetch|always|never)\b[^\n]*\s[^\n]*\s[^\n]*\s|https?://"
)
"""What tells hidden prose from the label of an icon."""
_BLANK_LINES, _BLANKS = 100, 400
_MAX = 3
_EACH = _BATCH = 64
_SHOWN = 600


def find_hidden(source: Source, context: Context, judge: Judge) -> Iterator[Found]:
    """Hidden text that speaks to the model, or that a rule would object to if it were seen."""
    yield from _comments(source, context, judge)
    yield from _styles(source, context, judge)
    yield from _padding(source)


def visible(source: Source) -> str:
    """What a reader of the page sees: without comments."""
    return _COMMENT.sub(b"", source.matched.plain).decode(errors="replace")


def _comments(source: Source, context: Context, judge: Judge) -> Iterator[Found]:
    """Each of the first; the rest in batches, and one by one those of a batch that is bad as a whole."""
    comments = _hidden(source, context)
    each_of = [[comment] for comment in comments[:_EACH]]
    batches = [comments[first : first + _BATCH] for first in range(_EACH, len(comments), _BATCH)]
    bad = 0
    for batch in (*each_of, *batches):
        if not _is_bad("\n\n".join(text for _, text in batch), judge):
            continue
        line, text = next((each for each in batch if len(batch) == 1 or _is_bad(each[1], judge)), batch[0])
        bad += 1
        yield found(leaks.HIDDEN_COMMENT, source.path, line, text)
        if bad >= _MAX:
            return
    for line, text in [each for each in comments if len(each[1]) > _LONG][:_MAX]:
        yield found(leaks.HIDDEN_COMMENT, source.path, line, text, severity=Severity.LOW)


def _hidden(source: Source, context: Context) -> list[tuple[int, str]]:
    """Comments with something in them, by line."""
    hidden: list[tuple[int, str]] = []
    for match in _COMMENT.finditer(source.matched.plain):
        text = (match[1] or match[2] or b"").strip()
        if text and not _is_shown(context, match):
            hidden.append((source.matched.line(match.start()), text.decode(errors="replace")))
    return hidden


def _is_bad(text: str, judge: Judge) -> bool:
    return _ADDRESSES.search(text) is not None or judge(text)


def _is_shown(context: Context, match: BytesMatch) -> bool:
    """A comment in code is shown like any code; in a fence, whose text is read, where that warns of it."""
    if context.in_fence(match.start()):
        return context.quoted(match.start(), match.end())
    return context.in_code(match.start(), match.end())


def _styles(source: Source, context: Context, judge: Judge) -> Iterator[Found]:
    """Each of the first; of the rest those that are bad, in batches, so that many are soon judged too."""
    spans = [span for span in _STYLE.finditer(source.matched.plain) if not context.in_fence(span.start())]
    for span in spans[:_MAX]:
        text = _after(source, span.end(), span.end() + _SHOWN)
        bad = _speaks(text) or judge(text)
        yield _style(source, span, text, None if bad else Severity.LOW)
    told = 0
    for first in range(_MAX, len(spans), _BATCH):
        batch = spans[first : first + _BATCH]
        ends = [span.start() for span in spans[first + 1 : first + _BATCH + 1]]
        texts = [_after(source, span.end(), end) for span, end in zip_longest(batch, ends)]
        speaking = next((number for number, text in enumerate(texts) if _speaks(text)), None)
        if speaking is not None or judge(" ".join(text.partition("</")[0] for text in texts)):
            told += 1
            yield _style(source, batch[speaking or 0], texts[speaking or 0], None)
        if told >= _MAX:
            return


def _after(source: Source, begin: int, end: int | None) -> str:
    """What follows a tag: up to the next one, and no more than would be shown."""
    stop = begin + _SHOWN if end is None else min(end, begin + _SHOWN)
    return source.matched.plain[begin:stop].decode(errors="replace")


def _speaks(text: str) -> bool:
    return bool(_ADDRESSES.search(text) or _ORDER.search(text.partition("</")[0]))


def _style(source: Source, span: BytesMatch, text: str, severity: Severity | None) -> Found:
    line = source.matched.line(span.start())
    return found(leaks.HIDDEN_STYLE, source.path, line, text, severity=severity)


def _padding(source: Source) -> Iterator[Found]:
    blank = 0
    for number, line in enumerate(source.text.split("\n"), 1):
        inner = line.strip()
        blank = blank + 1 if not inner else blank
        if inner and (blank >= _BLANK_LINES or " " * _BLANKS in line or "\t" * (_BLANKS // 8) in line):
            yield found(leaks.PADDING, source.path, number, inner[-100:])
            return
        blank = 0 if inner else blank
