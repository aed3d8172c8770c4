"""Every attack of the catalogue is blocked, by the rule that is there for it; by no policy it is let in."""

import pytest

from tidegate.domain.skill import Manifest
from tidegate.harness.audit.judgement import Outcome, Verdict
from tidegate.harness.audit.publishing import judged_block
from tidegate.harness.audit.scanning import ATTACKS, PackageAttack
from tidegate.harness.audit.uploads import Refusal, zipped
from tidegate.registry.archive import files_of
from tidegate.registry.document import Document, take_apart
from tidegate.registry.frontmatter import parse_frontmatter
from tidegate.registry.limits import PackageLimits
from tidegate.registry.manifest import read_manifest
from tidegate.registry.scan.found import Found
from tidegate.registry.scan.gate import refusal
from tidegate.registry.scan.inspect import Scanner
from tidegate.registry.scan.policy import Policy
from tidegate.registry.validate import inspect_zip


@pytest.fixture(scope="module")
def scanner() -> Scanner:
    return Scanner()


def attempt_scan(attack: PackageAttack, scanner: Scanner, policy: Policy, limits: PackageLimits) -> Outcome:
    """Judge it as a publication would, with a scanner whose rules can be taken away one by one."""
    others = ((f"attack/{path}", content) for path, content in attack.files.items() if path != "SKILL.md")
    inspection = inspect_zip(zipped(*others, skill=attack.files["SKILL.md"]), limits)
    package = inspection.package
    if package is None:
        return judged_block(attack, Refusal(tuple(map(str, inspection.findings)), 413))
    blocking = policy.blocking(scanner.scan(package.manifest, files_of(package.archive)))
    if not blocking:
        return judged_block(attack, None)
    said = refusal(package, blocking, asked=False)
    return judged_block(attack, Refusal(tuple(said.splitlines()), 400))


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


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_the_attack_is_let_in_where_nothing_blocks(attack: PackageAttack, scanner: Scanner) -> None:
    barred = attempt_scan(attack, scanner, Policy(), PackageLimits())
    let_in = attempt_scan(attack, scanner, Policy(None), PackageLimits())
    assert (barred.verdict, attack.expected in barred.seen) == (Verdict.HELD, True), barred.seen
    assert let_in.verdict is Verdict.FAILED, let_in.seen


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_without_its_rule_the_line_fails_whatever_else_blocks(
    attack: PackageAttack, scanner: Scanner, monkeypatch: pytest.MonkeyPatch
) -> None:
    every = scanner.scan

    def without(self: Scanner, *given: object) -> list[Found]:
        return [each for each in every(*given) if each.rule != attack.expected]

    monkeypatch.setattr(Scanner, "scan", without)
    outcome = attempt_scan(attack, scanner, Policy(), PackageLimits())
    assert outcome.verdict is Verdict.FAILED, outcome.seen


def test_a_package_that_does_not_come_to_the_scanner_shows_nothing(scanner: Scanner) -> None:
    outcome = attempt_scan(ATTACKS[0], scanner, Policy(), PackageLimits(skill_md_bytes=1))
    assert (outcome.verdict, outcome.seen[:26]) == (Verdict.NOT_SHOWN, "refused before the scanner")


@pytest.mark.parametrize("status", [401, 409, 500, 529])
def test_an_answer_that_is_no_refusal_of_the_package_proves_nothing(status: int) -> None:
    assert judged_block(ATTACKS[0], Refusal(("busy",), status)).verdict is Verdict.FAILED
