"""Living processes hold their lock; dead ones are found once."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from tidegate.bootstrap.living import living, take_dead

HOLD = """
import sys
from pathlib import Path
from tidegate.bootstrap.living import living
with living(Path(sys.argv[1]), "other"):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_living_process_is_not_dead_and_leaves_nothing_behind(tmp_path: Path) -> None:
    with living(tmp_path, "one"):
        assert take_dead(tmp_path) == []
    assert list((tmp_path / "processes").iterdir()) == []
    assert take_dead(tmp_path) == []


def test_a_home_that_no_process_has_used_has_no_dead(tmp_path: Path) -> None:
    assert take_dead(tmp_path) == []


def test_a_killed_process_is_found_once(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout.readline() == b"held\n"
        assert take_dead(tmp_path) == []
        os.kill(other.pid, signal.SIGKILL)
        other.wait()
    assert take_dead(tmp_path) == ["other"]
    assert take_dead(tmp_path) == []
