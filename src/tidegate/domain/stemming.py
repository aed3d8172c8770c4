"""English words cut to what their inflections share: light suffix stripping."""

_SHORTEST = 4
"""Words below this length, and stems of a longer suffix, are not cut further."""

_SIBILANT_PLURALS = ("sses", "xes", "ches", "shes", "zes")
_NO_PLURALS = ("ss", "us", "is")
_DERIVED = ("ation", "ment", "ate", "at", "ise", "ize", "is", "iz")
_DOUBLED = frozenset("bdfgmnprt")
_CUT = frozenset("deginstyz")
_INFLECTED = frozenset("dgy")
"""Last letters of all that is ever cut, and of `-ed`, `-ing`, `-ly`: most words end in others."""


def stem(word: str) -> str:
    """The stem of a word in lower case; one that is short, or not ASCII, is its own.

    Stems are keys, not words: `policies` and `policy` are `polic`, `translation` and `translate` are
    `transl`. Snowball's English stemmer conflates a little more and takes far longer in Python.
    """
    if len(word) < _SHORTEST or word[-1] not in _CUT or not word.isascii():
        return word
    if word[-1] == "s":
        word = _singular(word)
    if word[-1] in _INFLECTED:
        word = _uninflected(word)
    return _underived(word) if word[-1] in _CUT else word


def _singular(word: str) -> str:
    if word.endswith("ies"):
        return word[:-3] + "y"
    if word.endswith(_SIBILANT_PLURALS):
        return word[:-2]
    return word if word.endswith(_NO_PLURALS) else word[:-1]


def _uninflected(word: str) -> str:
    if word.endswith("ing") and len(word) > 5:
        return _undoubled(word[:-3])
    if word.endswith("ied"):
        return word[:-3] + "y"
    if word.endswith("ed") and len(word) > 4:
        return _undoubled(word[:-2])
    return word[:-2] if word.endswith("ly") and len(word) > 5 else word


def _undoubled(word: str) -> str:
    """`plann` is `plan`; `process` and `call` end in two letters of their own."""
    return word[:-1] if word[-1] in _DOUBLED and word[-2:-1] == word[-1] else word


def _underived(word: str) -> str:
    if word.endswith(_DERIVED) and not word.endswith("eat"):
        for suffix in _DERIVED:
            if word.endswith(suffix) and len(word) - len(suffix) >= _SHORTEST:
                return word[: -len(suffix)]
    if len(word) >= _SHORTEST and word[-1] in "eiy":
        word = word[:-1]
    return word[:-1] + "s" if word[-1] == "z" else word
