"""`make bench`: the gateway beside a bare proxy in the same run, as ratios; medians of alternating rounds.

The measured process is pinned to one core, load and upstream share another. Requests are 1.4 kB, answers
1.2 kB, 64 keep-alive connections, no TLS. Exit code 1 where a target is missed.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import psutil
import uvloop
from rich.console import Console
from rich.table import Table

from gateway import Gateway, bare_proxy, fixed_upstream
from load import closed_loop, ledger_settled, open_loop, request

CONNECTIONS = 64
USERS = 500
CPU_LIMIT_US = 400.0
ADDED_P50_LIMIT_MS = 2.0


@dataclass(slots=True)
class Measured:
    """The rounds of one target; CPU in microseconds a request, latencies in seconds."""

    cpu_us: list[float] = field(default_factory=list[float])
    per_second: list[float] = field(default_factory=list[float])
    p50: list[float] = field(default_factory=list[float])
    p99: list[float] = field(default_factory=list[float])
    memory_mb: float = 0.0
    start_seconds: float = 0.0
    bad: int = 0


@dataclass(slots=True)
class Target:
    """What is measured: its address, its process (None for the upstream itself), its requests."""

    name: str
    url: str
    process: psutil.Process | None
    payloads: list[bytes]
    measured: Measured = field(default_factory=Measured)
    has_ledger: bool = False

    async def settled(self) -> None:
        """Wait until every exchange so far is in the ledger."""
        if self.has_ledger:
            await ledger_settled(self.url)


async def one_round(target: Target, seconds: float) -> None:
    """A closed loop for throughput and CPU, then 200 requests a second for latency.

    The CPU of a request includes its way to the ledger, also where that ends after the loop.
    """
    measured = target.measured
    await closed_loop(target.url, target.payloads, connections=CONNECTIONS, seconds=seconds / 4)
    await target.settled()
    before = _cpu(target.process)
    load = await closed_loop(target.url, target.payloads, connections=CONNECTIONS, seconds=seconds)
    await target.settled()
    measured.cpu_us.append((_cpu(target.process) - before) / load.answers * 1e6)
    measured.per_second.append(load.per_second)
    measured.bad += load.bad
    calm = await open_loop(target.url, target.payloads, rate=200, seconds=seconds)
    measured.p50.append(calm.quantile(0.5))
    measured.p99.append(calm.quantile(0.99))
    if target.process is not None:
        measured.memory_mb = target.process.memory_info().rss / 2**20


def _cpu(process: psutil.Process | None) -> float:
    if process is None:
        return 0.0
    times = process.cpu_times()
    return times.user + times.system


async def measure(rounds: int, seconds: float) -> list[Target]:
    """Start everything, measure in alternating rounds, stop everything."""
    cores = sorted(os.sched_getaffinity(0))
    measured_core, load_core = cores[0], cores[-1]
    os.sched_setaffinity(0, {load_core})
    with tempfile.TemporaryDirectory(prefix="tidegate-bench-") as name:
        async with (
            fixed_upstream(load_core) as upstream,
            bare_proxy(upstream.url, measured_core) as bare,
            Gateway(Path(name), upstream.url, measured_core).running() as gateway,
        ):
            await closed_loop(
                gateway.url,
                [request(gateway.url, gateway.key, unit="first")],
                connections=1,
                seconds=0.001,
            )
            start_seconds = time.perf_counter() - gateway.launched
            await gateway.roll_out()
            targets = [
                Target("upstream alone", upstream.url, None, _payloads(upstream.url, "none")),
                Target("bare proxy", bare.url, bare.process, _payloads(bare.url, "none")),
                Target(
                    "tidegate",
                    gateway.url,
                    gateway.process,
                    _payloads(gateway.url, gateway.key),
                    has_ledger=True,
                ),
            ]
            targets[2].measured.start_seconds = start_seconds
            for _ in range(rounds):
                for target in targets:
                    await one_round(target, seconds)
    return targets


def _payloads(url: str, key: str) -> list[bytes]:
    return [request(url, key, unit=f"user-{number}") for number in range(USERS)]


def report(targets: list[Target], out: Path) -> list[str]:
    """Print the table, keep the figures, and return which targets were missed."""
    alone, bare, gateway = (target.measured for target in targets)
    table = Table(
        title="Medians; 1.4 kB requests, 1.2 kB answers, plain HTTP, 64 connections", title_justify="left"
    )
    for column in ("", "CPU-µs a request", "requests/s", "added p50 ms", "added p99 ms", "memory MB"):
        table.add_column(column, justify="right" if column else "left")
    figures: dict[str, dict[str, float]] = {}
    for target in targets:
        row = _figures(target.measured, alone)
        figures[target.name] = row
        table.add_row(
            target.name, *(f"{value:,.2f}" if value < 10 else f"{value:,.0f}" for value in row.values())
        )
    ratio = {key: figures["tidegate"][key] / figures["bare proxy"][key] for key in ("cpu_us", "per_second")}
    table.add_row("tidegate / bare proxy", f"{ratio['cpu_us']:.2f}", f"{ratio['per_second']:.2f}", "", "", "")
    Console(width=110).print(table)
    print(f"start to first answer: {gateway.start_seconds:.2f} s")
    document = {"figures": figures, "ratios": ratio, "start_seconds": gateway.start_seconds}
    out.mkdir(parents=True, exist_ok=True)
    (out / "bench.json").write_bytes(msgspec.json.format(msgspec.json.encode(document), indent=2))
    return _missed(figures["tidegate"], gateway.bad + bare.bad)


def _figures(measured: Measured, alone: Measured) -> dict[str, float]:
    middle = statistics.median
    return {
        "cpu_us": middle(measured.cpu_us),
        "per_second": middle(measured.per_second),
        "added_p50_ms": (middle(measured.p50) - middle(alone.p50)) * 1000,
        "added_p99_ms": (middle(measured.p99) - middle(alone.p99)) * 1000,
        "memory_mb": measured.memory_mb,
    }


def _missed(tidegate: dict[str, float], bad: int) -> list[str]:
    checks = (
        (tidegate["cpu_us"] <= CPU_LIMIT_US, f"CPU {tidegate['cpu_us']:.0f} µs is over {CPU_LIMIT_US:.0f}"),
        (
            tidegate["added_p50_ms"] <= ADDED_P50_LIMIT_MS,
            f"added p50 {tidegate['added_p50_ms']:.2f} ms is over {ADDED_P50_LIMIT_MS:g}",
        ),
        (bad == 0, f"{bad} answers were not 200"),
    )
    return [message for good, message in checks if not good]


def main() -> int:
    """Exit code 1 where a target is missed."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--seconds", type=float, default=4.0, help="of each measurement in a round")
    options.add_argument("--out", type=Path, default=Path("out/bench"))
    chosen = options.parse_args()
    targets = uvloop.run(measure(chosen.rounds, chosen.seconds))
    missed = report(targets, chosen.out)
    for line in missed:
        print(f"missed: {line}", file=sys.stderr)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
