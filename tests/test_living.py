"""Living processes hold their lock; dead ones are found once."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tidegate.bootstrap.living import leave_for_dead, living
from tidegate.domain.errors import InvalidInput, StoreUnavailable

HOLD = """
import sys
from pathlib import Path
from tidegate.bootstrap.living import living
with living(Path(sys.argv[1]), "other"):
    print("held", flush=True)
    sys.stdin.read()
"""


async def left(home: Path) -> list[str]:
    """Who is dead, and was said goodbye for."""
    said: list[str] = []

    async def leave(process_id: str) -> None:
        said.append(process_id)

    await leave_for_dead(home, leave)
    return said


@pytest.fixture
def killed(tmp_path: Path) -> None:
    """A process `other` that was killed while it held its file."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        assert asyncio.run(left(tmp_path)) == []
        os.kill(other.pid, signal.SIGKILL)
        other.wait()


async def test_a_living_process_is_not_dead_and_leaves_nothing_behind(tmp_path: Path) -> None:
    with living(tmp_path, "one"):
        assert await left(tmp_path) == []
    assert list((tmp_path / "processes").iterdir()) == []
    assert await left(tmp_path) == []


async def test_a_home_that_no_process_has_used_has_no_dead(tmp_path: Path) -> None:
    assert await left(tmp_path) == []


@pytest.mark.usefixtures("killed")
async def test_a_killed_process_is_found_once(tmp_path: Path) -> None:
    assert await left(tmp_path) == ["other"]
    assert await left(tmp_path) == []


@pytest.mark.usefixtures("killed")
async def test_a_dead_process_is_kept_until_the_store_knows(tmp_path: Path) -> None:
    async def away(process_id: str) -> None:
        raise StoreUnavailable("The store is away.")

    with pytest.raises(StoreUnavailable):
        await leave_for_dead(tmp_path, away)
    assert await left(tmp_path) == ["other"]


async def test_what_is_no_process_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "processes" / "folder").mkdir(parents=True)
    assert await left(tmp_path) == []


def test_a_home_that_takes_no_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "processes").touch()
    with pytest.raises(InvalidInput, match="processes"), living(tmp_path, "one"):
        pass
