"""A stage's record, the watch after completion and reports at an hour, by the command line and the API."""

import asyncio
import json
import time
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import msgspec
import pytest
from clients import Users
from homes import FILE, home_with_keys
from reported import make_plan
from stack import GatewayProcess, Stack, stack

from tidegate.adapters.clock import SystemClock
from tidegate.adapters.storage.store import open_store
from tidegate.control.commit import commit
from tidegate.control.services import Services
from tidegate.domain.rollout import Move, Phase, Rollout, Unit
from tidegate.domain.transition import apply

SPEC = """\
apiVersion: tidegate/v1
kind: Rollout
metadata: {name: watched}
spec:
  unit: request
  candidate: {skills: {contract-analysis: latest}}
  stages:
    - {name: canary, weight: 20, bake: 3s, promote: manual}
    - {name: full, weight: 100, bake: 4s, promote: auto, holdout: 5}
  gates:
    errors: {worse: hold}
    slo: {errors: 20%}
    samples: {min: 20}
  after: {holdout: 5, for: 90d}
"""
DAY = 86_400.0


def notices(log: Path, kind: str) -> list[dict]:
    """What was delivered to the log, as often as it was."""
    lines = [json.loads(line) for line in log.read_text().splitlines() if '"notice"' in line]
    return [each for each in lines if each.get("kind") == kind]


async def until(it: Stack, say, within: float = 60.0) -> dict:
    async with asyncio.timeout(within):
        while not say(status := await it.status("watched")):
            await asyncio.sleep(0.2)
    return status


async def promoted_by_link(it: Stack) -> str:
    """What the page says after the form was sent, as a browser would, without a key."""
    keys = await it.operator("keys", "list")
    (mine,) = [each["id"] for each in keys["keys"] if each["role"] == "operator"]
    made = await it.operator("rollout", "link", "watched", "--for", mine)
    async with aiohttp.ClientSession() as browser:
        async with browser.get(f"{it.url}{made['link']}") as page:
            assert "Recommendation: proceed." in await page.text()
        async with browser.post(f"{it.url}{made['link']}", data={"reason": "as agreed"}) as page:
            return await page.text()


@pytest.mark.paced("kills")
@pytest.mark.timeout(200)
async def test_from_the_record_of_a_stage_to_the_alarm_after_completion(tmp_path: Path) -> None:
    async with stack(tmp_path) as it:
        await it.publish("contract-analysis")
        await it.start_rollout(SPEC)
        async with Users(it.url, it.client_key, rate=60, users=0).sending():
            await until(it, lambda status: status["state"] == "awaiting-approval")
            shown = await it.operator("rollout", "status", "watched")
            assert (shown["record"]["event"], shown["record"]["recommendation"]) == ("ask", "proceed")
            assert "Promoted by operator" in await promoted_by_link(it)
            await asyncio.sleep(2)
            await it.operator("switch", "off", "--skill", "contract-analysis", "--reason", "to be safe")
            held = await until(it, lambda status: (status["last_decision"] or {}).get("cause") == "incident")
            assert held["incidents"][0]["what"] == "skill contract-analysis"
            await it.operator("switch", "on", "--skill", "contract-analysis", "--reason", "all is well")
            done = await until(it, lambda status: status["state"] == "completed")
            assert (done["record"]["event"], done["watch"]["state"]) == ("complete", "watching")
            report = await it.operator("report", "stage", "watched", "--stage", "canary")
            assert report["stages"][0]["record"]["event"] == "promote"
            await it.faults({"kind": "status", "status": 500, "share": 1.0})
            await until(it, lambda status: status["watch"]["state"] == "alarm")
            await asyncio.sleep(12)
        assert b"ALARM since" in await it.operator.run("rollout", "status", "watched")
        assert len(notices(it.gateway.log, "rollout.alarm")) == 1
        await it.operator("rollout", "undo", "watched", "--reason", "the alarm")
        assert (await it.status("watched"))["state"] == "rolled-back"
        history = await it.operator("rollout", "history", "watched")
        kinds = [each["kind"] for each in history["events"] if each["kind"] != "hold"]
        assert kinds == ["start", "ask", "promote", "complete", "alarm", "undo"]
        replayed = await it.operator("rollout", "replay", "watched")
        assert replayed["same"] == replayed["decisions"] >= 5
        assert (await it.operator("rollout", "verify", "watched"))["intact"]


async def running_since(home: Path, began: float) -> None:
    """Put a rollout into the home's store that has been running since then."""
    plan = make_plan(Unit.USER, "long-running")
    plan = msgspec.structs.replace(plan, gates=msgspec.structs.replace(plan.gates, savings=None))
    draft = Rollout(
        name=plan.name, plan=plan, phase=Phase.DRAFT, salt="00" * 16, created_at=began, created_by="ada"
    )
    started = apply(draft, Move.START, began)
    store = await open_store(f"sqlite:///{home / FILE}", clock=SystemClock())
    try:
        services = Services(store, SystemClock())
        await commit(services, started, started, move=Move.START, actor="ada", reason="as agreed", at=began)
    finally:
        await store.close()


async def settled(gateway: GatewayProcess, count: int) -> list[dict]:
    """The daily reports in the log, once there are so many."""
    async with asyncio.timeout(60):
        while len(found := notices(gateway.log, "report.daily")) < count:
            await asyncio.sleep(0.5)
    return found


@pytest.mark.paced("outages")
@pytest.mark.timeout(200)
async def test_the_report_of_yesterday_comes_once_though_the_gateway_is_killed(tmp_path: Path) -> None:
    home = tmp_path / "home"
    await home_with_keys(home)
    now = time.time()
    await running_since(home, now - 3 * DAY)
    hour = datetime.fromtimestamp(now - 60, UTC)
    (home / "tidegate.toml").write_text(f'[reports]\nat = "{hour:%H:%M}"\nfolder = "reports"\n')
    gateway = GatewayProcess(home, None, tmp_path / "log")
    await gateway.start()
    (notice,) = await settled(gateway, 1)
    said = json.loads(notice["data"])
    assert said["markdown"].startswith(f"# long-running: daily report, {said['label']}")
    kept = sorted(each.suffix for each in (home / "reports").glob("long-running-daily-*"))
    assert kept == [".html", ".json", ".md"]
    await gateway.kill()
    await gateway.start()
    await asyncio.sleep(25)
    assert len(await settled(gateway, 1)) == 1
    assert await gateway.stop() == 0
