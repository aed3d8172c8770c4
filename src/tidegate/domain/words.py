"""A text as words: folded (NFKC, case), split, stemmed; scripts without spaces as pairs of characters."""

import re
from functools import cache
from operator import add
from unicodedata import normalize

from tidegate.domain.common_words import COMMON_WORDS, FUNCTION_WORDS, OURS
from tidegate.domain.stemming import stem

LONGEST = 40
"""Letters of a word; what is longer is a key, a hash or an encoding, and is looked up by nobody."""

_NUMBER = 3
"""Digits from which a number is looked up (`365`, `27001`); a shorter one is an amount or a day."""

_SPACED = bytes(
    byte if byte > 127 else ord(chr(byte).lower()) if chr(byte).isalnum() else 32 for byte in range(256)
)
"""By byte of UTF-8: ASCII letters in lower case; digits and all beyond ASCII as they are; else a space."""

_UNSPACED = "\u0e00-\u0e7f\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
_PART = re.compile(rf"[{_UNSPACED}]+|[^\W_{_UNSPACED}]+")
_IS_UNSPACED = re.compile(f"[{_UNSPACED}]")

_FUNCTION = frozenset(FUNCTION_WORDS.split())
_OURS = frozenset(OURS.split())


def tokens(text: str) -> list[str]:
    """The folded words of a text in their order, not stemmed; Chinese, Japanese, Korean and Thai in pairs."""
    if text.isascii():
        return text.encode().translate(_SPACED).decode().split()
    spaced = text.lower().encode(errors="surrogatepass").translate(_SPACED)
    found: list[str] = []
    for run in spaced.decode(errors="surrogatepass").split(" "):
        if run.isascii():
            found.append(run)
        else:
            found += _parts(run)
    return list(filter(None, found))


def term(token: str) -> str:
    """What a token is looked up by; empty for one that says nothing of the subject."""
    if token in _FUNCTION or len(token) > LONGEST or (len(token) < _NUMBER and token.isdecimal()):
        return ""
    return stem(token)


def is_ours(token: str) -> bool:
    """Whether the token speaks for a group, as people do at work."""
    return token in _OURS


@cache
def common_terms() -> frozenset[str]:
    """The terms of everyday English, which say less than others."""
    return frozenset(map(term, COMMON_WORDS.split()))


def _parts(run: str) -> list[str]:
    """The words of a run with letters beyond ASCII; folding makes none more than four times as long."""
    folded = normalize("NFKC", run)[: 2 * len(run)].casefold()[: 4 * len(run)]
    found: list[str] = []
    for part in _PART.findall(folded):
        if len(part) < 3 or not _IS_UNSPACED.match(part):
            found.append(part)
        else:
            found += map(add, part, part[1:])
    return found
