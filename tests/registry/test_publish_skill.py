"""Publishing over a real store: versions are numbered, immutable, and the same content is one version."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from fresh_store import fresh_store

from tidegate.adapters.storage.store import Store
from tidegate.domain.errors import Conflict, InvalidInput
from tidegate.domain.skill import SkillPackage
from tidegate.registry.describe import describe
from tidegate.registry.publish import publish
from tidegate.registry.scan.gate import Gate
from tidegate.registry.scan.here import ScanningHere
from tidegate.registry.scan.policy import Policy
from tidegate.registry.validate import validate_zip

NOW = 1_769_860_800.25


class StillClock:
    def now(self) -> float:
        return NOW

    def monotonic(self) -> float:
        return 0.0


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await fresh_store(tmp_path / "state.db", StillClock())
    yield opened
    await opened.close()


@pytest.fixture
def gate(store: Store) -> Gate:
    return Gate(Policy(), store.scan_exceptions, ScanningHere().scan)


@pytest.fixture
def package(pack: Callable[..., bytes]) -> Callable[..., SkillPackage]:
    def make(name: str = "tide-table", description: str = "d", metadata: str = "") -> SkillPackage:
        lines = [f"name: {name}", f"description: {description}"]
        lines += ["metadata:", f"  {metadata}"] if metadata else []
        return validate_zip(
            pack([(f"{name}/SKILL.md", "\n".join(["---", *lines, "---", "body", ""]).encode())])
        )

    return make


async def test_versions_count_up_and_the_same_content_is_one_version(
    store: Store, gate: Gate, package: Callable[..., SkillPackage]
) -> None:
    first, created, _ = await publish(store.skills, gate, package(), by="ops", reason="first", at=NOW)
    assert (first.number, created) == (1, True)
    again, created, _ = await publish(store.skills, gate, package(), by="other", reason="again", at=NOW + 1)
    assert (again, created) == (first, False)
    second, created, _ = await publish(
        store.skills, gate, package(description="new"), by="ops", reason="new", at=NOW
    )
    assert (second.number, created) == (2, True)


async def test_the_stored_archive_is_the_package(
    store: Store, gate: Gate, package: Callable[..., SkillPackage]
) -> None:
    version, *_ = await publish(store.skills, gate, package(), by="ops", reason="first", at=NOW)
    archive = await store.skills.archive(version.digest)
    assert archive is not None
    assert validate_zip(archive).digest == version.digest


async def test_a_publication_without_a_reason_is_refused(
    store: Store, gate: Gate, package: Callable[..., SkillPackage]
) -> None:
    with pytest.raises(InvalidInput, match="publishing tide-table needs a reason"):
        await publish(store.skills, gate, package(), by="ops", reason="  ", at=NOW)
    assert await store.skills.list() == []


async def test_a_skill_is_refused_until_what_it_requires_is_published(
    store: Store, gate: Gate, package: Callable[..., SkillPackage]
) -> None:
    needy = package(metadata="tidegate.requires: moon-phase")
    with pytest.raises(Conflict, match=r"requires the skill 'moon-phase'.*publish 'moon-phase' first"):
        await publish(store.skills, gate, needy, by="ops", reason="try", at=NOW)
    await publish(store.skills, gate, package("moon-phase"), by="ops", reason="first", at=NOW)
    version, *_ = await publish(store.skills, gate, needy, by="ops", reason="now", at=NOW)
    assert version.manifest.requires == ("moon-phase",)


async def test_a_version_is_described_for_the_api(
    store: Store, gate: Gate, package: Callable[..., SkillPackage]
) -> None:
    tidal = package(metadata="tidegate.match: high water")
    version, *_ = await publish(store.skills, gate, tidal, by="ops", reason="first", at=NOW)
    (file,) = tidal.files
    assert describe(version) == {
        "name": "tide-table",
        "version": 1,
        "digest": tidal.digest,
        "state": "published",
        "description": "d",
        "mode": "hosted",
        "match": ["high water"],
        "keywords": [],
        "examples": [],
        "requires": [],
        "excludes": [],
        "metadata": {"tidegate.match": "high water"},
        "files": [{"path": "SKILL.md", "size": file.size, "sha256": file.sha256}],
        "created_at": "2026-01-31T12:00:00.250Z",
        "created_by": "ops",
    }
