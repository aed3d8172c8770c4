"""`make locust`: an emulated provider, a gateway and Locust's 100 users, headless, on loopback."""

import argparse
import asyncio
import csv
import os
import sys
import tempfile
from pathlib import Path

from tidegate.harness.demo.processes import child_environment
from tidegate.harness.load.testbed import open_testbed

HERE = Path(__file__).parent
LOCUST = HERE.parent / ".venv-locust/bin/locust"
MOST_FAILED = 0.02
SLOWEST_P95_MS = 5000


async def run(users: int, seconds: int, out: Path) -> dict[str, str]:
    """Locust's own sum of the run, a column each."""
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="tidegate-locust-") as folder:
        async with open_testbed(Path(folder), up=("--workers", "2")) as testbed:
            process = await asyncio.create_subprocess_exec(
                str(LOCUST),
                *("--locustfile", str(HERE / "locustfile.py"), "--host", testbed.gateway, "--headless"),
                *("--users", str(users), "--spawn-rate", str(max(1, users // 5))),
                *("--run-time", f"{seconds}s", "--stop-timeout", "30", "--only-summary"),
                *(
                    "--csv",
                    str(out / "locust"),
                    "--html",
                    str(out / "locust.html"),
                    "--exit-code-on-error",
                    "0",
                ),
                env=child_environment({"TIDEGATE_CLIENT_KEY": testbed.client_key}),
            )
            async with asyncio.timeout(seconds + 120):
                code = await process.wait()
    if code != 0:
        raise SystemExit(f"locust ended with exit code {code}")
    with (out / "locust_stats.csv").open(newline="") as file:
        return next(row for row in csv.DictReader(file) if row["Name"] == "Aggregated")


def main() -> int:
    """Exit code 0 where p95 is under 5 s and under 2 % of the requests failed."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--users", type=int, default=100)
    options.add_argument("--seconds", type=int, default=60)
    options.add_argument("--out", type=Path, default=Path("out/locust"))
    given = options.parse_args()
    if not os.access(LOCUST, os.X_OK):
        raise SystemExit(f"{LOCUST} is missing: run `make locust-setup`")
    total = asyncio.run(run(given.users, given.seconds, given.out))
    requests, failed, p95 = int(total["Request Count"]), int(total["Failure Count"]), float(total["95%"])
    print(f"{given.users} users: {requests} requests, {failed} failed, p95 {p95:.0f} ms")
    return 0 if requests and failed < MOST_FAILED * requests and p95 < SLOWEST_P95_MS else 1


if __name__ == "__main__":
    sys.exit(main())
