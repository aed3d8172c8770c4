"""`make soak`: half an hour of everything at once. Exit code 0 only if every bound was kept."""

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path

import aiohttp
import msgspec
import uvloop

from tidegate.domain.errors import TidegateError
from tidegate.harness.load.arrivals import planned
from tidegate.harness.load.generator import Generator
from tidegate.harness.load.ledger import shipped_lines
from tidegate.harness.load.page import html, put_table
from tidegate.harness.load.run import run_load
from tidegate.harness.load.tally import Tally
from tidegate.harness.load.testbed import open_testbed
from tidegate.harness.soak.blame import Line, blame
from tidegate.harness.soak.plan import MARK_AT, PROFILE, scenario
from tidegate.harness.soak.verdict import Soak, rows, table
from tidegate.harness.soak.watch import Watch


def main() -> int:
    """Run, write `soak.json`, `soak.html` and the table under --out, and print the table."""
    options = argparse.ArgumentParser(prog="soak", description=__doc__)
    options.add_argument("--minutes", type=float, default=30.0, help="how long; at least 1")
    options.add_argument("--workers", type=int, default=2)
    options.add_argument("--out", type=Path, default=Path("out/soak"))
    options.add_argument("--page", type=Path, help="a Markdown page whose table is replaced")
    given = options.parse_args()
    out: Path = given.out
    out.mkdir(parents=True, exist_ok=True)
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            soak = runner.run(soaked(max(60.0, given.minutes * 60), given.workers))
    except TidegateError as refusal:
        sys.stderr.write(f"soak failed: {refusal}\n")
        return 1
    (out / "soak.json").write_bytes(msgspec.json.format(msgspec.json.encode(soak), indent=2))
    (out / "soak.html").write_text(html(soak.outcome), encoding="utf-8")
    text = table(soak)
    sys.stdout.write(f"\n{text}")
    if given.page is not None:
        put_table(given.page, text)
    return 1 if soak.missed else 0


async def soaked(seconds: float, workers: int) -> Soak:
    """Open a testbed, load it, and sum up; raises TidegateError."""
    chosen = scenario(seconds)
    with tempfile.TemporaryDirectory(prefix="tidegate-soak-") as folder:
        async with open_testbed(Path(folder), profile=PROFILE, up=("--workers", str(workers))) as testbed:
            tally = Tally(window=max(1.0, seconds / 60))
            watch = Watch(testbed, seconds)
            watching = asyncio.create_task(watch.run())
            outcome = await run_load(
                chosen,
                planned(chosen, seed=1),
                url=testbed.gateway,
                key=testbed.client_key,
                emulator=testbed.emulator,
                tally=tally,
                progress=_show,
            )
            await watching
            faults = await _faults(testbed.emulator)
            lines = await shipped_lines(testbed, Path(folder) / "ledger.jsonl", Line)
    blamed = blame(tally.failed, lines, faults)
    figures = rows(
        outcome,
        blamed,
        mark=watch.at(MARK_AT),
        end=watch.at(1.0),
        largest=watch.largest,
        done=watch.done,
    )
    return Soak(
        at=time.time(),
        seconds=seconds,
        workers=workers,
        rows=figures,
        outcome=outcome,
        blamed=blamed,
        done=tuple(watch.done),
    )


def _show(generator: Generator, tally: Tally) -> None:
    if generator.sent % 1000 < 17:
        sys.stderr.write(f"{generator.sent} sent, {generator.open} in flight, {tally.errors:.2%} failed\n")


async def _faults(emulator: str) -> dict[str, int]:
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{emulator}/emulator/counts") as response,
    ):
        counted = msgspec.json.decode(await response.read(), type=_Counted)
    return counted.faults


class _Counted(msgspec.Struct):
    faults: dict[str, int]


if __name__ == "__main__":
    sys.exit(main())
