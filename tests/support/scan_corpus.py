"""Reads the corpora of tests/registry/scan/corpus: many small packages in one text file.

`=== NAME` begins a package, `key: value` lines follow (`why`, `description`, `allowed-tools`).
`--- PATH` begins a file, `--- PATH base64` one of bytes. SKILL.md gets its frontmatter.
`{{U+200B}}` is that character, `{{tags:x}}` x in tag characters, `{{pad:N}}` N blank lines, `{{+}}` nothing:
it keeps sample keys from looking like keys.
"""

import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tidegate.registry.scan.found import Found

Scan = Callable[[Mapping[str, str | bytes]], tuple[Found, ...]]
"""What the fixture `scan` is: files by path in, findings out."""

CORPUS = Path(__file__).parents[1] / "registry" / "scan" / "corpus"


@dataclass(frozen=True, slots=True)
class Case:
    """One package of a corpus and what it is about."""

    name: str
    why: str
    files: dict[str, bytes]


def read_corpus(name: str) -> list[Case]:
    """The packages of one corpus file."""
    text = (CORPUS / name).read_text(encoding="utf-8")
    return [_case(block) for block in re.split(r"(?m)^=== ", text)[1:]]


def _case(block: str) -> Case:
    head, *parts = re.split(r"(?m)^--- (?=\S)", block)
    name, *lines = head.strip("\n").split("\n")
    fields = dict(line.split(": ", 1) for line in lines)
    files: dict[str, bytes] = {}
    for part in parts:
        title, _, content = part.partition("\n")
        path, _, encoding = title.partition(" ")
        files[path] = base64.b64decode(content) if encoding == "base64" else _expanded(content).encode()
    tools = f"allowed-tools: {fields['allowed-tools']}\n" if "allowed-tools" in fields else ""
    description = fields["description"].replace("'", "''")
    frontmatter = f"---\nname: {name}\ndescription: '{description}'\n{tools}---\n"
    files["SKILL.md"] = frontmatter.encode() + files["SKILL.md"]
    return Case(name, fields["why"], files)


def _expanded(text: str) -> str:
    text = re.sub(r"\{\{U\+([0-9A-F]+)\}\}", lambda found: chr(int(found[1], 16)), text)
    text = re.sub(
        r"\{\{tags:([^}]*)\}\}", lambda found: "".join(chr(0xE0000 + ord(c)) for c in found[1]), text
    )
    text = re.sub(r"\{\{pad:(\d+)\}\}", lambda found: "\n" * int(found[1]), text)
    return text.replace("{{+}}", "")
