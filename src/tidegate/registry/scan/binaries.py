"""Judge files by their first and last bytes: programs, bytecode, polyglots, archives."""

from collections.abc import Iterator

from tidegate.registry.scan.found import Found, found
from tidegate.registry.scan.pattern import pattern
from tidegate.registry.scan.rules import binaries as rules
from tidegate.registry.scan.severity import Severity
from tidegate.registry.scan.source import SCRIPTS, Kind, Source

_PROGRAMS = (
    b"\x7fELF", b"\xfe\xed\xfa\xce", b"\xfe\xed\xfa\xcf", b"\xce\xfa\xed\xfe", b"\xcf\xfa\xed\xfe",
    b"\0asm", b"dex\n",
    b"!<arch>\n", b"\xca\xfe\xba\xbf", b"L\0\0\0\x01\x14\x02\0",
)  # fmt: skip
_PROGRAM_NAMES = (
    ".exe", ".dll", ".so", ".dylib", ".scr", ".msi", ".dmg", ".pkg", ".deb", ".rpm", ".appimage", ".com",
    ".sys", ".o",
    ".a", ".node", ".pyd", ".lnk", ".wasm", ".apk",
)  # fmt: skip
_BYTECODE_NAMES = (".pyc", ".pyo", ".class", ".jar", ".war", ".luac", ".beam")
_IMAGES = {
    ".png": (b"\x89PNG\r\n\x1a\n",), ".jpg": (b"\xff\xd8\xff",), ".jpeg": (b"\xff\xd8\xff",),
    ".gif": (b"GIF87a", b"GIF89a"),
    ".webp": (b"RIFF",), ".bmp": (b"BM",), ".ico": (b"\0\0\1\0", b"\x89PNG"), ".tif": (b"II*\0", b"MM\0*"),
    ".tiff": (b"II*\0", b"MM\0*"), ".pdf": (b"%PDF-",), ".woff": (b"wOFF",), ".woff2": (b"wOF2",),
    ".ttf": (b"\0\1\0\0", b"true", b"OTTO"), ".otf": (b"OTTO", b"\0\1\0\0"),
    ".mp3": (b"ID3", b"\xff\xfb", b"\xff\xf3", b"\xff\xf2"),
    ".wav": (b"RIFF",), ".mp4": (), ".parquet": (b"PAR1",), ".sqlite": (b"SQLite format 3\0",),
    ".db": (b"SQLite format 3\0",),
    ".docx": (b"PK\3\4",), ".xlsx": (b"PK\3\4",), ".pptx": (b"PK\3\4",), ".odt": (b"PK\3\4",),
    ".ods": (b"PK\3\4",),
    ".odp": (b"PK\3\4",), ".epub": (b"PK\3\4",), ".dotx": (b"PK\3\4",), ".potx": (b"PK\3\4",),
    ".xltx": (b"PK\3\4",),
}  # fmt: skip
_OFFICE = (
    ".docx",
    ".xlsx",
    ".pptx",
    ".odt",
    ".ods",
    ".odp",
    ".epub",
    ".dotx",
    ".potx",
    ".xltx",
    ".docm",
    ".xlsm",
    ".pptm",
)
_ARCHIVES = (
    b"PK\3\4", b"PK\5\6", b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0", b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07",
    b"\x28\xb5\x2f\xfd", b"MSCF",
)  # fmt: skip
_ARCHIVE_NAMES = (
    ".zip",
    ".tar",
    ".tgz",
    ".gz",
    ".bz2",
    ".xz",
    ".7z",
    ".rar",
    ".zst",
    ".whl",
    ".egg",
    ".cab",
    ".iso",
    ".img",
)
_LOCKED = (b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07")
_ENDS = {".png": b"IEND\xaeB`\x82", ".jpg": b"\xff\xd9", ".jpeg": b"\xff\xd9", ".gif": b"\x3b"}
_AFTER = pattern(
    rb"(?i)^\s*(?:PK\x03\x04|\x7fELF|MZ|#!|<\?php|<script|<html|Rar!|7z\xbc\xaf|\x1f\x8b|%PDF)|"
    rb"PK\x03\x04|\x7fELF|#!/|<script|<\?php|\beval\b|\bimport \b"
)
_ACTIVE_PDF = pattern(rb"/(?:JavaScript|JS|Launch|EmbeddedFile|RichMedia|XFA)\b")
_ACTIVE_SVG = pattern(
    r"(?i)<script\b|\bon(?:load|error|click|mouse\w+|begin)\s*=|javascript:|<foreignObject\b|"
    r"<!ENTITY\b|data:text/html"
)
_PICKLE_CALLS = pattern(
    rb"c(?:posix|nt|os|subprocess|builtins|__builtin__|sys|importlib|runpy|socket|shutil|pty|"
    rb"webbrowser)\n\w+\n|\x8c.(?:posix|nt|os|subprocess|builtins|importlib|runpy|socket|pty)\x94"
)
_PICKLES = (".pkl", ".pickle", ".joblib", ".pt", ".pth", ".ckpt", ".npy", ".dill", ".cloudpickle")
_ENOUGH = 4_000_000
_ENTRY = b"PK\1\2"
_ZIP_END = 66_000
"""Bytes in which a zip's end is looked for: its comment has 65,535 at most."""


def judge_bytes(source: Source) -> Iterator[Found]:
    """Findings on what the file is; its text, where it has any, is judged elsewhere."""
    content, path, suffix = source.content, source.path, _suffix(source.name)
    if source.cut:
        serious = source.kind in SCRIPTS or source.kind is Kind.PROSE or suffix == ""
        yield found(
            rules.TOO_LONG, path, 0, f"{len(content):,} bytes", severity=None if serious else Severity.MEDIUM
        )
    if _is_program(content) or source.name.endswith(_PROGRAM_NAMES):
        yield found(rules.EXECUTABLE, path, 0, _head(content))
    elif source.name.endswith(_BYTECODE_NAMES) or (
        content[2:4] == b"\r\n" and content[1:2] in (b"\r", b"\f", b"\x0e")
    ):
        yield found(rules.BYTECODE, path, 0, _head(content))
    elif _PICKLE_CALLS.search(content[:_ENOUGH]) and (
        source.kind is Kind.BINARY or source.name.endswith(_PICKLES)
    ):
        yield found(rules.PICKLE, path, 0, _head(content))
    elif disguise := _disguise(source, suffix):
        yield found(rules.DISGUISED, path, 0, disguise)
    elif _active(source, suffix):
        yield found(rules.ACTIVE_DOCUMENT, path, 0, _head(content))
    elif suffix not in _OFFICE and (content.startswith(_ARCHIVES) or source.name.endswith(_ARCHIVE_NAMES)):
        yield found(rules.LOCKED_ARCHIVE if _locked(content) else rules.ARCHIVE, path, 0, _head(content))
    elif source.opaque:
        yield found(rules.OPAQUE, path, 0, _head(content), severity=Severity.HIGH)
    elif source.kind is Kind.BINARY and suffix not in _IMAGES:
        yield found(rules.OPAQUE, path, 0, _head(content))


def is_archive(source: Source) -> bool:
    """Whether the file packs others that nobody judged."""
    return _suffix(source.name) not in _OFFICE and (
        source.content.startswith(_ARCHIVES) or source.name.endswith(_ARCHIVE_NAMES)
    )


def holds_modules(source: Source) -> bool:
    """Whether Python could import from the file: a zip by its end, whatever its name says, with a module.

    Documents and slides are zips too, of which Python imports nothing.
    """
    content = source.content
    return b"PK\5\6" in content[-_ZIP_END:] and any(
        name.lower().endswith((b".py", b".pyc")) for name in _members(content)
    )


def _members(content: bytes) -> Iterator[bytes]:
    """The names in a zip's directory, as they stand there."""
    at = content.find(_ENTRY)
    while at >= 0:
        length = int.from_bytes(content[at + 28 : at + 30], "little")
        yield content[at + 46 : at + 46 + length]
        at = content.find(_ENTRY, at + 4)


def _is_program(content: bytes) -> bool:
    if content.startswith(b"MZ") and (b"PE\0\0" in content[:4_096] or b"DOS mode" in content[:1_024]):
        return True
    if content.startswith(b"\xca\xfe\xba\xbe"):
        return True
    return content.startswith(_PROGRAMS)


def _disguise(source: Source, suffix: str) -> str | None:
    """What is behind or in place of what the name says."""
    content = source.content
    if source.disguise:
        return source.disguise
    expected = _IMAGES.get(suffix)
    if expected and not content.startswith(expected):
        return f"is no {suffix[1:]}: {_head(content)}"
    if (
        source.kind is not Kind.BINARY
        and content.startswith(b"#!")
        and suffix in (".md", ".txt", ".json", ".csv", ".yaml")
    ):
        return f"begins as a program: {_head(content)}"
    end = _ENDS.get(suffix)
    if end is None:
        return None
    at = content.find(end) if suffix == ".png" else content.rfind(end)
    tail = content[at + len(end) :] if at >= 0 else content
    if at >= 0 and len(tail) > 4 and _AFTER.search(tail[:65_536]):
        return f"goes on after its end: {_head(tail)}"
    return (
        "has a program in it"
        if b"PK\5\6" in content[-_ZIP_END:] or b"#!/bin/" in content[: 1 << 20]
        else None
    )


def _active(source: Source, suffix: str) -> bool:
    content = source.content
    if suffix == ".svg" or content[:256].lstrip().startswith(b"<svg"):
        return _ACTIVE_SVG.search(source.text) is not None
    if content.startswith(b"%PDF-"):
        return _ACTIVE_PDF.search(content[:_ENOUGH]) is not None
    if suffix in _OFFICE:
        return b"vbaProject.bin" in content or b"xl/macrosheets" in content or suffix.endswith("m")
    return suffix in (".docm", ".xlsm", ".pptm", ".xll", ".hta", ".chm", ".scpt")


def _locked(content: bytes) -> bool:
    encrypted = content.startswith(b"PK\3\4") and any(flags & 1 for flags in content[6:7])
    return encrypted or content.startswith(_LOCKED)


def _suffix(name: str) -> str:
    dot = name.rfind(".")
    return name[dot:] if dot > 0 else ""


def _head(content: bytes) -> str:
    """The first bytes, as text where they are some."""
    return content[:24].decode("latin-1")
