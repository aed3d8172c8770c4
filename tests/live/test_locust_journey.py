"""The journey of Locust's users runs against emulator and gateway, and fails nowhere."""

import csv
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from require import require

ROOT = Path(__file__).parents[2]


@pytest.mark.paced("outages")
@pytest.mark.timeout(240)
def test_users_walk_their_whole_journey(tmp_path: Path, figure: Callable[[str], None]) -> None:
    if not (ROOT / ".venv-locust/bin/locust").exists():
        require("locust", "make locust-setup")
    program = [sys.executable, str(ROOT / "bench/locust_run.py")]
    done = subprocess.run(
        [*program, "--users", "20", "--seconds", "15", "--out", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    figure(f"locust, {done.stdout.splitlines()[-1]}")
    with (tmp_path / "locust_stats.csv").open(newline="") as file:
        counted = {row["Name"]: int(row["Request Count"]) for row in csv.DictReader(file)}
    assert {"models", "stream", "answer, turn 1"} <= counted.keys()
