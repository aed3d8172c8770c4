"""A new store in a SQLite file, its tables copied from one that was made before: making them takes longer."""

import os
import tempfile
from pathlib import Path

from tidegate.adapters.storage.store import Store, open_store
from tidegate.ports import Clock

_MADE: list[bytes] = []


async def fresh_store(path: Path, clock: Clock) -> Store:
    """Open a store at `path`, where no file is yet, as a first start would have made it."""
    if not _MADE:
        with tempfile.TemporaryDirectory() as folder:
            pattern = Path(folder) / "made.db"
            await (await open_store(f"sqlite:///{pattern}", clock=clock)).close()
            _MADE.append(_content(pattern))
    _put(path, _MADE[0])
    return await open_store(f"sqlite:///{path}", clock=clock)


def _content(path: Path) -> bytes:
    return path.read_bytes()


def _put(path: Path, content: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
