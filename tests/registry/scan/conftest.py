"""One scanner for all tests, and packages from files in memory."""

from collections.abc import Mapping

import pytest
from scan_corpus import Scan

from tidegate.domain.skill import Manifest
from tidegate.registry.document import Document, take_apart
from tidegate.registry.frontmatter import parse_frontmatter
from tidegate.registry.limits import PackageLimits
from tidegate.registry.manifest import read_manifest
from tidegate.registry.scan.found import Found
from tidegate.registry.scan.inspect import Scanner


@pytest.fixture(scope="session")
def scanner() -> Scanner:
    """All rules, compiled once."""
    return Scanner()


@pytest.fixture(scope="session")
def scan(scanner: Scanner) -> Scan:
    """Scan files by path; SKILL.md may be its body alone, or be missing."""

    def run(files: Mapping[str, str | bytes]) -> tuple[Found, ...]:
        content = {path: text.encode() if isinstance(text, str) else text for path, text in files.items()}
        body = content.get("SKILL.md", b"Does what it says.")
        if not body.startswith(b"---\n"):
            body = b"---\nname: x\ndescription: Sorts lists by length.\n---\n" + body
        content["SKILL.md"] = body
        return scanner.scan(_manifest(body), content)

    return run


def _manifest(body: bytes) -> Manifest:
    document = take_apart(body, PackageLimits())
    if not isinstance(document, Document):
        return Manifest(name="x", description="d")
    frontmatter = parse_frontmatter(document.frontmatter, [])
    assert frontmatter is not None
    return read_manifest(frontmatter, frontmatter.fields["name"].value, [])
