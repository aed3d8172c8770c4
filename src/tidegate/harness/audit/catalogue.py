"""The whole catalogue: every attack by its id, whoever tries it."""

from collections.abc import Mapping

from tidegate.harness.audit import execution, scanning
from tidegate.harness.audit.gateway import GATEWAY
from tidegate.harness.audit.judgement import (
    Area,
    Attack,
    Grade,
    Outcome,
    Question,
    failed,
    judged,
    not_shown,
)
from tidegate.harness.audit.uploads import UPLOADS, zipped
from tidegate.registry.archive import files_of
from tidegate.registry.limits import PackageLimits
from tidegate.registry.scan.catalogue import RULES
from tidegate.registry.scan.inspect import Scanner
from tidegate.registry.scan.policy import Policy
from tidegate.registry.validate import inspect_zip

_TAGS = {rule.id: rule.tags for rule in RULES}
_GRADES = {"critical": Grade.CRITICAL, "high": Grade.HIGH}
_SEVERITIES = {rule.id: rule.severity.value for rule in RULES}


def scan_attack(attack: scanning.PackageAttack) -> Attack:
    """The line for a package that the scanner must block."""
    uploads = attack.group == "upload"
    return Attack(
        id=f"scan/{attack.name}",
        area=Area.UPLOAD if uploads else Area.INJECTION,
        question=Question.UPLOADS if uploads else Question.INJECTION,
        tried=f"publish {attack.tried}",
        expected=f"blocked by the rule {attack.expected}",
        grade=_GRADES.get(_SEVERITIES.get(attack.expected, ""), Grade.MEDIUM),
        tags=_TAGS.get(attack.expected, ()),
    )


def execution_attack(attack: execution.Attack) -> Attack:
    """The line for what a script tries."""
    return Attack(
        id=f"execution/{attack.name}",
        area=Area.EXECUTION,
        question=Question.SANDBOXING,
        tried=f"a script: {attack.title}",
        expected="it does not succeed",
        grade=Grade.CRITICAL if attack.name in _ESCAPES else Grade.HIGH,
        tags=("AST03", "AST06"),
    )


_ESCAPES = {"environment", "kernel_settings", "other_skill", "user_namespace", "mount", "output_links"}


def attempt_scan(
    attack: scanning.PackageAttack, scanner: Scanner, policy: Policy, limits: PackageLimits
) -> Outcome:
    """Validate and scan it as a publication would, and ask the policy: its own rule must block it.

    A package that the validator refuses does not come to the scanner, which so shows nothing.
    """
    entries = ((f"attack/{path}", content) for path, content in attack.files.items() if path != "SKILL.md")
    inspection = inspect_zip(zipped(*entries, skill=attack.files["SKILL.md"]), limits)
    if inspection.package is None:
        return not_shown(f"refused before the scanner: {inspection.findings[0]}"[:200])
    found = scanner.scan(inspection.package.manifest, files_of(inspection.package.archive))
    blocking = policy.blocking(found)
    if not blocking:
        return failed(f"let through, with {len(found)} findings that do not block")
    rules = sorted({each.rule for each in blocking})
    seen = f"blocked by {', '.join(rules)}"
    by_its_own = attack.expected in rules
    return judged(not by_its_own, seen if by_its_own else f"{seen}, and not by {attack.expected}")


def attacks() -> Mapping[str, Attack]:
    """Every attack of the catalogue, by id, in the order in which they are reported."""
    every = (
        *(each.attack for each in UPLOADS),
        *(scan_attack(each) for each in scanning.ATTACKS),
        *(execution_attack(each) for each in execution.CATALOGUE),
        *(each.attack for each in GATEWAY),
    )
    return {each.id: each for each in every}
