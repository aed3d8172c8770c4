"""The commands that a visitor runs first."""

import asyncio
import sys
from pathlib import Path

import msgspec
import pytest

ROOT = Path(__file__).parents[2]


async def run(*command: str) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        *command, cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    out, _ = await process.communicate()
    return process.returncode, out.decode()


@pytest.mark.paced("demonstration")
@pytest.mark.timeout(280)
async def test_the_demonstration_comes_out_as_it_must(tmp_path: Path) -> None:
    code, printed = await run(sys.executable, "-m", "tidegate.harness.demo", "--out", str(tmp_path))
    assert code == 0, printed
    summary = msgspec.json.decode((tmp_path / "summary.json").read_bytes())
    healthy, failing = summary["rollouts"]
    assert (healthy["outcome"], failing["outcome"]) == ("completed", "rolled-back")
    assert [stage["weight"] for stage in healthy["stages"]] == [5, 25, 100]
    assert healthy["rollback"] is None
    assert failing["rollback"]["reason"]
    assert summary["switch"]["skill_answers_after"] == 0
    assert summary["savings"]["point"] > 0.35
    assert summary["ledger"]["responses"] == summary["ledger"]["exchanges"]
    page = (tmp_path / "report.html").read_text()
    assert page.count("<svg") == 8
    assert "http://" not in page
    assert "https://" not in page


@pytest.mark.exclusive
async def test_the_bench_shows_that_what_was_reached_is_kept(tmp_path: Path) -> None:
    code, printed = await run(
        sys.executable,
        "bench/run.py",
        "--reached",
        "--rounds",
        "3",
        "--seconds",
        "0.8",
        "--out",
        str(tmp_path),
    )
    assert code == 0, printed
    document = msgspec.json.decode((tmp_path / "bench.json").read_bytes())
    assert document["figures"]["tidegate"]["per_second"] > 0
