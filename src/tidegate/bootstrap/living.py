"""Which gateway processes of a home are alive: each holds the lock on a file of its own, and death lets go.

A process killed outright says no goodbye to the store. Without this, every command that waits for all live
processes would wait for the dead one until its silence tells.
"""

import fcntl
import os
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from tidegate.bootstrap.home import unusable


@contextmanager
def living(home: Path, process_id: str) -> Generator[None]:
    """Hold `HOME/processes/PROCESS_ID` locked; raises InvalidInput where the home does not take the file."""
    path = home / "processes" / process_id
    try:
        handle = _hold(path)
    except OSError as wrong:
        raise unusable(home, wrong) from wrong
    try:
        yield
        path.unlink(missing_ok=True)
    finally:
        os.close(handle)


def others_alive(home: Path, process_id: str) -> list[Path]:
    """The files of the home's other living processes, the latest started last."""
    found: list[tuple[float, Path]] = []
    for path in _files(home):
        if path.name != process_id and _is_held(path):
            with suppress(FileNotFoundError):  # it has just left
                found.append((path.stat().st_mtime, path))
    return [path for _, path in sorted(found)]


async def leave_for_dead(home: Path, leave: Callable[[str], Awaitable[None]]) -> None:
    """Say goodbye for each process that died without one; its file goes once `leave` has returned."""
    for path in _files(home):
        handle = _take(path)
        if handle is None:
            continue
        try:
            await leave(path.name)
            path.unlink(missing_ok=True)
        finally:
            os.close(handle)


def _files(home: Path) -> list[Path]:
    """The file of each process, by name; those not locked yet begin with a dot and are left out."""
    folder = home / "processes"
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if not path.name.startswith("."))


def _is_held(path: Path) -> bool:
    handle = _take(path)
    if handle is None:
        return path.is_file()
    os.close(handle)
    return False


def _hold(path: Path) -> int:
    """The locked file; it has its name only once it is locked. Raises OSError."""
    path.parent.mkdir(mode=0o700, exist_ok=True)
    draft = path.with_name(f".{path.name}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        draft.rename(path)
    except OSError:
        os.close(handle)
        raise
    return handle


def _take(path: Path) -> int | None:
    """The file of a dead process, locked; None where its process lives, or has just left."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    except OSError:
        return (
            None  # not to be opened, so not known to be dead: what waits for it waits until its silence tells
        )
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        return None
    return handle
