"""`gateway.json` in the home: where a running gateway of this home is to be found."""

import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from tidegate.bootstrap.home import unusable
from tidegate.bootstrap.living import others_alive


class Note(msgspec.Struct, frozen=True):
    """Where the gateway listens, and its process id."""

    url: str
    pid: int


@contextmanager
def announced(home: Path, url: str, process_id: str) -> Generator[None]:
    """Keep `gateway.json` while the gateway lives; the caller holds `living(home, process_id)`.

    Where several share the home, the latest start is in the note, and the one that goes down leaves it to
    another that lives. Raises InvalidInput where the home does not take it.
    """
    path, note = home / "gateway.json", Note(url, os.getpid())
    try:
        (home / "processes" / process_id).write_bytes(msgspec.json.encode(note))
        _write(path, note)
    except OSError as wrong:
        raise unusable(home, wrong) from wrong
    try:
        yield
    finally:
        if _read(path) == note:
            _hand_over(home, path, process_id)


def _hand_over(home: Path, path: Path, process_id: str) -> None:
    notes = [note for other in others_alive(home, process_id) if (note := _read(other))]
    if notes:
        _write(path, notes[-1])
    else:
        path.unlink(missing_ok=True)


def _write(path: Path, note: Note) -> None:
    """At once for whoever reads, and for the home's owner alone."""
    draft = path.with_suffix(f".{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_bytes(msgspec.json.encode(note))
    draft.replace(path)


def _read(path: Path) -> Note | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Note)
    except (OSError, msgspec.DecodeError):
        return None  # taken away, written over by somebody else, or of a process that does not listen yet
