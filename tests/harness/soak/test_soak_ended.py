"""A soak that is ended by SIGTERM leaves no gateway and no emulator behind."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from tidegate.harness.demo.processes import ENDED, child_environment


def of(folder: Path) -> dict[int, str]:
    """The command lines that name something in the folder, by process id."""
    found: dict[int, str] = {}
    for path in Path("/proc").iterdir():
        if path.name.isdecimal():
            try:
                words = (path / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:  # it has ended
                continue
            if str(folder) in words:
                found[int(path.name)] = words
    return found


def serves(folder: Path) -> bool:
    """Whether the gateway of a soak in the folder has come up."""
    return any(folder.glob("tidegate-soak-*/home/gateway.json"))


def left(folder: Path) -> list[str]:
    """What lies in the folder."""
    return [path.name for path in folder.iterdir()]


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
async def test_sigterm_ends_what_a_soak_has_started(tmp_path: Path) -> None:
    soak = (sys.executable, "-m", "tidegate.harness.soak", "--minutes", "5", "--workers", "1")
    process = await asyncio.create_subprocess_exec(
        # As a shell without job control starts what stands before an `&`.
        *("sh", "-c", "trap '' INT; exec \"$@\"", "sh", *soak),
        cwd=tmp_path,
        env=child_environment({"TMPDIR": str(tmp_path)}),
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(60):
            while not serves(tmp_path):
                await asyncio.sleep(0.05)
        assert {"emulate", "up"} <= {word for line in of(tmp_path).values() for word in line.split()}
        for _ in range(2):
            process.send_signal(signal.SIGTERM)
        _, said = await asyncio.wait_for(process.communicate(), 60)
        assert process.returncode in (1, ENDED), said.decode()  # 1: a part of it was still starting
        assert of(tmp_path) == {}, said.decode()
        assert left(tmp_path) == ["out"]
    finally:
        for pid in of(tmp_path):
            os.kill(pid, signal.SIGKILL)
        if process.returncode is None:
            process.kill()
            await process.wait()
