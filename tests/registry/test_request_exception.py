"""Who is asked to let a package pass is shown all kinds of findings and capabilities that it has."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from fresh_store import fresh_store

from tidegate.adapters.storage.store import Store
from tidegate.domain.capability import Use
from tidegate.domain.errors import InvalidInput
from tidegate.domain.skill import SkillPackage
from tidegate.registry.apart.here import READING_HERE
from tidegate.registry.request_exception import MOST_OF_A_KIND, request_exception
from tidegate.registry.scan.found import Found
from tidegate.registry.scan.gate import Gate
from tidegate.registry.scan.policy import Policy
from tidegate.registry.scan.severity import Severity
from tidegate.registry.validate import validate_zip

SKILL = b"---\nname: tide-table\ndescription: Reads tide tables.\n---\nRead.\n"


class StillClock:
    def now(self) -> float:
        return 1.0

    def monotonic(self) -> float:
        return 0.0


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await fresh_store(tmp_path / "state.db", StillClock())
    yield opened
    await opened.close()


def found(rule: str, severity: Severity, line: int, source: str = "") -> Found:
    return Found(
        rule=rule,
        severity=severity,
        path="SKILL.md",
        line=line,
        title="t",
        excerpt="e",
        tags=(),
        source=source,
    )


def gate_that_finds(store: Store, *every: Found, second: tuple[Found, ...] = ()) -> Gate:
    async def scan(package: SkillPackage) -> tuple[Found, ...]:
        return every

    async def opinion(package: SkillPackage) -> tuple[Found, ...]:
        return second

    return Gate(Policy(), store.scan_exceptions, scan, opinion)


async def test_what_blocks_comes_first_and_each_says_whose_it_is(
    store: Store, pack: Callable[..., bytes]
) -> None:
    package = validate_zip(pack([("tide-table/SKILL.md", SKILL)]))
    advice = found("theirs", Severity.CRITICAL, 0, "other-scanner")
    note, bad = found("note", Severity.LOW, 1), found("bad", Severity.HIGH, 2)
    gate = gate_that_finds(store, note, bad, second=(advice,))
    asked, _ = await request_exception(gate, READING_HERE, package, by="ana", reason="ours", at=2.0)
    assert [(each.rule, each.blocks, each.source) for each in asked.findings] == [
        ("bad", True, "tidegate"),
        ("note", False, "tidegate"),
        ("theirs", False, "other-scanner"),
    ]
    assert (asked.rules, asked.findings_in_all, asked.uses, asked.uses_in_all) == (("bad",), 3, (), 0)
    assert await store.scan_exceptions.get(package.digest) == asked


async def test_no_kind_of_finding_or_capability_hides_another(
    store: Store, pack: Callable[..., bytes]
) -> None:
    many = MOST_OF_A_KIND + 7
    scripts = [(f"tide-table/scripts/{n:03}.py", b"import socket\n") for n in range(many)]
    last = ("tide-table/scripts/zz.py", b"import subprocess\n")
    package = validate_zip(pack([("tide-table/SKILL.md", SKILL), *scripts, last]))
    every = [found("first", Severity.HIGH, n + 1) for n in range(many)]
    gate = gate_that_finds(store, *every, found("last", Severity.HIGH, 1))
    asked, _ = await request_exception(gate, READING_HERE, package, by="ana", reason="ours", at=2.0)
    assert [each.rule for each in asked.findings] == ["first"] * MOST_OF_A_KIND + ["last"]
    assert (asked.findings_in_all, asked.uses_in_all) == (many + 1, many + 1)
    assert len(asked.uses) == MOST_OF_A_KIND + 1
    assert asked.uses[-1] == Use(asked.uses[-1].capability, "scripts/zz.py", 1, "subprocess")


async def test_what_is_found_again_after_newer_rules_takes_the_place_of_what_was(
    store: Store, pack: Callable[..., bytes]
) -> None:
    package = validate_zip(pack([("tide-table/SKILL.md", SKILL)]))
    older = gate_that_finds(store, found("bad", Severity.HIGH, 2))
    await request_exception(older, READING_HERE, package, by="ana", reason="ours", at=2.0)
    newer = gate_that_finds(store, found("worse", Severity.CRITICAL, 3))
    again, _ = await request_exception(newer, READING_HERE, package, by="ana", reason="still", at=3.0)
    assert [each.rule for each in again.findings] == ["worse"]
    assert await store.scan_exceptions.get(package.digest) == again


async def test_a_package_that_nothing_blocks_is_not_asked_for(
    store: Store, pack: Callable[..., bytes]
) -> None:
    package = validate_zip(pack([("tide-table/SKILL.md", SKILL)]))
    gate = gate_that_finds(store, found("note", Severity.MEDIUM, 1))
    with pytest.raises(InvalidInput, match="nothing blocks tide-table"):
        await request_exception(gate, READING_HERE, package, by="ana", reason="ours", at=2.0)
    assert await store.scan_exceptions.list() == []
