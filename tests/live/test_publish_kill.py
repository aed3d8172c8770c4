"""`kill -9` during 200 concurrent publishes: each version is whole, or not there."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import aiohttp
import pytest
from homes import home_with_keys
from publications import Publication, Sending, publications
from stack import GatewayProcess
from whole_registry import stored_versions, whole_registry

SHORT = (100,)
LONG = (1, 10, 20, 50, 75, 100, 125, 150, 180, 199)
"""The gateway is killed each time that so many versions are stored, then started, and all are sent again."""


async def killed_amid(gateway: GatewayProcess, key: str, wanted: list[Publication], stored: int) -> Sending:
    """Send all at once and kill the gateway when so many of them are stored."""
    sending = Sending(gateway.url, key)
    async with asyncio.TaskGroup() as group:
        group.create_task(sending.all(wanted))
        while stored_versions(gateway.home) < stored:
            await asyncio.sleep(0.002)
        await gateway.kill()
    return sending


async def titles(url: str, key: str) -> dict[str, str]:
    """What the Skills API shows each skill as."""
    shown: dict[str, str] = {}
    asked = {"limit": "100"}
    async with aiohttp.ClientSession(headers={"x-api-key": key}) as session:
        while True:
            async with session.get(f"{url}/v1/skills", params=asked) as response:
                assert response.status == 200, await response.text()
                answer = await response.json()
            shown |= {each["tidegate"]["name"]: each["display_name"] for each in answer["data"]}
            if not answer["next_page"]:
                return shown
            asked["page"] = answer["next_page"]


@pytest.mark.paced("kills")
@pytest.mark.timeout(300)
async def test_kills_amid_two_hundred_publishes_leave_each_version_whole_or_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, figure: Callable[[str], None], long_form: bool
) -> None:
    staging, home = tmp_path / "staging", tmp_path / "home"
    staging.mkdir()
    monkeypatch.setenv("TMPDIR", str(staging))
    (key,) = await home_with_keys(home, ["operator"])
    gateway = GatewayProcess(home, None, tmp_path / "log")
    wanted = publications(1)
    calm = {each.digest for each in wanted}
    answered: set[str] = set()
    await gateway.start()
    for stored in LONG if long_form else SHORT:
        sending = await killed_amid(gateway, key, wanted, stored)
        await gateway.start()
        there = (await whole_registry(home, gateway.url, key)).keys()
        answered |= {each.digest for each in sending.answered}
        figure(
            f"killed amid 200 publishes: {len(there)} stored, all whole; {len(answered)} answered, all there"
        )
        assert sending.unanswered > 0
        assert stored <= len(there)
        assert answered <= there <= calm
        assert list(staging.iterdir()) == []
    again = Sending(gateway.url, key)
    await again.all(wanted)
    assert again.unanswered == 0
    assert (await whole_registry(home, gateway.url, key)).keys() == calm
    shown = await titles(gateway.url, key)
    assert shown.items() >= {each.name: each.title for each in wanted if each.form}.items()
    assert await gateway.stop() == 0
    assert list(staging.iterdir()) == []
