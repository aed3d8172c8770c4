"""What a script only names: files that a copy leaves out, and public keys, which are for everybody to see."""

from tidegate.registry.scan.pattern import pattern

_NAMED_ONLY = pattern(r"--exclude(?:-dir)?[= ][\"']?[\w.*/~-]+|[\w.~/$-]*/(?:authorized_keys|known_hosts)\b")


def without_left_out(text: str) -> str:
    """The text with blanks in their place, so that all else stays where it is."""
    pieces: list[str] = []
    at = 0
    for match in _NAMED_ONLY.finditer(text):
        pieces += (text[at : match.start()], " " * (match.end() - match.start()))
        at = match.end()
    return "".join((*pieces, text[at:]))
