"""Whether a registry is whole: its rows, its numbers, its events, and every archive that it hands out."""

import hashlib
import sqlite3
from collections.abc import Sequence
from pathlib import Path

import aiohttp

from tidegate.adapters.clock import SystemClock
from tidegate.adapters.storage.store import open_store
from tidegate.domain import chain
from tidegate.domain.skill import SkillVersion
from tidegate.registry.archive import files_of

FILE = "tidegate.db"


async def whole_registry(home: Path, url: str, key: str) -> dict[str, SkillVersion]:
    """Every version by its digest; fails where anything is half there. The gateway at `url` is running."""
    versions = await _told(home)
    _numbered(versions)
    assert _archives(home) == {each.digest for each in versions}
    async with aiohttp.ClientSession(headers={"x-api-key": key}) as session:
        for version in versions:
            await _downloads_whole(session, url, version)
    return {each.digest: each for each in versions}


def stored_versions(home: Path) -> int:
    """How many versions are committed, in any skill."""
    connection = sqlite3.connect(home / FILE)
    try:
        return int(connection.execute("SELECT count(*) FROM skill_version").fetchone()[0])
    finally:
        connection.close()


async def _told(home: Path) -> Sequence[SkillVersion]:
    """The versions in the store, of each of which one event tells in an unbroken chain."""
    store = await open_store(f"sqlite:///{home / FILE}", clock=SystemClock())
    try:
        versions = list(await store.skills.list())
        events = await store.rollouts.events("skills")
        assert chain.verify(events, await store.rollouts.head("skills")) is None
    finally:
        await store.close()
    assert sum(event.kind == "published" for event in events) == len(versions)
    return versions


def _numbered(versions: Sequence[SkillVersion]) -> None:
    """Each skill's versions are 1, 2, 3 … without a gap; they come by name and number."""
    numbers: dict[str, int] = {}
    for each in versions:
        assert each.number == numbers.get(each.name, 0) + 1, each.name
        numbers[each.name] = each.number


def _archives(home: Path) -> set[str]:
    """The digests of which there is an archive, in a database that is sound."""
    connection = sqlite3.connect(home / FILE)
    try:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return {str(digest) for (digest,) in connection.execute("SELECT digest FROM skill_archive")}
    finally:
        connection.close()


async def _downloads_whole(session: aiohttp.ClientSession, url: str, version: SkillVersion) -> None:
    """What is handed out has the version's digest and is made of its files."""
    path = f"{url}/api/skills/{version.name}/archive"
    async with session.get(path, params={"version": version.number}) as response:
        assert response.status == 200, await response.text()
        archive = await response.read()
    assert f"sha256:{hashlib.sha256(archive).hexdigest()}" == version.digest
    sizes = {file: len(content) for file, content in files_of(archive).items()}
    assert sizes == {file.path: file.size for file in version.files}
