"""One fault under load: when its breaker opened and closed, and what clients and provider saw of it."""

import asyncio
import time
from collections import Counter

import aiohttp
import msgspec
from prometheus_client.parser import text_string_to_metric_families

from tidegate.harness.emulator.faults import Fault
from tidegate.harness.faults.plan import LEAD_SECONDS, Trial, scenario
from tidegate.harness.load.arrivals import planned
from tidegate.harness.load.connection import Target
from tidegate.harness.load.generator import Generator
from tidegate.harness.load.shot import Result
from tidegate.harness.load.testbed import Testbed, set_faults
from tidegate.harness.soak.watch import resident

_POLL_SECONDS = 0.05
_CLOSING_PATIENCE = 20.0
_CLIENT_PATIENCE = 30.0


class Seen(msgspec.Struct, kw_only=True):
    """What came of one trial; `at` and `over` in epoch seconds around the fault, `struck` by the provider."""

    trial: Trial
    at: float = 0.0
    over: float = 0.0
    requests: int = 0
    failed: Counter[str] = msgspec.field(default_factory=Counter[str])
    midway: int = 0
    """Streams that broke after their first content: nothing can be served instead of them."""
    struck: int = 0
    opened: bool = False
    closed_after: float | None = None
    megabytes: float = 0.0

    def take(self, result: Result) -> None:
        """Count one request."""
        self.requests += 1
        if result.failure and result.first_token_seconds is not None:
            self.midway += 1
        elif result.failure:
            self.failed[f"status {result.status}" if result.failure == "status" else result.failure] += 1


async def tried(testbed: Testbed, trial: Trial, seconds: float, *, seed: int) -> Seen:
    """Load the gateway, let the fault come and go, and wait for what is out; raises TidegateError."""
    seen = Seen(trial=trial)
    target = Target(testbed.gateway, testbed.client_key)
    generator = Generator(target, seen.take, patience=_CLIENT_PATIENCE, emulated=True)
    loading = asyncio.create_task(generator.run(planned(scenario(trial, seconds), seed=seed)))
    async with aiohttp.ClientSession() as session:
        await asyncio.sleep(LEAD_SECONDS)
        before = await _struck(session, testbed.emulator, trial.fault)
        seen.at = time.time()
        await set_faults(testbed.emulator, (trial.fault,))
        seen.opened = await _reaches(session, testbed, trial, is_open=True, within=seconds) is not None
        await asyncio.sleep(max(0.0, seen.at + seconds - time.time()))
        await set_faults(testbed.emulator, ())
        seen.over = time.time()
        seen.struck = await _struck(session, testbed.emulator, trial.fault) - before
        if seen.opened:
            seen.closed_after = await _reaches(
                session, testbed, trial, is_open=False, within=_CLOSING_PATIENCE
            )
        await loading
    seen.megabytes = resident(testbed.supervisor)
    return seen


async def _reaches(
    session: aiohttp.ClientSession, testbed: Testbed, trial: Trial, *, is_open: bool, within: float
) -> float | None:
    """Seconds until the breaker is open, or closed; None where it is not by then."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    while (now := loop.time() - began) < within:
        if (await _breaker(session, testbed.gateway, trial.breaker) > 0) is is_open:
            return now
        await asyncio.sleep(_POLL_SECONDS)
    return None


async def _breaker(session: aiohttp.ClientSession, gateway: str, named: tuple[str, str] | None) -> float:
    """A breaker's state as /metrics shows it: 0 where it is closed, was never anything else, or is none."""
    async with session.get(f"{gateway}/metrics") as response:
        text = await response.text()
    lines = "\n".join(line for line in text.splitlines() if line.startswith("tidegate_breaker_state{"))
    for family in text_string_to_metric_families(lines):
        for sample in family.samples:
            if (sample.labels["kind"], sample.labels["target"]) == named:
                return sample.value
    return 0.0


class _Counted(msgspec.Struct):
    faults: dict[str, int]


async def _struck(session: aiohttp.ClientSession, emulator: str, fault: Fault) -> int:
    """How often the provider has failed so."""
    async with session.get(f"{emulator}/emulator/counts") as response:
        counted = msgspec.json.decode(await response.read(), type=_Counted)
    return counted.faults.get(fault.kind, 0)
