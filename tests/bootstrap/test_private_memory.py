"""A serving process leaves no core dump; others of its user read neither its environment nor its memory."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from require import require

from tidegate.bootstrap import gateway, private_memory
from tidegate.bootstrap.workers import run

PRIVATE = Path(private_memory.__file__).read_text(encoding="utf-8")
AS_NOBODY = """
import ctypes, os, resource, subprocess, sys
if os.geteuid() == 0:
    os.setgroups([]), os.setgid(65534), os.setuid(65534)
    ctypes.CDLL(None).prctl(4, 1, 0, 0, 0)  # to change users has made it private already
"""
SERVE = """
print(resource.getrlimit(resource.RLIMIT_CORE)[0] in (0, 1), len(os.listdir("/proc/self/fd")) > 0,
      subprocess.run(["/bin/true"]).returncode, flush=True)
sys.stdin.read()
"""
LOOK = """
for name in ("environ", "mem", "maps"):
    try:
        with open(f"/proc/{sys.argv[1]}/{name}", "rb") as file:
            print(name, name == "mem" or len(file.read()) > 0)
    except PermissionError:
        print(name, "refused")
"""


def started(code: str, *arguments: str) -> subprocess.Popen[str]:
    """A process without rights over others."""
    return subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", code, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={"KEY": "sk-canary"},
    )


@contextmanager
def serving(*, private: bool) -> Iterator[subprocess.Popen[str]]:
    """A process with a key in its environment, which uses its own files and starts a program, then waits."""
    keeps = "keep_memory_private()" if private else "resource.setrlimit(resource.RLIMIT_CORE, (0, 0))"
    with started("\n".join((PRIVATE, AS_NOBODY, keeps, SERVE))) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == "True True 0\n"
        yield process
        process.stdin.close()


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")
@pytest.mark.parametrize("private", [False, True])
def test_another_process_of_its_user_reads_nothing_of_it(private: bool) -> None:
    with serving(private=private) as process:
        told, _ = started(AS_NOBODY + LOOK, str(process.pid)).communicate(timeout=20)
    if not private and "refused" in told:
        require("reading another process of the same user", "sysctl kernel.yama.ptrace_scope=0")
    seen = "refused" if private else "True"
    assert told.split("\n") == [f"environ {seen}", f"mem {seen}", f"maps {seen}", ""]


def test_every_process_that_serves_keeps_its_memory_private() -> None:
    for starter in (gateway.run_gateway, gateway.run_worker, run.run_workers):
        assert "keep_memory_private" in starter.__code__.co_names
