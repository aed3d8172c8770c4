"""`make faults`: a provider's faults under load, one after the other. Exit code 0 only if all was kept."""

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path

import msgspec
import uvloop

from tidegate.domain.errors import TidegateError
from tidegate.harness.faults.plan import CONFIGURATION, FIRST_SECONDS, PROFILE, SPEC, TRIALS
from tidegate.harness.faults.trial import Seen, tried
from tidegate.harness.faults.verdict import Faults, Line, row, table
from tidegate.harness.load.ledger import shipped_lines
from tidegate.harness.load.page import put_table
from tidegate.harness.load.testbed import Testbed, open_testbed


def main() -> int:
    """Run, write `faults.json` and the table under --out, and print the table."""
    options = argparse.ArgumentParser(prog="faults", description=__doc__)
    options.add_argument("--seconds", type=float, default=20.0, help="of each fault; at least 3")
    options.add_argument("--out", type=Path, default=Path("out/faults"))
    options.add_argument("--page", type=Path, help="a Markdown page whose table is replaced")
    given = options.parse_args()
    out: Path = given.out
    out.mkdir(parents=True, exist_ok=True)
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            faults = runner.run(all_tried(max(FIRST_SECONDS, given.seconds), first_round=True))
    except TidegateError as refusal:
        sys.stderr.write(f"faults failed: {refusal}\n")
        return 1
    (out / "faults.json").write_bytes(msgspec.json.format(msgspec.json.encode(faults), indent=2))
    text = table(faults)
    sys.stdout.write(f"\n{text}")
    for what in faults.missed:
        sys.stderr.write(f"missed: {what}\n")
    if given.page is not None:
        put_table(given.page, text)
    return 1 if faults.missed else 0


async def all_tried(seconds: float, *, first_round: bool) -> Faults:
    """Open a testbed and try every fault; a short first round shows what memory so much at once takes.

    Raises TidegateError.
    """
    with tempfile.TemporaryDirectory(prefix="tidegate-faults-") as name:
        folder = Path(name)
        (folder / "home").mkdir()
        (folder / "home" / "tidegate.toml").write_text(CONFIGURATION)
        async with open_testbed(folder, profile=PROFILE, spec=SPEC) as testbed:
            warm = (await _round(testbed, FIRST_SECONDS))[-1].megabytes if first_round else None
            seen = await _round(testbed, seconds)
            lines = await shipped_lines(testbed, folder / "ledger.jsonl", Line)
    rows = tuple(row(each, lines, warm=warm) for each in seen)
    return Faults(at=time.time(), seconds=seconds, warm_megabytes=warm, rows=rows)


async def _round(testbed: Testbed, seconds: float) -> list[Seen]:
    """Every fault once."""
    seen: list[Seen] = []
    for seed, trial in enumerate(TRIALS):
        seen.append(await tried(testbed, trial, seconds, seed=seed))
        sys.stderr.write(f"{trial.name}: {seen[-1].requests} requests\n")
    return seen


if __name__ == "__main__":
    sys.exit(main())
