"""Every text that the bytes of a file may be read as; what is no text in its place is still read."""

import codecs
import re
from dataclasses import dataclass

from tidegate.registry.scan.kind import SCRIPTS, Kind, by_name

_SEEN = b"\b\t\n\f\r\x1b"
_UNSEEN = bytes(byte for byte in (*range(32), 127) if byte not in _SEEN and byte != 0x0B)
"""Controls that neither a model nor most interpreters make anything of; they are left out."""
_NO_TEXT = 0.02
"""Share of control characters from which a file is no text."""
_ODD = 0.3
"""Share of bytes that are no UTF-8 from which a file is no text."""
_COOKIE = re.compile(rb"\A(?:[^\n]*\n)?[ \t\f]*#[^\n]{0,200}?coding[:=][ \t]*([-\w.]+)")
_PLAIN_CODECS = frozenset({"utf-8", "ascii", "iso8859-1", "utf-8-sig"})
_PACKED = frozenset(
    {
        *("png", "jpg", "jpeg", "gif", "webp", "bmp", "ico", "tif", "tiff", "pdf"),
        *("woff", "woff2", "ttf", "otf", "mp3", "mp4", "wav", "ogg", "webm", "mov"),
        *("docx", "xlsx", "pptx", "odt", "ods", "odp", "epub", "dotx", "potx", "xltx"),
        *("parquet", "sqlite", "db", "npy", "pkl", "zip", "gz", "tgz", "tar", "bz2", "xz", "7z", "whl"),
    }
)


@dataclass(frozen=True, slots=True)
class Decoded:
    """The texts that the bytes may be, the likeliest first; none of them for data that is no text."""

    texts: tuple[str, ...]
    opaque: bool = False
    """No text by its bytes, though its place or name says that it is one."""
    disguise: str = ""
    """What is odd about the encoding of a script."""


def decode(path: str, head: bytes) -> Decoded:
    """Read the bytes as text wherever somebody may run them or a model be given them."""
    plain = lenient(head)
    named = by_name(path)
    script = named in SCRIPTS or plain.startswith("#!")
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        wide = _clean(head.decode("utf-16", "replace"))
        return Decoded((wide, plain), disguise="UTF-16, which no interpreter reads" if script else "")
    opaque = not _is_text(head)
    if opaque and not _must_be_text(path, named, plain):
        return Decoded(())
    if named is Kind.PYTHON or script:
        cookie = _cookie(head)
        if cookie:
            return _by_cookie(head, plain, cookie, opaque=opaque)
    return Decoded((plain,), opaque)


def lenient(head: bytes) -> str:
    """The bytes as UTF-8 without a byte order mark and without controls that nobody sees."""
    return _clean(head.translate(None, _UNSEEN).decode("utf-8", "replace"))


def is_utf8(head: bytes) -> bool:
    """Whether a model may be given the file: what is no UTF-8 to its end is not."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return False
    return True


def _clean(text: str) -> str:
    return text.replace("\0", "").removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def _is_text(head: bytes) -> bool:
    controls = sum(head.count(byte) for byte in (b"\1", b"\2", b"\3", b"\4", b"\5", b"\6", b"\x0e"))
    if b"\0" in head or controls > _NO_TEXT * len(head):
        return False
    if head.isascii():
        return True
    text = head.decode("utf-8", "surrogateescape")
    return sum("\udc80" <= char <= "\udcff" for char in text) <= _ODD * max(1, len(text))


def _must_be_text(path: str, named: Kind, text: str) -> bool:
    """Whether it may be run, or is where instructions are: scripts, prose, what is under their folders."""
    if named in SCRIPTS or named is Kind.PROSE or text.startswith("#!"):
        return True
    suffix = path.lower().rpartition("/")[2].rpartition(".")[2]
    return path.lower().startswith(("scripts/", "references/")) and suffix not in _PACKED


def _cookie(head: bytes) -> str:
    found = _COOKIE.match(head.removeprefix(codecs.BOM_UTF8).replace(b"\r", b"\n"))
    return found[1].decode() if found else ""


def _by_cookie(head: bytes, plain: str, cookie: str, *, opaque: bool) -> Decoded:
    """Python reads a script by the encoding that its first lines name."""
    try:
        codec = codecs.lookup(cookie.replace("_", "-"))
        text = _clean(head.decode(codec.name, "replace"))
    except (LookupError, ValueError) as error:
        return Decoded((plain,), opaque, disguise=f"written in {cookie[:20]!r}: {error}")
    odd = "" if codec.name in _PLAIN_CODECS else f"written in {codec.name}, which hides what it says"
    return Decoded((plain, text) if text != plain else (plain,), opaque, odd)
