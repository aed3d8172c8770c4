"""The limit on open files follows the configured connections, within what the system allows."""

import subprocess
import sys

CODE = """
import resource, sys
from tidegate.bootstrap.logs import configure_logs
from tidegate.bootstrap.open_files import allow_open_files
configure_logs("info")
resource.setrlimit(resource.RLIMIT_NOFILE, (int(sys.argv[1]), int(sys.argv[2])))
allow_open_files(1000, 1000)
print("now", resource.getrlimit(resource.RLIMIT_NOFILE))
"""


def limits_after(soft: int, hard: int) -> str:
    """In a process of its own: a hard limit once lowered stays."""
    done = subprocess.run(
        [sys.executable, "-c", CODE, str(soft), str(hard)], check=True, capture_output=True, text=True
    )
    return done.stderr + done.stdout


def test_the_soft_limit_is_raised_to_what_is_needed() -> None:
    out = limits_after(256, 4000)
    assert "now (2200, 4000)" in out
    assert "raise it" not in out


def test_a_limit_that_suffices_is_left_alone() -> None:
    assert limits_after(3000, 4000) == "now (3000, 4000)\n"


def test_a_hard_limit_that_is_too_low_is_reached_and_told() -> None:
    out = limits_after(256, 1024)
    assert "now (1024, 1024)" in out
    assert "raise it (ulimit -n" in out
    assert '"needed": 2200' in out
