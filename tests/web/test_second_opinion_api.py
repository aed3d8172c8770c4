"""What a second scanner found is in the answer to who publishes, by either API."""

import asyncio
import io
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from tidegate.adapters.storage.store import open_store
from tidegate.control.caller import by_home
from tidegate.control.services import Services
from tidegate.domain.skill import SkillPackage
from tidegate.registry.scan.found import Found
from tidegate.registry.scan.here import ScanningHere
from tidegate.registry.scan.severity import Severity
from tidegate.web.control_api import create_control_api
from tidegate.web.skills_api import create_skills_api

ADVICE = Found(
    rule="other/R",
    severity=Severity.HIGH,
    path="SKILL.md",
    line=5,
    title="odd",
    excerpt="",
    tags=(),
    source="other",
)


class Clock:
    def now(self) -> float:
        return 1_800_000_000.0

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()


async def advise(package: SkillPackage) -> tuple[Found, ...]:
    return (ADVICE,) if b"odd" in package.archive else ()


@pytest.fixture
async def services(tmp_path: Path) -> AsyncIterator[Services]:
    store = await open_store(f"sqlite:///{tmp_path / 'tidegate.db'}", clock=Clock())
    yield Services(store, Clock())
    await store.close()


def skill_md(body: str) -> bytes:
    return f"---\nname: tide\ndescription: Reads tide tables.\n---\n{body}\n".encode()


def zipped(body: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("tide/SKILL.md", skill_md(body))
    return buffer.getvalue()


async def test_the_control_api_tells_it_once(services: Services) -> None:
    app = create_control_api(services, by_home("ana"), scan=ScanningHere().scan, second=advise)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://t") as client:
        told = [
            (await client.post("/api/skills", params={"reason": "ours"}, content=zipped(body))).json()
            for body in ("odd", "odd", "even")
        ]
    assert [each["second_opinion"] for each in told] == [[ADVICE.document()], None, []]


async def test_without_a_second_scanner_there_is_no_opinion(services: Services) -> None:
    app = create_control_api(services, by_home("ana"), scan=ScanningHere().scan)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://t") as client:
        told = await client.post("/api/skills", params={"reason": "ours"}, content=zipped("odd"))
    assert told.json()["second_opinion"] is None


async def test_the_skills_api_tells_it_beside_what_the_official_one_has(services: Services) -> None:
    app = create_skills_api(services, by_home("ana"), scan=ScanningHere().scan, second=advise)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://t") as client:
        told = []
        for path, body in (
            ("/v1/skills", "odd"),
            ("/v1/skills/{}/versions", "odd again"),
            ("/v1/skills/{}/versions", "even"),
        ):
            url = path.format(told[0]["id"] if told else "")
            sent = await client.post(url, files=[("files[]", ("tide/SKILL.md", skill_md(body)))])
            told.append(sent.json())
        read = (await client.get(f"/v1/skills/{told[0]['id']}")).json()
    opinions = [each["tidegate"]["second_opinion"] for each in told]
    assert opinions == [[ADVICE.document()], [ADVICE.document()], []]
    assert "second_opinion" not in read["tidegate"]
