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


@contextmanager
def open_home(home: Path) -> Generator[None]:
    """Create the home where it is not there yet; it and all files made meanwhile are for their owner alone.

    Raises InvalidInput.
    """
    before = os.umask(0o077)
    try:
        try:
            home.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as wrong:
            raise unusable(home, wrong) from wrong
        yield
    finally:
        os.umask(before)


def unusable(home: Path, wrong: OSError) -> InvalidInput:
    """The refusal for a home that does not take a file."""
    where = f" ({wrong.filename})" if wrong.filename else ""
    return InvalidInput(
        f"the home {home} cannot be used: {wrong.strerror}{where}; mend its rights or free some space, "
        "or name another with --home or TIDEGATE_HOME"
    )


@contextmanager
def announced(home: Path, url: str) -> Generator[None]:
    """Keep `gateway.json` while the gateway lives; on a shared home the latest start is in it."""
    path, note = home / "gateway.json", Note(url, os.getpid())
    draft = path.with_suffix(f".{note.pid}")
    try:
        draft.touch(mode=0o600)
        draft.write_bytes(msgspec.json.encode(note))
        draft.replace(path)
    except OSError as wrong:
        raise unusable(home, wrong) from wrong
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
