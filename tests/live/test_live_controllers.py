"""Four gateways on one home, whose leader is killed or held up at random: each transition happens once."""

import asyncio
import random
import signal
import sqlite3
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, suppress
from pathlib import Path

import aiohttp
import msgspec
import pytest
from clients import Users
from stack import GatewayProcess, Stack, stack
from tipping import read

from tidegate.adapters.clock import SystemClock
from tidegate.adapters.storage.store import open_store
from tidegate.control.commit import EventData
from tidegate.domain.exchange import Arm, Exchange
from tidegate.domain.rollout import Event

GATEWAYS = 4
LEASE = 1.0
HELD_SECONDS = 1.6
"""A leader that is stopped so long has lost its lease when it goes on."""

FOLLOW_SECONDS = 2.0
"""Until every process serves by what was committed."""

FRESH_SECONDS = 3.0
SAMPLES = 20

WEIGHTS = {"canary": 20.0, "beta": 50.0, "full": 100.0}
SHARES = (0.2, 0.5, 0.95)
"""Of users that the stages give to the candidate; five in a hundred are held back at last."""

CONFIGURATION = f'[control]\nlease = "{LEASE:g}s"\n'
SPEC = """\
apiVersion: tidegate/v1
kind: Rollout
metadata: {{name: led}}
spec:
  unit: user
  candidate: {{skills: {{contract-analysis: latest}}}}
  stages:
    - {{name: canary, weight: 20, bake: {bake}s, promote: auto}}
    - {{name: beta, weight: 50, bake: {bake}s, promote: auto}}
    - {{name: full, weight: 100, bake: {bake}s, promote: auto, holdout: 5}}
  gates:
    errors: {{worse: rollback}}
    samples: {{min: {samples}}}
"""


def leader(home: Path) -> int | None:
    """The pid of the process that leads by the store, if one does."""
    with sqlite3.connect(f"file:{home / 'tidegate.db'}?mode=ro", uri=True) as store:
        row = store.execute("SELECT holder FROM lease WHERE until > ?", (time.time(),)).fetchone()
    return int(row[0].rsplit("-", 2)[1]) if row and row[0] else None


async def depose(gateways: Sequence[GatewayProcess], home: Path, draw: random.Random) -> str:
    """Kill whoever leads and start it again, or hold it up until its lease has run out."""
    async with asyncio.timeout(30):
        while (pid := leader(home)) is None or (led := of_pid(gateways, pid)) is None:
            await asyncio.sleep(0.02)
    await asyncio.sleep(draw.uniform(0.0, 0.5))
    if draw.random() < 0.25:
        led.process.send_signal(signal.SIGSTOP)
        await asyncio.sleep(HELD_SECONDS)
        led.process.send_signal(signal.SIGCONT)
        return "held"
    await led.kill()
    await led.start()
    return "killed"


def of_pid(gateways: Sequence[GatewayProcess], pid: int) -> GatewayProcess | None:
    return next((each for each in gateways if each.process is not None and each.process.pid == pid), None)


async def sampled(gateways: Sequence[GatewayProcess], key: str, draw: random.Random) -> AsyncIterator[dict]:
    """The rollout as one or the other gateway tells it, as often as they answer."""
    patience = aiohttp.ClientTimeout(total=3)
    async with aiohttp.ClientSession(headers={"x-api-key": key}, timeout=patience) as session:
        while True:
            await asyncio.sleep(0.1)
            url = f"{draw.choice(gateways).url}/api/rollouts/led"
            with suppress(aiohttp.ClientError, TimeoutError):  # it was just killed, or is held up
                async with session.get(url) as response:
                    if response.status == 200:
                        yield await response.json()


async def deposed(it: Stack, gateways: Sequence[GatewayProcess], times: int) -> list[str]:
    draw = random.Random(7)
    return [await depose(gateways, it.gateway.home, draw) for _ in range(times)]


async def watched(it: Stack, gateways: Sequence[GatewayProcess]) -> list[dict]:
    """Every sample until the rollout has ended."""
    samples: list[dict] = []
    async for sample in sampled(gateways, it.operator_key, random.Random(8)):
        samples.append(sample)
        if sample["state"] not in ("progressing", "draft"):
            return samples
    return samples


@pytest.mark.paced("kills")
@pytest.mark.timeout(400)
async def test_leaders_killed_at_random_make_each_transition_once(
    tmp_path: Path, long_form: bool, figure: Callable[[str], None]
) -> None:
    kills = 50 if long_form else 8
    async with stack(tmp_path, config=CONFIGURATION) as it, AsyncExitStack() as others:
        gateways = [it.gateway]
        for number in range(1, GATEWAYS):
            gateways.append(GatewayProcess(it.gateway.home, it.emulator, tmp_path / f"gateway{number}.log"))
            await gateways[-1].start()
            others.push_async_callback(gateways[-1].stop)
        await it.publish("contract-analysis")
        await it.start_rollout(SPEC.format(bake=max(4, round(0.6 * kills)), samples=SAMPLES))
        users = [Users(each.url, it.client_key, rate=20, users=200) for each in gateways]
        async with AsyncExitStack() as sending:
            for each in users:
                await sending.enter_async_context(each.sending())
            hows, samples = await asyncio.gather(
                deposed(it, gateways, kills), asyncio.wait_for(watched(it, gateways), 300)
            )
        await it.ledger("led")
        verified, replayed = await said(it, "verify"), await said(it, "replay")
        _, exchanges = await read(it.gateway.home, "led")
        moves = [event for event in await recorded(it.gateway.home) if event.kind != "hold"]
    kinds = [event.kind for event in moves]
    figure(
        f"{hows.count('killed')} leaders killed, {hows.count('held')} held up: {', '.join(kinds)}; "
        f"{len(samples)} samples, {len(exchanges)} exchanges"
    )
    assert kinds == ["start", "advance", "advance", "complete"]
    assert (verified["intact"], replayed["same"]) == (True, replayed["decisions"])
    assert all(WEIGHTS[each["stage"]] == each["weight"] for each in samples if each["state"] == "progressing")
    assert all(age_of_evidence(event) <= FRESH_SECONDS for event in moves[1:])
    assert units_in_both_arms(exchanges) == []
    for stage, share in enumerate(shares_of_candidates(exchanges)):
        assert share == pytest.approx(SHARES[stage], abs=0.16), f"stage {stage}, of 200 users or so"
    assert served_otherwise_than_recorded(exchanges, [event.at for event in moves]) == []


async def said(it: Stack, what: str) -> dict[str, object]:
    async with (
        aiohttp.ClientSession(headers={"x-api-key": it.operator_key}) as session,
        session.get(f"{it.url}/api/rollouts/led/{what}") as response,
    ):
        assert response.status == 200, await response.text()
        return await response.json()


async def recorded(home: Path) -> Sequence[Event]:
    store = await open_store(f"sqlite:///{home / 'tidegate.db'}", clock=SystemClock())
    try:
        return await store.rollouts.events("rollout:led")
    finally:
        await store.close()


def age_of_evidence(event: Event) -> float:
    """How old the newest evidence was that a stage was ended on; users send all the time."""
    evidence = msgspec.json.decode(event.data, type=EventData).evidence
    assert evidence is not None
    assert evidence.last_at is not None
    assert evidence.candidate.triggered >= SAMPLES
    return event.at - evidence.last_at


def units_in_both_arms(exchanges: Sequence[Exchange]) -> list[tuple[int | None, str]]:
    arms: dict[tuple[int | None, str], set[Arm]] = defaultdict(set)
    for each in exchanges:
        if each.counted and each.stage is not None and each.arm is not Arm.OUTSIDE:
            arms[each.stage, each.unit_hash].add(each.arm)
    return [unit for unit, found in arms.items() if len(found) > 1]


def shares_of_candidates(exchanges: Sequence[Exchange]) -> list[float]:
    """By stage, the share of its units that were served the candidate."""
    arms: dict[int, dict[str, Arm]] = defaultdict(dict)
    for each in exchanges:
        if each.counted and each.stage is not None and each.arm is not Arm.OUTSIDE:
            arms[each.stage][each.unit_hash] = each.arm
    counted = [list(arms[stage].values()) for stage in sorted(arms)]
    return [each.count(Arm.CANDIDATE) / len(each) for each in counted]


def served_otherwise_than_recorded(exchanges: Sequence[Exchange], moved: Sequence[float]) -> list[Exchange]:
    """Those of a stage that it is not recorded to have been in when they came, or just before."""
    entered, left = moved[:3], moved[1:]
    staged = [each for each in exchanges if each.stage is not None and each.at < moved[-1]]
    return [
        each
        for each in staged
        if each.stage_since != entered[each.stage]
        or not entered[each.stage] <= each.at <= left[each.stage] + FOLLOW_SECONDS + HELD_SECONDS
    ]
