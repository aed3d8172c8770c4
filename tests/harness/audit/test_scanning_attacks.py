"""Every attack of the catalogue is blocked, by the rule that is there for it."""

import pytest

from tidegate.domain.skill import Manifest
from tidegate.harness.audit.scanning import ATTACKS, PackageAttack
from tidegate.registry.document import Document, take_apart
from tidegate.registry.frontmatter import parse_frontmatter
from tidegate.registry.limits import PackageLimits
from tidegate.registry.manifest import read_manifest
from tidegate.registry.scan.inspect import Scanner


@pytest.fixture(scope="module")
def scanner() -> Scanner:
    return Scanner()


def _manifest(text: bytes) -> Manifest:
    document = take_apart(text, PackageLimits())
    assert isinstance(document, Document)
    frontmatter = parse_frontmatter(document.frontmatter, [])
    assert frontmatter is not None
    return read_manifest(frontmatter, "attack", [])


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_the_attack_is_blocked_by_its_rule(attack: PackageAttack, scanner: Scanner) -> None:
    found = scanner.scan(_manifest(attack.files["SKILL.md"]), attack.files)
    assert attack.expected in {each.rule for each in found if each.severity in ("high", "critical")}
