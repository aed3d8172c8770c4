"""The whole catalogue: every attack by its id, whoever tries it."""

from collections.abc import Mapping

from tidegate.harness.audit import execution, scanning
from tidegate.harness.audit.gateway import GATEWAY
from tidegate.harness.audit.judgement import (
    Area,
    Attack,
    Grade,
    Question,
)
from tidegate.harness.audit.uploads import UPLOADS
from tidegate.registry.scan.catalogue import RULES

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


def attacks() -> Mapping[str, Attack]:
    """Every attack of the catalogue, by id, in the order in which they are reported."""
    every = (
        *(each.attack for each in UPLOADS),
        *(scan_attack(each) for each in scanning.ATTACKS),
        *(execution_attack(each) for each in execution.CATALOGUE),
        *(each.attack for each in GATEWAY),
    )
    return {each.id: each for each in every}
