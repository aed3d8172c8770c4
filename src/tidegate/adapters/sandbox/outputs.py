"""What a script left in its work folder, taken out without following where its links lead."""

import os
import stat
from collections.abc import Generator
from contextlib import suppress

_DEEPEST = 8
_MOST_ENTRIES = 10_000
"""So many names are looked at: a script may have made more than it is worth to list."""


def outputs(work: int, *, files: int, limit: int) -> tuple[dict[str, bytes], bool]:
    """Regular files by path, at most so many and so many bytes together, and whether others were left out.

    `work` is the folder's descriptor. Links, devices, pipes, sockets and names with a leading dot are left.
    """
    found: dict[str, bytes] = {}
    left_out = False
    for path, size, content in _walk(work, "", limit, _Count()):
        if len(found) == files or size > limit or content is None:
            left_out = True
            continue
        found[path] = content
        limit -= size
    return found, left_out


class _Count:
    left = _MOST_ENTRIES


def _walk(folder: int, above: str, limit: int, count: _Count) -> Generator[tuple[str, int, bytes | None]]:
    """Path, size and content of each file; no content of one over `limit`."""
    for name in sorted(_names(folder, count)):
        try:
            handle = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
        except OSError:
            continue  # a link, a socket, or nothing that its maker may read
        try:
            about = os.fstat(handle)
            path = f"{above}{name}"
            if stat.S_ISDIR(about.st_mode) and path.count("/") < _DEEPEST:
                yield from _walk(handle, f"{path}/", limit, count)
            elif stat.S_ISREG(about.st_mode):
                yield path, about.st_size, _content(handle, about.st_size) if about.st_size <= limit else None
        finally:
            os.close(handle)


def _names(folder: int, count: _Count) -> list[str]:
    names: list[str] = []
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            count.left -= 1
            if count.left < 0:
                break
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
