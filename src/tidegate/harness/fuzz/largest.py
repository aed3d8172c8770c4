"""Inputs as large as the limits let them be, of the shapes that cost most to read."""

import random
import zipfile
from collections.abc import Iterator
from io import BytesIO

from tidegate.registry.limits import PackageLimits

_LIMITS = PackageLimits()
_SKILL = b"---\nname: large\ndescription: Reads large tables.\n---\nLook.\n"
_YAML = 65_000
"""Just below what frontmatter and spec may have."""


def largest_archives() -> Iterator[tuple[str, bytes]]:
    """As many bytes, files, names or ratio as are taken, or a little more."""
    noise = random.Random(1).randbytes(24_000_000)  # noqa: S311 (bytes that do not compress, no secret)
    yield "stored, all of 30 MB", _packed([("a", noise), ("b", noise[:5_900_000])], zipfile.ZIP_STORED)
    yield (
        "deflated, all of 30 MB",
        _packed([("a", noise[:310_000] + bytes(23_000_000)), ("b", bytes(6_600_000))]),
    )
    yield (
        "unpacks to over 30 MB",
        _packed([("a", noise[:400_000] + bytes(24_000_000)), ("b", bytes(9_000_000))]),
    )
    yield "over 32 MB packed", _SKILL + noise + noise[:9_000_000]
    yield "a bomb", _packed([("a", bytes(30_000_000))])
    piece = noise[:59_000]
    yield "499 files of 59 kB", _packed([(f"f{n}", piece) for n in range(499)])
    yield "a directory of 1 MB", _packed([(f"{n:05}", b"") for n in range(17_000)], zipfile.ZIP_STORED)
    yield "folders within folders", _packed([("a/" * 15 + f"{n:05}" + "é" * 200, b"x") for n in range(1_500)])
    yield (
        "names alike but for their case",
        _packed([(f"{n:014b}".translate(_CASES), b"") for n in range(16_000)]),
    )


_CASES = str.maketrans("01", "aA")


def largest_skill_mds() -> Iterator[tuple[str, bytes]]:
    """Frontmatter of 64 KiB, line for line and in one; texts of 1 MiB."""
    for name, yaml in _yamls("license"):
        yield name, b"---\nname: tide-table\ndescription: ok\n%s\n---\nLook.\n" % yaml
    for key in ("match", "keywords", "examples", "requires"):
        lines = b"".join(b"    (a|b){1,9}%d\n" % n for n in range(3_500))
        value = b"metadata:\n  tidegate.%s: |\n%s" % (key.encode(), lines)
        yield f"tidegate.{key}", b"---\nname: tide-table\ndescription: ok\n%s---\nLook.\n" % value
    for name, text in (("words", b"a "), ("lines", b"a\n"), ("fences", b"--- \n"), ("CRLF", b"\r\n")):
        filling = text * (1_048_000 // len(text))
        yield f"1 MiB of {name}", b"---\nname: tide-table\ndescription: ok\n---\n%s" % filling
        yield f"1 MiB of {name}, never closed", b"---\nname: tide-table\n%s" % filling


def largest_specs() -> Iterator[tuple[str, bytes]]:
    """64 KiB in place of a spec, and below one of its keys."""
    head = b"apiVersion: tidegate/v1\nkind: Rollout\nmetadata: {name: large}\n"
    for name, yaml in _yamls("spec"):
        yield name, head + yaml[: 65_400 - len(head)]
    stages = b"".join(b"    - {name: s%d, weight: 5, bake: 1h}\n" % n for n in range(1_400))
    yield "stages", head + b"spec:\n  stages:\n" + stages
    skills = b", ".join(b"k%d: %d" % (n, n) for n in range(4_000))
    yield "skills", head + b"spec:\n  candidate:\n    skills: {%s}\n" % skills


def _yamls(key: str) -> Iterator[tuple[str, bytes]]:
    """YAML of 64 KiB in the shapes that a parser takes longest for."""
    at = key.encode() + b": "
    yield "comments", b"#x\n" * (_YAML // 3)
    yield "empty lines", b"\n" * _YAML
    yield "a list", at + b"[" + b"a," * (_YAML // 2) + b"]"
    yield "brackets", at + b"[" * _YAML
    yield "braces", at + b"{a: " * (_YAML // 4)
    yield "escapes", at + b'"' + b"\\x41" * (_YAML // 4) + b'"'
    yield "quotes", at + b"'" + b"''" * (_YAML // 2) + b"'"
    yield "words", at + b"a " * (_YAML // 2)
    yield "words on lines", at + b"a\n " * (_YAML // 3)
    yield "folded", at + b">\n" + b" a\n" * (_YAML // 3)
    yield "literal", at + b"|\n" + b" a\n" * (_YAML // 3)
    yield "tabs", at + b"a" + b"\t" * _YAML
    yield "a long key", b"k" * _YAML + b": 1"
    yield "keys", b"\n".join(b"k%dx: v" % n for n in range(1_000))
    yield "keys below a key", at + b"\n" + b"\n".join(b"  k%dx: v" % n for n in range(1_000))
    yield "long keys", b"\n".join(b"k%d%s: v" % (n, b"x" * 50) for n in range(1_000))
    yield "colons", at + b"a:" * (_YAML // 2)
    yield "question marks", b"? " * (_YAML // 2)
    yield "dashes", at + b"\n" + b"- " * (_YAML // 2)
    yield "directives", b"%x\n" * (_YAML // 3)
    yield "digits", at + b"1" * _YAML
    yield "sexagesimal", at + b"1:1" * (_YAML // 3)
    yield "anchors", at + b"[" + b"&a x," * (_YAML // 5) + b"]"
    yield "tags", at + b"[" + b"!x y," * (_YAML // 5) + b"]"


def _packed(entries: list[tuple[str, bytes]], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", method, compresslevel=1) as archive:
        archive.writestr("large/SKILL.md", _SKILL)
        for name, content in entries:
            archive.writestr(f"large/{name}", content)
    return packed.getvalue()
