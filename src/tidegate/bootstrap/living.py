"""Which gateway processes of a home are alive: each holds the lock on a file of its own, and death lets go.

A process killed outright says no goodbye to the store. Without this, every command that waits for all live
processes would wait for the dead one until its silence tells.
"""

import fcntl
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def living(home: Path, process_id: str) -> Generator[None]:
    """Hold `HOME/processes/PROCESS_ID` locked; the file has its name only once it is locked."""
    folder = home / "processes"
    folder.mkdir(mode=0o700, exist_ok=True)
    draft, path = folder / f".{process_id}", folder / process_id
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        draft.rename(path)
        yield
        path.unlink(missing_ok=True)
    finally:
        os.close(handle)


def take_dead(home: Path) -> list[str]:
    """The ids of processes that died without a goodbye; their files are gone afterwards."""
    folder = home / "processes"
    if not folder.is_dir():
        return []
    return [path.name for path in folder.iterdir() if not path.name.startswith(".") and _is_dead(path)]


def _is_dead(path: Path) -> bool:
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False  # it has just left by itself
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    else:
        path.unlink(missing_ok=True)
        return True
    finally:
        os.close(handle)
