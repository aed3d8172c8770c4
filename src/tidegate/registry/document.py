"""SKILL.md taken apart: characters, delimiters, frontmatter, body."""

import re
from dataclasses import dataclass

from tidegate.registry.finding import Finding
from tidegate.registry.limits import PackageLimits

SKILL_MD = "SKILL.md"
FENCE = "---"

_BOM = b"\xef\xbb\xbf"
_FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")
"""Controls, line ends that only some programs see, lone surrogates, a byte order mark inside the text."""


@dataclass(frozen=True, slots=True)
class Document:
    """The text between the fences, which begins in line 2, and the Markdown after them; lines end in LF."""

    frontmatter: str
    body: str


def take_apart(content: bytes, limits: PackageLimits) -> Document | Finding:
    """Split SKILL.md, or say why it is not one."""
    if len(content) > limits.skill_md_bytes:
        message = (
            f"is {len(content):,} bytes, at most {limits.skill_md_bytes:,} are allowed: it goes into "
            "every request that selects the skill; move what is only sometimes needed to references/"
        )
        return Finding(path=SKILL_MD, message=message, too_large=True)
    text = _decode(content)
    if isinstance(text, Finding):
        return text
    forbidden = forbidden_character(text)
    if forbidden:
        at, message = forbidden
        return _at(text, at, message)
    return _split(text, limits)


def forbidden_character(text: str) -> tuple[int, str] | None:
    """Where the first character stands that may be in no text of a package, and what to say of it."""
    found = _FORBIDDEN.search(text)
    if found is None:
        return None
    return found.start(), f"has the character U+{ord(found[0]):04X}, which no editor shows; remove it"


def _decode(content: bytes) -> str | Finding:
    if content.startswith(_BOM):
        message = "begins with a byte order mark; save the file as UTF-8 without BOM"
        return Finding(path=SKILL_MD, line=1, column=1, message=message)
    try:
        return content.decode().replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        message = (
            f"is not UTF-8: byte 0x{content[error.start]:02X} at offset {error.start}; save the file as UTF-8"
        )
        return Finding(path=SKILL_MD, line=line, message=message)


def _split(text: str, limits: PackageLimits) -> Document | Finding:
    first, *rest = text.split("\n")
    if first.rstrip() != FENCE:
        message = f"begins with {first[:40]!r}; the first line must be {FENCE!r}, then the frontmatter"
        return Finding(path=SKILL_MD, line=1, column=1, message=message)
    close = next((at for at, line in enumerate(rest) if line.rstrip() == FENCE), None)
    if close is None:
        message = f"frontmatter is opened here and never closed; add a line {FENCE!r} after its last key"
        return Finding(path=SKILL_MD, line=1, column=1, message=message)
    frontmatter = "\n".join(rest[:close]) + "\n"
    size = len(frontmatter.encode())
    if size > limits.frontmatter_bytes:
        message = f"frontmatter is {size:,} bytes; at most {limits.frontmatter_bytes:,} are allowed"
        return Finding(path=SKILL_MD, line=1, column=1, message=message, too_large=True)
    body = "\n".join(rest[close + 1 :]).strip("\n")
    if not body.strip():
        message = "has no text after the frontmatter; write there what the model is to do"
        return Finding(path=SKILL_MD, line=close + 2, message=message)
    return Document(frontmatter, body + "\n")


def _at(text: str, offset: int, message: str) -> Finding:
    """A finding at a character offset."""
    start = text.rfind("\n", 0, offset) + 1
    return Finding(
        path=SKILL_MD, line=text.count("\n", 0, offset) + 1, column=offset - start + 1, message=message
    )
