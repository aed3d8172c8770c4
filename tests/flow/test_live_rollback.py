"""A failing candidate is rolled back by itself, on real sockets, counted from the fault's start."""

import asyncio
import statistics
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from clients import Users
from stack import Stack, stack

RUNS = 5
BASE_ERRORS = "seed = 3\n[errors]\n500 = 0.01\n"


def spec(name: str, unit: str, *, bakes: tuple[str, str, str] = ("1h", "1h", "1h"), samples: int = 50) -> str:
    first, second, third = bakes
    return f"""\
apiVersion: tidegate/v1
kind: Rollout
metadata: {{name: {name}}}
spec:
  unit: {unit}
  candidate:
    skills: {{contract-analysis: latest}}
  stages:
    - {{name: canary, weight: 5, bake: {first}, promote: auto}}
    - {{name: beta, weight: 25, bake: {second}, promote: auto}}
    - {{name: full, weight: 100, bake: {third}, promote: auto, holdout: 5}}
  gates:
    errors: {{max: 2%, worse: rollback}}
    samples: {{min: {samples}, unsure: hold}}
    trip: {{errors: 50%, over: 20}}
"""


def fault(share: float) -> dict[str, object]:
    return {"kind": "status", "status": 500, "share": share, "skill": "contract-analysis"}


def epoch(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


async def one_run(it: Stack, name: str, unit: str, share: float) -> tuple[int, float]:
    """Returns candidate requests from the fault to the rollback, and seconds since the last failing one."""
    await it.start_rollout(spec(name, unit))
    users = Users(it.url, it.client_key, rate=200, users=2000)
    async with users.sending():
        await asyncio.sleep(1.5)
        await it.faults(fault(share))
        faulted_at = time.time()
        status = await it.until(name, "rolled-back", within=60)
    await it.faults()
    back_at = epoch(status["last_decision"]["at"])
    lines = [line for line in await it.ledger("--rollout", name) if line["arm"] == "candidate"]
    since = [line for line in lines if faulted_at <= epoch(line["at"]) <= back_at]
    ended = [epoch(line["at"]) + line["seconds"] for line in since if line["skill_outcome"] == "skill_error"]
    assert users.broken == 0
    return len(since), back_at - max(moment for moment in ended if moment <= back_at)


@pytest.mark.exclusive
@pytest.mark.timeout(240)
@pytest.mark.parametrize(
    ("unit", "share", "limit"), [("request", 0.2, 60), ("request", 1.0, 10), ("user", 1.0, 40)]
)
async def test_candidate_requests_from_the_fault_to_the_rollback(
    tmp_path: Path, figure: Callable[[str], None], unit: str, share: float, limit: int
) -> None:
    async with stack(tmp_path, profile=BASE_ERRORS) as it:
        await it.publish("contract-analysis")
        runs = [await one_run(it, f"run-{number}", unit, share) for number in range(RUNS)]
    figure(
        f"unit {unit}, {share:.0%} errors: candidate requests {[count for count, _ in runs]}, limit {limit}"
    )
    assert statistics.median(count for count, _ in runs) <= limit
    assert statistics.median(seconds for _, seconds in runs) <= 2.0


@pytest.mark.exclusive
async def test_an_a_a_rollout_with_errors_in_both_arms_completes(tmp_path: Path) -> None:
    async with stack(tmp_path, profile=BASE_ERRORS) as it:
        await it.publish("contract-analysis")
        await it.start_rollout(spec("harmless", "user", bakes=("5s", "5s", "5s"), samples=30))
        async with Users(it.url, it.client_key, rate=200).sending() as users:
            status = await it.until("harmless", "completed", "rolled-back", within=60)
        assert status["state"] == "completed", status["last_decision"]
        stages = {line["stage"] for line in await it.ledger("--rollout", "harmless")}
        assert stages >= {"canary", "beta", "full"}
        assert users.broken == 0


@pytest.mark.exclusive
async def test_an_outage_of_the_upstream_rolls_nothing_back(tmp_path: Path) -> None:
    outage_seconds = 60.0
    async with stack(tmp_path, profile=BASE_ERRORS) as it:
        await it.publish("contract-analysis")
        await it.start_rollout(spec("outage", "user"))
        async with Users(it.url, it.client_key, rate=100).sending() as users:
            await asyncio.sleep(2)
            await it.faults({"kind": "status", "status": 500, "share": 1.0})
            await asyncio.sleep(outage_seconds)
            await it.faults()
            await asyncio.sleep(3)
            status = await it.status("outage")
        assert status["state"] == "progressing", status["last_decision"]
        assert sum(seen.status >= 500 for seen in users.seen) > 0.9 * outage_seconds * 100
