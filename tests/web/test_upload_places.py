"""So many packages at once, whichever API brings them: others wait unread, and are told to come back."""

import asyncio
import io
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
from fresh_store import fresh_store

from tidegate.control.caller import by_home
from tidegate.control.services import Services
from tidegate.domain.skill import SkillPackage
from tidegate.registry.scan.found import Found
from tidegate.web.control_api import create_control_api
from tidegate.web.skills_api import create_skills_api
from tidegate.web.upload_places import RETRY_AFTER_SECONDS, UploadPlaces

URL = "http://t/api/skills?reason=ours"


class Clock:
    def now(self) -> float:
        return 1_800_000_000.0

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()


class SlowScan:
    """A scanner that judges when it is told to, and says how many it was given."""

    def __init__(self) -> None:
        self.begun = asyncio.Semaphore(0)
        self.may_end = asyncio.Event()

    async def scan(self, package: SkillPackage) -> tuple[Found, ...]:
        del package
        self.begun.release()
        await self.may_end.wait()
        return ()


class Body:
    """A zip that tells when its first byte is asked for."""

    def __init__(self, name: str) -> None:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr(
                f"{name}/SKILL.md", f"---\nname: {name}\ndescription: Reads tides.\n---\nRead.\n"
            )
        self.content = buffer.getvalue()
        self.asked = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        self.asked = True
        yield self.content


@pytest.fixture
async def services(tmp_path: Path) -> AsyncIterator[Services]:
    store = await fresh_store(tmp_path / "tidegate.db", Clock())
    yield Services(store, Clock())
    await store.close()


def clients(services: Services, scan: SlowScan, places: UploadPlaces) -> list[httpx2.AsyncClient]:
    """Of the control API and of the Skills API, over the same places."""
    return [
        httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://t")
        for app in (
            create_control_api(services, by_home("ana"), scan=scan.scan, places=places),
            create_skills_api(services, by_home("ana"), scan=scan.scan, places=places),
        )
    ]


async def test_who_finds_no_place_is_not_read_and_is_told_when_to_come_back(services: Services) -> None:
    scan = SlowScan()
    control, skills = clients(services, scan, UploadPlaces(1, queue=1))
    async with control, skills:
        first = asyncio.create_task(control.post(URL, content=Body("one")))
        await scan.begun.acquire()
        waits, turned_away = Body("two"), Body("three")
        second = asyncio.create_task(control.post(URL, content=waits))
        await asyncio.wait([second], timeout=0.05)
        refused = await control.post(URL, content=turned_away)
        form = {"files[]": ("three.zip", turned_away.content)}
        refused_there = await skills.post("/v1/skills", files=form)
        assert (await control.get("/api/skills")).status_code == 200, "what brings no package needs no place"
        assert not waits.asked
        assert not turned_away.asked
        scan.may_end.set()
        assert [(await each).status_code for each in (first, second)] == [201, 201]
    assert (refused.status_code, refused.json()["error"]["type"]) == (529, "overloaded")
    assert (refused_there.status_code, refused_there.json()["error"]["type"]) == (529, "overloaded_error")
    for each in (refused, refused_there):
        assert each.headers["retry-after"] == str(RETRY_AFTER_SECONDS)
        assert "send it again" in each.json()["error"]["message"]


async def test_nobody_waits_for_ever_and_a_place_is_given_back(services: Services) -> None:
    scan = SlowScan()
    control, skills = clients(services, scan, UploadPlaces(1, wait=0.01))
    async with control, skills:
        first = asyncio.create_task(control.post(URL, content=Body("one")))
        await scan.begun.acquire()
        assert (await control.post(URL, content=Body("two"))).status_code == 529
        scan.may_end.set()
        assert (await first).status_code == 201
        assert (await control.post(URL, content=b"no zip")).status_code == 400
        assert (await control.post(URL, content=Body("two"))).status_code == 201


async def test_a_body_that_does_not_come_gives_its_place_back(services: Services) -> None:
    scan = SlowScan()
    scan.may_end.set()
    control, skills = clients(services, scan, UploadPlaces(1, body_seconds=0.05))

    async def never() -> AsyncIterator[bytes]:
        yield b"--b\r\n"
        await asyncio.Event().wait()

    async with control, skills:
        late = await control.post(URL, content=never())
        form = {"content-type": "multipart/form-data; boundary=b"}
        late_there = await skills.post("/v1/skills", content=never(), headers=form)
        assert (await control.post(URL, content=Body("one"))).status_code == 201
    assert (late.status_code, late.json()["error"]["type"]) == (408, "timeout")
    assert (late_there.status_code, late_there.json()["error"]["type"]) == (408, "timeout_error")
