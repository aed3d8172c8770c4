"""Packages to validate: a SKILL.md, a zip of some entries."""

import zipfile
from collections.abc import Callable, Iterable
from io import BytesIO

import pytest

GOOD = b"---\nname: tide-table\ndescription: Reads tide tables. Use it for tides.\n---\n# Tides\n\nLook.\n"


@pytest.fixture
def good_skill_md() -> bytes:
    """A SKILL.md of the skill `tide-table` that is accepted."""
    return GOOD


@pytest.fixture
def pack() -> Callable[..., bytes]:
    """Make a zip of entries (name or ZipInfo, content), in their order."""

    def make(
        entries: Iterable[tuple[str | zipfile.ZipInfo, bytes]], compression: int = zipfile.ZIP_DEFLATED
    ) -> bytes:
        buffer = BytesIO()
        with zipfile.ZipFile(buffer, "w", compression) as archive:
            for name, content in entries:
                archive.writestr(name, content)
        return buffer.getvalue()

    return make
