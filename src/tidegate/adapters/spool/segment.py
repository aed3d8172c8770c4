"""A segment: one append-only file, locked by the process that writes or ships it."""

import fcntl
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from tidegate.adapters.spool.fresh import Fresh

SUFFIX = ".spool"
_NEW = ".new"
_ASIDE = ".corrupt"


class Segment:
    """An open, locked file; `size` bytes are written, the first `shipped` of them are in the ledger.

    `queued` of the exchanges that this process wrote are not there yet; of a dead process's it is not known.
    """

    def __init__(self, path: Path, descriptor: int, size: int) -> None:
        self.path = path
        self.size = size
        self.shipped = 0
        self.queued = 0
        self.fresh = Fresh()
        self._descriptor = descriptor

    @property
    def waiting(self) -> int:
        """Bytes not yet in the ledger."""
        return self.size - self.shipped

    def append(self, frames: bytes) -> None:
        """One write; on failure the file ends where it ended before. Raises OSError."""
        try:
            written = os.write(self._descriptor, frames)
        except OSError:
            self._cut()
            raise
        if written != len(frames):
            self._cut()
            raise OSError(f"only {written} of {len(frames)} bytes fitted into {self.path}")
        self.size += written

    def read(self, limit: int) -> bytes:
        """At most `limit` of the bytes that wait. Raises OSError."""
        return os.pread(self._descriptor, min(limit, self.waiting), self.shipped)

    def count_shipped(self, consumed: int, exchanges: int) -> None:
        """The next `consumed` bytes, with so many exchanges in them, are in the ledger."""
        self.shipped += consumed
        self.fresh.forget(self.shipped)
        self.queued = max(0, self.queued - exchanges)

    def duplicate(self) -> int:
        """A second descriptor, for a thread to sync and close while this one may be closed."""
        return os.dup(self._descriptor)

    def set_aside(self) -> Path:
        """Keep what waits beside the spool, for a person to look at, and count it as shipped."""
        aside = self.path.with_suffix(_ASIDE)
        with append_private(aside) as file:
            while piece := self.read(1 << 20):
                file.write(piece)
                self.shipped += len(piece)
            file.flush()
            os.fsync(file.fileno())
        self.shipped, self.queued = self.size, 0
        self.fresh.forget(self.size)
        return aside

    def remove(self) -> None:
        """Delete the file and let go of it."""
        self.path.unlink(missing_ok=True)
        self.path.with_suffix(_NEW).unlink(missing_ok=True)
        self.close()

    def close(self) -> None:
        """Let go of the file: from now on another process may adopt it."""
        os.close(self._descriptor)

    def _cut(self) -> None:
        os.ftruncate(self._descriptor, self.size)


def append_private(path: Path) -> BinaryIO:
    """A file to append to, which only its owner may read. Raises OSError."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600), "ab")


def create_segment(folder: Path, name: str) -> Segment:
    """A new, empty segment, named only once it is locked. Raises FileExistsError, OSError."""
    path, new = folder / f"{name}{SUFFIX}", folder / f"{name}{_NEW}"
    descriptor = os.open(new, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    try:
        os.link(new, path)  # unlike a rename this never replaces what a dead process left
    except OSError:
        os.close(descriptor)
        raise
    finally:
        new.unlink()
    return Segment(path, descriptor, 0)


def adopt_segments(folder: Path, on_refused: Callable[[Path, OSError], None]) -> Iterator[Segment]:
    """Lock and open every segment that no living process holds, oldest name first.

    `on_refused` gets what cannot be opened, and why: one such file must not keep the others from the ledger.
    """
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        try:
            segment = _adopt(path)
        except FileNotFoundError:
            continue  # its owner has just shipped and removed it
        except OSError as refusal:
            on_refused(path, refusal)
            continue
        if segment is not None:
            yield segment


def _adopt(path: Path) -> Segment | None:
    """None where a living process holds it, or held it until just now. Raises OSError."""
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        found = os.fstat(descriptor)
    except BlockingIOError:
        os.close(descriptor)
        return None
    except OSError:
        os.close(descriptor)
        raise
    if found.st_nlink == 0:
        os.close(descriptor)
        return None
    return Segment(path, descriptor, found.st_size)
