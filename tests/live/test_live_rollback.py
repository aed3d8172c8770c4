"""A failing candidate is rolled back by itself, on real sockets, counted from the fault's start."""

import asyncio
import statistics
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio
from clients import Users
from stack import Stack, stack
from tipping import read, tipping

from tidegate.domain.exchange import Arm

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


async def one_run(it: Stack, name: str, unit: str, share: float) -> tuple[int, float]:
    """All candidate requests after the fault, and seconds from the tipping one to the last of them."""
    await it.start_rollout(spec(name, unit))
    users = Users(it.url, it.client_key, rate=200, users=2000)
    async with users.sending():
        await asyncio.sleep(1.5)
        await it.faults(fault(share))
        faulted_at = time.time()
        await it.until(name, "rolled-back", within=60)
        await asyncio.sleep(0.5)
    await it.faults()
    assert users.broken == 0
    await it.ledger()
    rollout, exchanges = await read(it.gateway.home, name)
    served = [each for each in exchanges if each.arm is Arm.CANDIDATE and each.at >= faulted_at]
    tipped = tipping(rollout, exchanges)
    return len(served), max(each.at for each in served) - tipped.finished_at


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def it(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    async with stack(tmp_path_factory.mktemp("rollback"), profile=BASE_ERRORS) as started:
        await started.publish("contract-analysis")
        yield started


@pytest.mark.exclusive
@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.timeout(240)
@pytest.mark.parametrize(
    ("unit", "share", "limit"), [("request", 0.2, 60), ("request", 1.0, 10), ("user", 1.0, 40)]
)
async def test_candidate_requests_from_the_fault_to_the_rollback(
    it: Stack, figure: Callable[[str], None], unit: str, share: float, limit: int
) -> None:
    runs = [await one_run(it, f"{unit}-{share * 100:.0f}-{n}", unit, share) for n in range(RUNS)]
    figure(
        f"unit {unit}, {share:.0%} errors: candidate requests after the fault {[count for count, _ in runs]}"
        f" (limit {limit}); the last {max(seconds for _, seconds in runs):.2f} s after the one that tipped it"
    )
    assert statistics.median(count for count, _ in runs) <= limit
    assert max(seconds for _, seconds in runs) <= 2.0


@pytest.mark.paced("kills")
async def test_an_a_a_rollout_with_errors_in_both_arms_completes(tmp_path: Path) -> None:
    async with stack(tmp_path, profile=BASE_ERRORS) as it:
        await it.publish("contract-analysis")
        await it.start_rollout(spec("harmless", "user", bakes=("5s", "5s", "5s"), samples=30))
        async with Users(it.url, it.client_key, rate=200).sending() as users:
            status = await it.until("harmless", "completed", "rolled-back", within=60)
        assert status["state"] == "completed", status["last_decision"]
        stages = {line["stage"] for line in await it.ledger("harmless")}
        assert stages >= {"canary", "beta", "full"}
        assert users.broken == 0


@pytest.mark.paced("outages")
@pytest.mark.parametrize(("share", "outage_seconds"), [(1.0, 60.0), (0.4, 20.0)])
async def test_an_outage_of_the_upstream_rolls_nothing_back(
    tmp_path: Path, share: float, outage_seconds: float
) -> None:
    async with stack(tmp_path, profile=BASE_ERRORS) as it:
        await it.publish("contract-analysis")
        await it.start_rollout(spec("outage", "user"))
        async with Users(it.url, it.client_key, rate=100).sending() as users:
            await asyncio.sleep(2)
            await it.faults({"kind": "status", "status": 500, "share": share})
            await asyncio.sleep(outage_seconds)
            await it.faults()
            await asyncio.sleep(3)
            status = await it.status("outage")
        assert status["state"] == "progressing", status["last_decision"]
        lost = sum(seen.status >= 500 for seen in users.seen)
        assert lost > (0.9 if share == 1.0 else 0.01) * outage_seconds * 100
