"""Starts that fail half way: an error of their run alone, and nothing of them stays."""

import errno
import os
import subprocess
import time
from pathlib import Path

import pytest
from sandboxes import processes_with, ran, sandbox, until

from tidegate.adapters.sandbox.confined import Confined, _end_group
from tidegate.adapters.sandbox.unfit import SandboxUnfit

PIPE = 65_536  # what one holds that nobody has asked for another size
SLEEP = "import time; time.sleep(600)"  # a script that runs until it is killed
HALF_WAY, UNSEEN, UNTOLD = (f"{name}-{os.getpid()}" for name in ("half-way", "unseen", "untold"))


@pytest.mark.parametrize(
    ("module", "name", "call"),
    [
        (os, "pipe2", 1),
        (os, "pipe2", 2),
        (os, "memfd_create", 1),
        (os, "memfd_create", 2),
        (subprocess, "Popen", 1),
        (os, "pidfd_open", 1),
        (os, "pidfd_open", 2),
        (os, "set_blocking", 1),
    ],
)
async def test_where_a_descriptor_is_wanting_the_run_fails_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: object, name: str, call: int
) -> None:
    calls: list[object] = []
    real = getattr(module, name)

    def wanting(*arguments: object, **named: object) -> object:
        calls.append(arguments)
        if len(calls) == call:
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
        return real(*arguments, **named)

    async with sandbox(tmp_path, parallel=1) as made:
        assert (await ran(made, "print(1)")).stdout == b"1\n"
        await until(lambda: made.places.taken == 0)  # its own are closed when it is buried
        before = _descriptors()
        with monkeypatch.context() as patched:
            patched.setattr(module, name, wanting)
            with pytest.raises(SandboxUnfit, match="Too many open files"):
                await ran(made, SLEEP, HALF_WAY)
            await until(lambda: made.places.taken == 0)
        await until(lambda: not processes_with(HALF_WAY))
        assert _descriptors() == before
        assert (await ran(made, "print(1)")).stdout == b"1\n"


async def test_what_stands_at_the_gate_unseen_does_not_run_when_its_start_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def unseen(self: Confined, info: int) -> int:
        await until(lambda: len(processes_with(UNSEEN)) == 2)  # bubblewrap, and process 1 within
        raise OSError(errno.ENOMEM, os.strerror(errno.ENOMEM))

    async with sandbox(tmp_path, parallel=1) as made:
        with monkeypatch.context() as patched:
            patched.setattr(Confined, "_pid", unseen)
            with pytest.raises(SandboxUnfit, match="Cannot allocate memory"):
                await ran(made, SLEEP, UNSEEN)
        await until(lambda: not processes_with(UNSEEN))
        assert (await ran(made, "print(1)")).stdout == b"1\n"


async def test_what_bubblewrap_has_not_told_of_yet_dies_when_its_start_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.pipe2
    pipes: list[tuple[int, int]] = []

    def full(flags: int) -> tuple[int, int]:
        pipes.append(real(flags & ~os.O_NONBLOCK))
        if len(pipes) == 2:  # the one that process 1 is told by
            os.write(pipes[1][1], bytes(PIPE))
        return pipes[-1]

    def wanting(pid: int) -> int:
        stop = time.monotonic() + 10
        while len(processes_with(UNTOLD)) < 2 and time.monotonic() < stop:
            pass
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    async with sandbox(tmp_path, parallel=1) as made:
        with monkeypatch.context() as patched:
            patched.setattr(os, "pipe2", full)
            patched.setattr(os, "pidfd_open", wanting)
            with pytest.raises(SandboxUnfit, match="Too many open files"):
                await ran(made, SLEEP, UNTOLD)
        await until(lambda: not processes_with(UNTOLD))
        assert (await ran(made, "print(1)")).stdout == b"1\n"


def _descriptors() -> set[str]:
    return {path.name for path in Path("/proc/self/fd").iterdir()}


def test_the_number_of_one_that_is_buried_is_signalled_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """It may be another's by then."""
    signalled: list[int] = []
    monkeypatch.setattr(os, "killpg", lambda group, number: signalled.append(group))
    watcher = subprocess.Popen(["/bin/true"], stdout=subprocess.DEVNULL)
    _end_group(watcher)
    watcher.wait()
    _end_group(watcher)
    assert signalled == [watcher.pid]
