"""What a script left in its work folder, taken out without following where its links lead."""

import os
import stat
from contextlib import suppress
from dataclasses import dataclass, field

_DEEPEST = 8
_LONGEST_PATH = 255
_MOST_NAMES = 500
"""So many names are looked at: a script may have made more than it is worth to list."""


def outputs(work: int, *, files: int, limit: int) -> tuple[dict[str, bytes], bool]:
    """Regular files by path, at most so many and so many bytes together, and whether others were left out.

    `work` is the folder's descriptor. Links, devices, pipes, sockets and names with a leading dot are left;
    a name that is no printable text is left out, since a model is told it as it stands. It reads: call it
    in a thread.
    """
    taken = _Taken(files_left=files, bytes_left=limit)
    _take(work, "", taken)
    return taken.found, taken.left_out


@dataclass(slots=True)
class _Taken:
    """What was found, and what may still be looked at."""

    files_left: int
    bytes_left: int
    names_left: int = _MOST_NAMES
    found: dict[str, bytes] = field(default_factory=dict[str, bytes])
    left_out: bool = False


def _take(folder: int, above: str, taken: _Taken) -> None:
    for name in sorted(_names(folder, taken)):
        if taken.left_out and not taken.files_left:
            return
        try:
            handle = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
        except OSError:
            continue  # a link, a socket, or nothing that its maker may read
        try:
            _take_one(handle, f"{above}{name}", taken)
        finally:
            os.close(handle)


def _take_one(handle: int, path: str, taken: _Taken) -> None:
    """A file's content where it is wanted and fits, a folder's files, nothing else."""
    about = os.fstat(handle)
    folder = stat.S_ISDIR(about.st_mode)
    if not folder and not stat.S_ISREG(about.st_mode):
        return
    if not _tellable(path):
        taken.left_out = True
    elif folder and path.count("/") < _DEEPEST:
        _take(handle, f"{path}/", taken)
    elif folder or not taken.files_left or about.st_size > taken.bytes_left:
        taken.left_out = True
    else:
        taken.found[path] = _content(handle, about.st_size)
        taken.files_left -= 1
        taken.bytes_left -= about.st_size


def _tellable(path: str) -> bool:
    """No control characters, which would forge lines, no bytes that are no UTF-8, and not without end."""
    return path.isprintable() and len(path) <= _LONGEST_PATH


def _names(folder: int, taken: _Taken) -> list[str]:
    names: list[str] = []
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if not taken.names_left:
                taken.left_out = True
                break
            taken.names_left -= 1
            if not entry.name.startswith("."):
                names.append(entry.name)
    return names


def _content(handle: int, size: int) -> bytes:
    """So much of it at most, though the file may have grown since."""
    pieces: list[bytes] = []
    while size > 0 and (piece := os.read(handle, min(size, 65_536))):
        pieces.append(piece)
        size -= len(piece)
    return b"".join(pieces)
