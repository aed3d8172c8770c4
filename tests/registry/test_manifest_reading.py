"""What a well-formed SKILL.md is read as; hostile frontmatter ends in findings, soon."""

import zipfile
from collections.abc import Callable
from io import BytesIO

import pytest
from cpu import cpu_seconds
from hypothesis import given
from hypothesis import strategies as st

from tidegate.domain.errors import InvalidInput
from tidegate.domain.skill import Manifest
from tidegate.registry.finding import Finding
from tidegate.registry.frontmatter import parse_frontmatter
from tidegate.registry.validate import inspect_zip, validate_zip

FULL = """---
name: tide-table
description: >-
  Reads tide tables: where water is < 2 m,
  a > b.
license: Apache-2.0
compatibility: "Needs: nothing"
allowed-tools: Read Bash(git log:*) mcp__tides.read
metadata:
  author: somebody
  "1": one
  tidegate.match: |
    (?i)\\btide tables?\\b

    (?i)\\bhigh water\\b
  tidegate.keywords: Tide, harbour  moon tide
  tidegate.examples: |
    When is it safe to  cross the sands?

    how high is the water at noon
    how high is the water at noon
  tidegate.requires: moon-phase
  tidegate.excludes: sun-dial, star-map
  tidegate.mode: hosted
  tidegate.timeout: 500ms
  tidegate.cache: deterministic
---

# Tides

---
name: not frontmatter
"""


def validated(text: str, pack: Callable[..., bytes]) -> tuple[Manifest, str]:
    package = validate_zip(pack([("tide-table/SKILL.md", text.encode())]))
    return package.manifest, package.body


def test_every_key_is_read(pack: Callable[..., bytes]) -> None:
    manifest, body = validated(FULL, pack)
    assert manifest.name == "tide-table"
    assert manifest.description == "Reads tide tables: where water is < 2 m, a > b."
    assert (manifest.license, manifest.compatibility) == ("Apache-2.0", "Needs: nothing")
    assert manifest.allowed_tools == ("Read", "Bash(git log:*)", "mcp__tides.read")
    assert manifest.metadata["author"] == "somebody"
    assert manifest.metadata["1"] == "one"
    assert manifest.match == (r"(?i)\btide tables?\b", r"(?i)\bhigh water\b")
    assert manifest.keywords == ("tide", "harbour", "moon")
    assert manifest.examples == ("When is it safe to cross the sands?", "how high is the water at noon")
    assert (manifest.requires, manifest.excludes) == (("moon-phase",), ("sun-dial", "star-map"))
    assert (manifest.mode, manifest.timeout_seconds) == ("hosted", 0.5)
    assert body == "# Tides\n\n---\nname: not frontmatter\n"


def test_a_skill_that_says_nothing_is_hosted_without_patterns(
    good_skill_md: bytes, pack: Callable[..., bytes]
) -> None:
    manifest, _ = validated(good_skill_md.decode(), pack)
    assert (manifest.mode, manifest.match, manifest.timeout_seconds) == ("hosted", (), None)


def test_line_ends_of_windows_read_the_same(pack: Callable[..., bytes]) -> None:
    assert validated(FULL.replace("\n", "\r\n"), pack) == validated(FULL, pack)


@pytest.mark.parametrize(("said", "seconds"), [("5s", 5.0), ("500ms", 0.5), ("1.5s", 1.5), ("10m", 600.0)])
def test_timeouts_are_seconds(said: str, seconds: float, pack: Callable[..., bytes]) -> None:
    manifest, _ = validated(FULL.replace("500ms", said), pack)
    assert manifest.timeout_seconds == pytest.approx(seconds)


@pytest.mark.parametrize("name", ["a", "7", "a" * 64, "a-1-b"])
def test_names_at_the_edge_are_accepted(name: str, pack: Callable[..., bytes]) -> None:
    text = f"---\nname: '{name}'\ndescription: d\n---\nbody\n"
    assert validate_zip(pack([(f"{name}/SKILL.md", text.encode())])).manifest.name == name


@given(st.text(max_size=300) | st.text("-:#{}[]&*!|>'\"%@`?, \n\tab\\01", max_size=300))
def test_any_frontmatter_ends_in_strings_or_findings(text: str) -> None:
    findings: list[Finding] = []
    found = parse_frontmatter(text, findings)
    assert found is not None or findings


@given(st.binary(max_size=400))
def test_any_bytes_of_skill_md_are_accepted_or_refused_with_findings(content: bytes) -> None:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("tide-table/SKILL.md", b"---\nname: tide-table\n" + content)
    inspection = inspect_zip(buffer.getvalue())
    assert (inspection.package is None) == bool(inspection.findings)


HOSTILE = {
    "open lists": "[" * 65_000,
    "open maps": "{" * 65_000,
    "nested sequences": "- " * 32_000,
    "nested keys": "? " * 32_000,
    "flow keys": "{" + "a," * 32_000 + "}",
    "many keys": "".join(f"k{number}: v\n" for number in range(8_000)),
    "aliases": "a: &a [x]\nb: [" + "*a," * 20_000 + "]",
    "one long word": "a: " + "b " * 32_000,
    "escapes": 'a: "' + "\\x41" * 16_000 + '"',
    "blank lines": "a:\n" + "\n" * 65_000,
    "long number": "name: " + "1" * 60_000,
    "sexagesimal": "name: " + "1:" * 30_000 + "1",
    "underscores": "name: 0." + "_" * 60_000,
    "tags": "description: " + "<" * 60_000 + "a" * 4_000,
    "open tag": "description: " + "<a" * 30_000,
    "tools": "allowed-tools: " + "(" * 60_000,
    "tools and spaces": "allowed-tools: " + "a (" * 20_000,
    "many tools": "allowed-tools: " + "a " * 32_000 + ",",
    "many skills": "metadata:\n  tidegate.requires: " + "A " * 32_000,
    "large patterns": "metadata:\n  tidegate.match: |\n"
    + "".join(f"    (?i)(\\pL{{1,50}}|x{number}){{1,20}}\n" for number in range(2_000)),
    "patterns": "metadata:\n  tidegate.match: |\n" + "    (a{1,900}){1,9}\n" * 3_000,
    "quantifiers": "metadata:\n  tidegate.match: |\n" + "    ((((a?){9}){9}){9}){2}b\n" * 2_500,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_frontmatter_of_64_kib_is_refused_within_a_second(
    text: str, pack: Callable[..., bytes]
) -> None:
    data = pack([("tide-table/SKILL.md", f"---\n{text[:65_000]}\n---\nbody\n".encode())], zipfile.ZIP_STORED)

    def refused() -> None:
        with pytest.raises(InvalidInput):
            validate_zip(data)

    assert cpu_seconds(refused, 1.0) < 1.0
