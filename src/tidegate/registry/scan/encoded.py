"""Decode what is encoded in a text, and ask the rules whether it should have been."""

import base64
import binascii
from collections.abc import Callable, Iterator

from tidegate.registry.scan.found import Found, found
from tidegate.registry.scan.pattern import pattern
from tidegate.registry.scan.rules import code as rules
from tidegate.registry.scan.source import Source

_RUNS = pattern(
    r"[A-Za-z0-9+/_-]{24,}={0,2}|(?:[0-9a-fA-F]{2}){16,}|(?:\\x[0-9a-fA-F]{2}){12,}|(?:%[0-9a-fA-F]{2}){12,}"
)
_MOST = 200
_LONGEST = 8_192
_PRINTABLE = 0.9
_SPACED = pattern(r"(?:[A-Za-z] ){5,}[A-Za-z]\b(?:  +(?:[A-Za-z] )*[A-Za-z]\b)*")


def find_encoded(source: Source, judge: Callable[[str], bool]) -> Iterator[Found]:
    """Runs of base64, hex or escapes that decode to what `judge` objects to; letters that are spaced out."""
    text = source.matched
    said = [*_runs(text.plain), *_spaced(text.plain)]
    if not said or not judge("\n\n".join(each for _, each in said)):
        return
    at, worst = next((each for each in said[:_MOST] if judge(each[1])), said[0])
    yield found(rules.ENCODED_TEXT, source.path, text.line(at), worst)


def _runs(plain: bytes) -> Iterator[tuple[int, str]]:
    for match in _RUNS.finditer(plain):
        text = _decoded(match[0][:_LONGEST])
        if text is not None:
            yield match.start(), text


def _spaced(plain: bytes) -> Iterator[tuple[int, str]]:
    for match in _SPACED.finditer(plain):
        words = match[0].decode(errors="replace").split("  ")
        yield match.start(), " ".join(word.replace(" ", "") for word in words)


def _decoded(run: bytes) -> str | None:
    for decode in (_escapes, _hex, _base64):
        raw = decode(run)
        if raw is not None and len(raw) >= 8:
            text = raw.decode("utf-8", "replace")
            good = sum(char.isprintable() or char in "\n\t" for char in text if char != "\ufffd")
            if good >= _PRINTABLE * len(text):
                return text
    return None


def _escapes(run: bytes) -> bytes | None:
    return _hex(run.replace(b"\\x", b"").replace(b"%", b"")) if run[:1] in b"\\%" else None


def _hex(run: bytes) -> bytes | None:
    try:
        return bytes.fromhex(run.decode())
    except ValueError:
        return None


def _base64(run: bytes) -> bytes | None:
    padded = run.rstrip(b"=") + b"=" * (-len(run.rstrip(b"=")) % 4)
    try:
        return base64.b64decode(padded, altchars=b"-_" if set(run) & set(b"-_") else None)
    except (binascii.Error, ValueError):
        return None
