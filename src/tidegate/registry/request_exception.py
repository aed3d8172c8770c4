"""Ask an operator to let a package be published that the scanner blocks, with what there is to see of it."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import TypeVar

from tidegate.domain.capability import Use
from tidegate.domain.errors import InvalidInput
from tidegate.domain.scan_exception import Objection, ScanException
from tidegate.domain.skill import SkillPackage
from tidegate.registry.reading import Reading
from tidegate.registry.scan.found import OWN, Found
from tidegate.registry.scan.gate import Gate

MOST_OF_A_KIND = 50
"""Findings of a rule, and places where scripts use a capability, that are kept: no kind hides another."""

T = TypeVar("T")


async def request_exception(
    gate: Gate, reading: Reading, package: SkillPackage, *, by: str, reason: str, at: float
) -> tuple[ScanException, int]:
    """Ask, with the package's findings and the capabilities of its scripts; returns also the revision.

    Raises InvalidInput where nothing blocks it or its scripts cannot be read, Conflict where an exception
    that was granted covers it.
    """
    found, blocking = await gate.objections(package)
    if not blocking:
        raise InvalidInput(f"nothing blocks {package.manifest.name}; publish it, no exception is needed")
    uses = await reading.uses(package.archive)
    blocks = set(blocking)
    ordered = sorted(found, key=lambda each: each not in blocks)
    asked = ScanException(
        digest=package.digest,
        name=package.manifest.name,
        rules=tuple(sorted({each.rule for each in blocking})),
        findings=tuple(_objection(each, each in blocks) for each in _first(ordered, _rule)),
        findings_in_all=len(found),
        uses=tuple(_first(uses, _capability)),
        uses_in_all=len(uses),
        asked_by=by,
        asked_because=reason,
        asked_at=at,
    )
    return await gate.ask(asked)


def _objection(found: Found, blocks: bool) -> Objection:
    return Objection(
        rule=found.rule,
        severity=found.severity,
        path=found.path,
        line=found.line,
        title=found.title,
        excerpt=found.excerpt,
        source=found.source or OWN,
        blocks=blocks,
    )


def _first(items: Iterable[T], kind: Callable[[T], str]) -> list[T]:
    counts: defaultdict[str, int] = defaultdict(int)
    kept: list[T] = []
    for each in items:
        counts[kind(each)] += 1
        if counts[kind(each)] <= MOST_OF_A_KIND:
            kept.append(each)
    return kept


def _rule(found: Found) -> str:
    return found.rule


def _capability(use: Use) -> str:
    return use.capability
