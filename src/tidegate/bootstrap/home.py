"""The home folder: made for its owner alone, and refused with a reason."""

import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from tidegate.domain.errors import InvalidInput


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
