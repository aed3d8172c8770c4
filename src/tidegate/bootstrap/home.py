"""The home folder, and the note in it by which local tools find the running gateway."""

import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from tidegate.domain.errors import InvalidInput


class Note(msgspec.Struct, frozen=True):
    """`gateway.json`: where the gateway listens, and its process id."""

    url: str
    pid: int


def open_home(home: Path) -> None:
    """Create the home, for its owner alone, where it is not there yet."""
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as wrong:
        raise InvalidInput(
            f"the home {home} cannot be used: {wrong.strerror}; name another with --home or TIDEGATE_HOME"
        ) from None


@contextmanager
def announced(home: Path, url: str) -> Generator[None]:
    """Keep `gateway.json` while the gateway lives; on a shared home the latest start is in it."""
    path, note = home / "gateway.json", Note(url, os.getpid())
    draft = path.with_suffix(f".{note.pid}")
    draft.write_bytes(msgspec.json.encode(note))
    draft.replace(path)
    try:
        yield
    finally:
        if _read(path) == note:
            path.unlink(missing_ok=True)


def _read(path: Path) -> Note | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Note)
    except (OSError, msgspec.DecodeError):
        return None  # taken away or written over by somebody else: not ours to remove
