"""Text as a model reads it: look-alike letters folded to ASCII, invisible characters gone, lines kept."""

import unicodedata

_CYRILLIC = "авекмнорстухіјѕԁһԛԝАВЕКМНОРСТУХІЈЅ"
_CYRILLIC_AS = "abekmhopctyxijsdhqwABEKMHOPCTYXIJS"
_GREEK = "αβεικνορτυχΑΒΕΖΗΙΚΜΝΟΡΤΥΧ"
_GREEK_AS = "abeiknoptuxABEZHIKMNOPTYX"
_LATIN = "ıȷøØɨłŁđĐħŧɡɑɩ"
_LATIN_AS = "ijoOilLdDhtgai"
"""Letters that no decomposition brings back to those they look like."""
_ARMENIAN = "օսոհցԼՕՏ"
_ARMENIAN_AS = "ounhgLOS"
_QUOTES = "‘’‛ʼ“”„«»–—−"
_QUOTES_AS = '\'\'\'\'"""""---'

LOOK_ALIKE = {
    ord(char): latin
    for odd, plain in (
        (_CYRILLIC, _CYRILLIC_AS),
        (_GREEK, _GREEK_AS),
        (_LATIN, _LATIN_AS),
        (_ARMENIAN, _ARMENIAN_AS),
        (_QUOTES, _QUOTES_AS),
    )
    for char, latin in zip(odd, plain, strict=True)
}
"""Letters that look like others; enough for the words that rules look for."""

_BLANK = frozenset(
    " \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
)


def fold(text: str) -> str:
    """The folded text, with as many lines as before."""
    if text.isascii():
        return text
    folded = text.translate(LOOK_ALIKE) if _mixes_scripts(text) else text.translate(_QUOTES_ONLY)
    if not folded.isascii():
        folded = folded.translate({ord(char): _plain(char) for char in set(folded) if not char.isascii()})
    return folded


_QUOTES_ONLY = {ord(char): latin for char, latin in zip(_QUOTES, _QUOTES_AS, strict=True)}


def _mixes_scripts(text: str) -> bool:
    """Whether a word has ASCII letters and look-alikes of another script side by side."""
    return any(
        not word.isascii()
        and any("a" <= char.lower() <= "z" for char in word)
        and any(ord(char) in LOOK_ALIKE and char.isalpha() for char in word)
        for word in text.split()
    )


def _plain(char: str) -> str:
    """One character in compatibility form; invisible ones are nothing."""
    if char in _BLANK:
        return " "
    if unicodedata.category(char) in ("Cf", "Mn") and not "\u0900" <= char <= "\u0fff":
        return ""
    plain = unicodedata.normalize("NFKC", char)
    return plain if "\n" not in plain else char
