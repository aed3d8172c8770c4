"""A watch over what reading an input touches: no file is written, no program started, nobody called."""

import os
import sys
from collections.abc import Generator
from contextlib import contextmanager

_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_ACTS = (
    "os.chmod", "os.chown", "os.exec", "os.fork", "os.forkpty", "os.link", "os.mkdir", "os.posix_spawn",
    "os.remove", "os.rename", "os.rmdir", "os.setxattr", "os.spawn", "os.symlink", "os.system", "os.truncate",
    "os.utime", "pty.spawn", "shutil.", "socket.bind", "socket.connect", "socket.getaddrinfo",
    "socket.sendto", "subprocess.Popen", "tempfile.",
)  # fmt: skip
"""Audit events of the interpreter that change something outside it, or the first part of their names."""


class Watch:
    """Notes what is touched within `reading`; there is no staging folder, so all of it is too much.

    An audit hook cannot be taken off again: make one in a process that fuzzes, and nowhere else.
    """

    def __init__(self) -> None:
        self.touched: list[str] = []
        self._on = False
        sys.addaudithook(self._hook)

    @contextmanager
    def reading(self) -> Generator[None]:
        """While an input is read."""
        self._on = True
        try:
            yield
        finally:
            self._on = False

    def _hook(self, event: str, arguments: tuple[object, ...]) -> None:
        if self._on and _touches(event, arguments):
            self.touched.append(f"{event} {arguments!r}"[:200])


def _touches(event: str, arguments: tuple[object, ...]) -> bool:
    """Whether it is a write, or another act of those above; reading a file is none."""
    if event == "open":
        flags = arguments[2]
        return isinstance(flags, int) and bool(flags & _WRITES)
    return event.startswith(_ACTS)
