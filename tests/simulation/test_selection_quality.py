"""How well words choose skills, by prompts of somebody who saw only the skills' descriptions.

The locked half is packed, and its hash was committed before any tuning: look at its figures, not its prompts.
The goal for top-1 is 90 % and is missed, as docs/explanation/selection.md says; what was reached is held.
"""

import gzip
import hashlib
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

HERE = Path(__file__).parent / "selection"
TIDEGATE = Path(sys.executable).with_name("tidegate")


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, float]]:
    locked = tmp_path_factory.mktemp("locked") / "locked"
    locked.write_bytes(gzip.decompress((HERE / "prompts_locked.jsonl.gz").read_bytes()))
    files = ["--evaluate", str(HERE / "prompts_open.jsonl"), "--evaluate", str(locked)]
    command = [TIDEGATE, "skill", "match", "--descriptions", HERE / "descriptions.json", *files, "--json"]
    done = subprocess.run(command, check=True, capture_output=True)
    found = msgspec.json.decode(done.stdout)["files"]
    return {Path(file).stem.removeprefix("prompts_"): figures for file, figures in found.items()}


def test_the_locked_half_is_the_one_whose_hash_was_committed() -> None:
    content = gzip.decompress((HERE / "prompts_locked.jsonl.gz").read_bytes())
    committed = (HERE / "prompts_locked.jsonl.sha256").read_text().split()[0]
    assert hashlib.sha256(content).hexdigest() == committed
    assert content.count(b"\n") == 130


@pytest.mark.parametrize("half", ["open", "locked"])
def test_prompts_that_need_no_skill_get_none(judged: dict[str, dict[str, float]], half: str) -> None:
    assert judged[half]["none"] >= 0.95


@pytest.mark.parametrize("half", ["open", "locked"])
def test_what_was_reached_at_top_one_is_not_lost(judged: dict[str, dict[str, float]], half: str) -> None:
    assert judged[half]["top1"] >= 0.42
