"""`make bench`: the gateway beside a bare proxy in the same run, as ratios; medians of alternating rounds.

The measured process is pinned to one core, load and upstream share another. Requests are 1.4 kB, answers
1.2 kB, 64 keep-alive connections, no TLS; streams are 25 events, 20 ms apart. nginx is measured too where it
is installed, LiteLLM where `make bench PEERS=1` has installed it. Exit code 1 where a requirement is missed.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import uvloop

import limits
import selection
from gateway import Gateway, bare_proxy, fixed_upstream
from load import Closed, closed_loop, ledger_settled, open_loop, request
from peers import LITELLM_KEY, litellm, nginx
from report import Measured, report

CONNECTIONS = 64
USERS = 500
CALM_RATE = 200.0
STREAM_SECONDS = 1.5
"""Of streams at least: one lasts half a second."""

SHOWN_ROUNDS = 100
"""Of selection, where what was reached has no limit for it."""

SLOW_RATE = 5.0
"""Requests a second for LiteLLM's latency: at 200 its queue would be measured."""


@dataclass(slots=True)
class Target:
    """What is measured: its address, its process (None for the upstream itself), its requests."""

    name: str
    url: str
    process: psutil.Process | None
    key: str = "none"
    rate: float = CALM_RATE
    measured: Measured = field(default_factory=Measured)
    has_ledger: bool = False

    def payloads(self, *, stream: bool = False) -> list[bytes]:
        """One request of each user."""
        return [request(self.url, self.key, unit=f"user-{n}", stream=stream) for n in range(USERS)]

    async def settled(self) -> None:
        """Wait until every exchange so far is in the ledger."""
        if self.has_ledger:
            await ledger_settled(self.url)

    def cpu(self) -> float:
        """Seconds of CPU so far, user and system."""
        if self.process is None:
            return 0.0
        times = self.process.cpu_times()
        return times.user + times.system


async def one_round(target: Target, seconds: float) -> None:
    """A closed loop for throughput and CPU, a calm open loop for latency, then paced streams.

    The CPU of a request includes its way to the ledger, also where that ends after the loop.
    """
    measured, payloads = target.measured, target.payloads()
    await closed_loop(target.url, payloads, connections=CONNECTIONS, seconds=seconds / 4)
    used, load = await _used(target, payloads, seconds)
    measured.cpu_us.append(used / load.answers * 1e6)
    measured.per_second.append(load.per_second)
    measured.bad += load.bad
    calm = await open_loop(target.url, payloads, rate=target.rate, seconds=seconds)
    measured.p50.append(calm.quantile(0.5))
    measured.p99.append(calm.quantile(0.99))
    used, load = await _used(target, target.payloads(stream=True), max(seconds, STREAM_SECONDS))
    measured.stream_ms.append(used / load.answers * 1e3)
    measured.bad += load.bad
    if target.process is not None:
        measured.memory_mb = target.process.memory_info().rss / 2**20


async def _used(target: Target, payloads: list[bytes], seconds: float) -> tuple[float, Closed]:
    """CPU seconds of a closed loop and the loop, each beginning and ending with a settled ledger."""
    await target.settled()
    before = target.cpu()
    load = await closed_loop(target.url, payloads, connections=CONNECTIONS, seconds=seconds)
    await target.settled()
    return target.cpu() - before, load


async def measure(rounds: int, seconds: float) -> tuple[list[Target], float]:
    """Start everything, measure in alternating rounds, stop everything; also seconds to the first answer."""
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {cores[-1]})
    with tempfile.TemporaryDirectory(prefix="tidegate-bench-") as name:
        async with _targets(Path(name), cores[0], cores[-1]) as (targets, start_seconds):
            for _ in range(rounds):
                for target in targets:
                    await one_round(target, seconds)
    return targets, start_seconds


@asynccontextmanager
async def _targets(
    folder: Path, measured_core: int, load_core: int
) -> AsyncGenerator[tuple[list[Target], float]]:
    async with AsyncExitStack() as stack:
        upstream = await stack.enter_async_context(fixed_upstream(load_core))
        bare = await stack.enter_async_context(bare_proxy(upstream.url, measured_core))
        (folder / "home").mkdir()
        own = Gateway(folder / "home", upstream.url, measured_core)
        gateway = await stack.enter_async_context(own.running())
        first = [request(gateway.url, gateway.key, unit="first")]
        await closed_loop(gateway.url, first, connections=1, seconds=0.001)
        start_seconds = time.perf_counter() - gateway.launched
        await gateway.roll_out()
        targets = [
            Target("upstream alone", upstream.url, None),
            Target("bare proxy", bare.url, bare.process),
            Target("tidegate", gateway.url, gateway.process, gateway.key, has_ledger=True),
        ]
        if found := await stack.enter_async_context(nginx(folder / "nginx", upstream.url, measured_core)):
            targets.append(Target("nginx", *found))
        if found := await stack.enter_async_context(litellm(folder / "litellm", upstream.url, measured_core)):
            targets.append(Target("litellm", *found, LITELLM_KEY, SLOW_RATE))
        yield targets, start_seconds


def main() -> int:
    """Exit code 1 where a requirement is missed."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--seconds", type=float, default=4.0, help="of each measurement in a round")
    options.add_argument("--out", type=Path, default=Path("out/bench"))
    options.add_argument("--reached", action="store_true", help="hold it to what was reached before")
    chosen = options.parse_args()
    held_to = limits.REACHED if chosen.reached else limits.REQUIRED
    targets, start_seconds = uvloop.run(measure(chosen.rounds, chosen.seconds))
    choosing = selection.judged(rounds=SHOWN_ROUNDS if chosen.reached else selection.ROUNDS)
    measured = {target.name: target.measured for target in targets}
    missed = report(measured, start_seconds, choosing, chosen.out, held_to)
    for line in missed:
        print(f"missed: {line}", file=sys.stderr)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
