"""Many scripts at once leave nothing behind; what a start costs. `SANDBOX_RUNS=1000` is the long form."""

import asyncio
import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sandboxes import ran, sandbox

RUNS = int(os.environ.get("SANDBOX_RUNS", "100"))
AT_ONCE = 16
SCRIPT = """
import os, sys, time
open('left.txt', 'w').write(sys.argv[1])
if os.fork() == 0:
    time.sleep(60)  # a child that stays, if it is let
"""


@contextmanager
def passable() -> Generator[Path]:
    """A folder that strangers may pass through."""
    with tempfile.TemporaryDirectory(prefix="tidegate-test-") as folder:
        Path(folder).chmod(0o711)
        yield Path(folder)


def traces(folder: Path) -> tuple[int, int, list[str], list[str]]:
    """Descriptors and mounts of this process, files in the folder, and the script's processes."""
    commands = []
    for path in Path("/proc").iterdir():
        if path.name.isdecimal():
            try:
                command = (path / "cmdline").read_bytes()
            except OSError:
                continue
            if b"/skill/scripts/leaks.py" in command:
                commands.append(path.name)
    mounts = Path("/proc/self/mountinfo").read_text().count("\n")
    files = sorted(str(path) for path in folder.rglob("*"))
    return len(list(Path("/proc/self/fd").iterdir())), mounts, files, commands


def parts(seconds: list[float]) -> str:
    ordered = sorted(seconds)
    median, p95 = ordered[len(ordered) // 2], ordered[int(len(ordered) * 0.95)]
    return f"median {median * 1000:.0f} ms, p95 {p95 * 1000:.0f} ms"


@pytest.mark.exclusive
@pytest.mark.timeout(600)
async def test_many_scripts_at_once_leave_nothing_behind(figure: Callable[[str], None]) -> None:
    with passable() as folder:
        async with sandbox(folder, parallel=AT_ONCE, queue=RUNS, wait=300.0) as made:
            mine = f"tidegate-place-{os.getpid()}-*-0"
            groups = [folder for parent in made.groups.parents.values() for folder in parent.glob(mine)]
            await ran(made, SCRIPT, "first", script="scripts/leaks.py")
            before = traces(folder)
            runs = (
                ran(made, SCRIPT, str(number), script="scripts/leaks.py", seconds=300.0)
                for number in range(RUNS)
            )
            done = await asyncio.gather(*runs)
            assert [each.files["left.txt"] for each in done] == [str(n).encode() for n in range(RUNS)]
            await made.places.idle()
            assert traces(folder) == before
        assert traces(folder)[2] == []
        assert not any(group.exists() for group in groups)
    figure(f"{RUNS} scripts, {AT_ONCE} at a time: no process, mount, descriptor, control group or file left")


@pytest.mark.exclusive
async def test_what_a_start_costs(figure: Callable[[str], None]) -> None:
    with passable() as folder:
        async with sandbox(folder) as made:
            python = str(made.layout.runtime.python)
            bare: list[float] = []
            held: list[float] = []
            for _ in range(50):  # in turn, so that both meet the same machine
                began = time.perf_counter()
                await asyncio.to_thread(subprocess.run, [python, "-c", "pass"], check=True)
                bare.append(time.perf_counter() - began)
                began = time.perf_counter()
                await ran(made, "pass")
                held.append(time.perf_counter() - began)
    figure(f"python3 -c pass, 50 times: bare {parts(bare)}; in the sandbox {parts(held)}")
    assert min(held) < min(bare) + 0.25
