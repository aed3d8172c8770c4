"""The static checks are tests: style clean, layers kept, locks free of addresses; types in tests/live."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent


@pytest.mark.slow
@pytest.mark.parametrize(
    "command",
    [
        ("ruff", "check", "src", "tests", "bench"),
        ("ruff", "format", "--check", "src", "tests", "bench"),
        ("lint-imports", "--no-logo", "--no-cache"),
    ],
    ids=lambda command: " ".join(command[:2]),
)
def test_static_check_is_clean(command: tuple[str, ...]) -> None:
    done = subprocess.run(
        [str(BIN / command[0]), *command[1:]], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("lock", ["run.txt", "dev.txt", "uv.txt", "locust.txt", "fuzz.txt", "second.txt"])
def test_lock_is_hashed_and_carries_no_address(lock: str) -> None:
    text = (ROOT / "requirements" / lock).read_text()
    assert "://" not in text
    entries = re.findall(
        r"^[a-z0-9][^\n]*==(?:[^\n]*\\\n)+(?: +--hash=sha256:[0-9a-f]{64}(?: \\)?\n)+", text, re.M
    )
    assert len(entries) == len(re.findall(r"^[a-z0-9]\S*==", text, re.M)) > 0


def test_every_direct_dependency_says_what_it_is_for() -> None:
    page = (ROOT / "docs/reference/dependencies.md").read_text()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    names = [re.match(r"[a-z0-9-]+", each)[0] for each in asked]
    assert [name for name in names if f"| {name} " not in page] == []


def test_tests_of_a_group_share_a_worker(tmp_path: Path) -> None:
    """Groups hold module fixtures and the order of tests together; a pair of versions once ignored them."""
    (tmp_path / "test_group.py").write_text(
        "import os, pathlib, pytest\n"
        "@pytest.mark.xdist_group('one')\n"
        "@pytest.mark.parametrize('n', range(8))\n"
        "def test_it(n): pathlib.Path(f'{os.environ[\"PYTEST_XDIST_WORKER\"]}.{n}').touch()\n"
    )
    command = [str(BIN / "pytest"), "-p", "xdist", "-n", "2", "--dist", "loadgroup", "test_group.py"]
    alone = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run(command, cwd=tmp_path, env=alone, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert len({path.name.partition(".")[0] for path in tmp_path.glob("gw*")}) == 1
