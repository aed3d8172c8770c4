"""Coverage-guided fuzzing, the last part of `make fuzz`. Exit code 0 only if all was kept."""

import argparse
import asyncio
import sys
import time
from pathlib import Path

import msgspec

from tidegate.domain.errors import TidegateError
from tidegate.harness.fuzz.fuzzing import Fuzzed, fuzzed
from tidegate.harness.fuzz.targets import TARGETS
from tidegate.harness.fuzz.verdict import Fuzzing, table
from tidegate.harness.load.page import put_table


def main() -> int:
    """Fuzz each target for its share of the time, write `fuzz.json` under --out, and print the table."""
    options = argparse.ArgumentParser(prog="fuzz", description=__doc__)
    options.add_argument("--minutes", type=float, default=10.0, help="for all targets together")
    options.add_argument("--python", type=Path, required=True, help="of an environment that has atheris")
    options.add_argument("--out", type=Path, default=Path("out/fuzz"), help="keeps the corpus, too")
    options.add_argument("--page", type=Path, help="a Markdown page whose table is replaced")
    given = options.parse_args()
    out: Path = given.out.absolute()
    out.mkdir(parents=True, exist_ok=True)
    try:
        fuzzing = asyncio.run(all_fuzzed(given.minutes, given.python, out))
    except TidegateError as refusal:
        sys.stderr.write(f"fuzz failed: {refusal}\n")
        return 1
    (out / "fuzz.json").write_bytes(msgspec.json.format(msgspec.json.encode(fuzzing), indent=2))
    text = table(fuzzing)
    sys.stdout.write(f"\n{text}")
    for what in fuzzing.missed:
        sys.stderr.write(f"missed: {what}\n")
    if given.page is not None:
        put_table(given.page, text)
    return 1 if fuzzing.missed else 0


async def all_fuzzed(minutes: float, python: Path, out: Path) -> Fuzzing:
    """One target after the other, in one process; raises TidegateError."""
    targets: list[Fuzzed] = []
    for each in TARGETS:
        targets.append(await fuzzed(each, python, minutes * 60 / len(TARGETS), out))
        sys.stderr.write(f"{each.name}: {targets[-1].runs:,} inputs\n")
    return Fuzzing(at=time.time(), minutes=minutes, targets=tuple(targets))


if __name__ == "__main__":
    sys.exit(main())
