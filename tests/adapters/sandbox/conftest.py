"""What the sandbox's tests share."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """A folder that strangers may pass through: pytest's own lies in one that is its user's alone."""
    with tempfile.TemporaryDirectory(prefix="tidegate-test-") as folder:
        Path(folder).chmod(0o711)
        yield Path(folder)
