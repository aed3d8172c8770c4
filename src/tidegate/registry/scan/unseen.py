"""Find characters that are not seen: tags, selectors, direction controls, zero width."""

import unicodedata
from collections.abc import Iterator

from tidegate.registry.scan.fold import LOOK_ALIKE
from tidegate.registry.scan.found import Found, found
from tidegate.registry.scan.rule import Rule
from tidegate.registry.scan.rules import unseen as rules
from tidegate.registry.scan.severity import Severity
from tidegate.registry.scan.source import SCRIPTS, Source

_FLAG, _CANCEL = "\U0001f3f4", "\U000e007f"
_FLAG_TAGS = 6
_FLAGS = tuple(
    _FLAG + "".join(chr(0xE0000 + ord(letter)) for letter in land) + _CANCEL
    for land in ("gbeng", "gbsct", "gbwls")
)
"""England, Scotland, Wales: no others are recommended for use (Unicode Technical Standard 51)."""
_OVERRIDES, _ISOLATES = frozenset("\u202a\u202b\u202d\u202e\u202c"), frozenset("\u2066\u2067\u2068\u2069")
_NO_WIDTH = frozenset(
    "\u200b\u200c\u200d\u2060\u2061\u2062\u2063\u2064\ufeff\u180e\u00ad\u3164\u115f\u1160\uffa0\u2800"
)
_MANY, _MANY_IN_A_ROW = 8, 3
_SELECTORS = (("\ufe00", "\ufe0f"), ("\U000e0100", "\U000e01ef"))


def find_unseen(source: Source) -> Iterator[Found]:
    """Findings on characters; each rule once a file, at its first place."""
    text = source.text
    if "\x1b" in text or "\x08" in text:
        yield _at(rules.CONTROLS, source, min(at for at in map(text.find, "\x1b\x08") if at >= 0))
    if text.isascii():
        return
    yield from _tags(source)
    yield from _selectors(source)
    yield from _bidi(source)
    yield from _zero_width(source)
    yield from _look_alikes(source)


def _at(rule: Rule, source: Source, at: int, severity: Severity | None = None) -> Found:
    line = source.text.count("\n", 0, at) + 1
    return found(rule, source.path, line, source.text[max(0, at - 40) : at + 60], severity=severity)


def _tags(source: Source) -> Iterator[Found]:
    text = source.text
    for at, char in enumerate(text):
        if "\U000e0000" <= char <= "\U000e007f" and not _in_flag(text, at):
            yield _at(rules.TAGS, source, at)
            return


def _in_flag(text: str, at: int) -> bool:
    """Whether a tag character belongs to one of the three flags that there are."""
    begin = text.rfind(_FLAG, max(0, at - _FLAG_TAGS), at)
    return begin >= 0 and text.startswith(_FLAGS, begin)


def _selectors(source: Source) -> Iterator[Found]:
    text = source.text
    for at, char in enumerate(text[1:], 1):
        if _selects(char) and (
            _selects(text[at - 1]) or (char >= "\U000e0100" and not _ideograph(text[at - 1]))
        ):
            yield _at(rules.SELECTORS, source, at)
            return


def _selects(char: str) -> bool:
    return any(low <= char <= high for low, high in _SELECTORS)


def _ideograph(char: str) -> bool:
    return unicodedata.category(char) == "Lo"


def _bidi(source: Source) -> Iterator[Found]:
    text = source.text
    found_at = [at for at, char in enumerate(text) if char in _OVERRIDES or char in _ISOLATES]
    if not found_at:
        return
    serious = [at for at in found_at if text[at] in _OVERRIDES]
    if source.kind in SCRIPTS:
        yield _at(rules.BIDI, source, found_at[0], Severity.CRITICAL)
    elif serious or not _has_right_to_left(text):
        yield _at(rules.BIDI, source, (serious or found_at)[0])
    else:
        yield _at(rules.BIDI, source, found_at[0], Severity.LOW)


def _has_right_to_left(text: str) -> bool:
    return any(unicodedata.bidirectional(char) in ("R", "AL") for char in text)


def _zero_width(source: Source) -> Iterator[Found]:
    """Where they are many or in a row; in emojis and in scripts that join letters they belong."""
    text = source.text
    odd: list[int] = []
    row = 0
    for at, char in enumerate(text):
        if char not in _NO_WIDTH or _belongs(text, at):
            row = 0
            continue
        odd.append(at)
        row = row + 1 if len(odd) > 1 and odd[-2] == at - 1 else 1
        if row >= _MANY_IN_A_ROW or len(odd) >= _MANY:
            yield _at(rules.ZERO_WIDTH, source, odd[0])
            return
    if odd:
        yield _at(rules.ZERO_WIDTH, source, odd[0], Severity.LOW)


def _belongs(text: str, at: int) -> bool:
    """Whether a joiner follows an emoji or a letter of a script that has joiners; a soft hyphen, a letter."""
    before = text[at - 1] if at else ""
    if not before or text[at] in "\u200b\u2060\u2061\u2062\u2063\u2064\u3164\u115f\u1160\uffa0\u2800":
        return text[at] == "\u200b" and bool(before) and "\u0e00" <= before <= "\u17ff"
    if text[at] == "\u00ad":
        return before.isalpha()
    return "\u0600" <= before <= "\u1fff" or _selects(before) or unicodedata.category(before) in ("So", "Sk")


def _look_alikes(source: Source) -> Iterator[Found]:
    at = 0
    seen: list[int] = []
    for word in source.text.split():
        at = source.text.find(word, at)
        if not word.isascii() and _mixed(word):
            seen.append(at)
            if len(seen) == 2:
                yield _at(rules.LOOK_ALIKES, source, seen[0])
                return
        at += len(word)


def _mixed(word: str) -> bool:
    letters = [char for char in word if char.isalpha()]
    return any(char.isascii() for char in letters) and any(
        ord(char) in LOOK_ALIKE and "\u0370" <= char <= "\u0587" for char in letters
    )
