"""`make simulate`: what the statistics promise, in rehearsals.

Exit code 0 only if nothing was missed, and other tools' rules do what the design says they do.
"""

import argparse
import math
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec

from tidegate.domain.errors import TidegateError
from tidegate.harness.load.page import put_table
from tidegate.harness.simulate.result import Result, Verdict, pooled, result, table
from tidegate.harness.simulate.rows import ROWS, Row
from tidegate.rehearsal.plan import plan_of
from tidegate.rehearsal.repeat import Work, repeat
from tidegate.rehearsal.rivals import RIVALS
from tidegate.rehearsal.scenario_file import read_scenario

SEED = 2026


def main() -> int:
    """Run, keep each repetition under --out, and print the table; a run that was ended goes on."""
    options = argparse.ArgumentParser(prog="simulate", description=__doc__)
    options.add_argument("--scale", type=float, default=1.0, help="of the repetitions that each row has")
    options.add_argument("--only", action="append", help="a row's name; may be given again")
    options.add_argument("--workers", type=int, help="processes; else one for each core")
    options.add_argument("--out", type=Path, default=Path("out/simulate"))
    options.add_argument("--page", type=Path, help="a Markdown page whose table is replaced")
    given = options.parse_args()
    rows = [row for row in ROWS if not given.only or row.name in given.only]
    given.out.mkdir(parents=True, exist_ok=True)
    begun = time.monotonic()
    try:
        results = list(simulated(rows, scale=given.scale, out=given.out, workers=given.workers))
    except TidegateError as refusal:
        sys.stderr.write(f"simulate failed: {refusal}\n")
        return 1
    results += pooled(rows, results)
    (given.out / "simulate.json").write_bytes(msgspec.json.format(msgspec.json.encode(results), indent=2))
    minutes = (time.monotonic() - begun) / 60
    day = time.strftime("%Y-%m-%d", time.gmtime())
    text = table(results, f"Printed on {day}, seed {SEED}, {minutes:.0f} minutes.")
    sys.stdout.write(f"\n{text}")
    if given.page is not None:
        put_table(given.page, text)
    differs = any(not each.agrees for found in results for each in found.beside_design.values())
    return 1 if differs or any(each.verdict is Verdict.MISSED for each in results) else 0


def simulated(
    rows: list[Row], *, scale: float = 1.0, out: Path | None = None, workers: int | None = None
) -> Iterator[Result]:
    """Row by row, telling each on stderr; raises Conflict where `out` has those of other rows."""
    for row in rows:
        begun = time.monotonic()
        reps = max(1, math.ceil(row.reps * scale))
        work = Work(
            plan=plan_of(row.spec),
            scenario=read_scenario(row.scenario),
            seed=SEED,
            revisions=row.revisions,
        )
        courses = repeat(work, reps, workers=workers, kept=out and out / f"{row.name}.jsonl")
        against = msgspec.structs.replace(work, against=tuple(RIVALS))
        file = out and out / f"{row.name}-against.jsonl"
        few = math.ceil(reps / row.compared)
        compared = repeat(against, few, workers=workers, kept=file) if row.rivals else []
        found = result(row, courses, compared)
        sys.stderr.write(
            f"{row.name}: {found.verdict}, {found.hits} of {reps}, p50 {found.p50}, p95 {found.p95} "
            f"({time.monotonic() - begun:.0f} s)\n"
        )
        yield found


if __name__ == "__main__":
    raise SystemExit(main())
