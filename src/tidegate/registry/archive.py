"""The canonical archive of a package: the same content always has the same bytes, and so the same digest."""

import hashlib
import zipfile
from collections.abc import Mapping
from io import BytesIO

from tidegate.domain.skill import FileEntry

_EPOCH = (1980, 1, 1, 0, 0, 0)
_UNIX = 3
_REGULAR_0644 = 0o100644 << 16


def canonical_archive(root: str, files: Mapping[str, bytes]) -> bytes:
    """A zip of `root/path` entries sorted by path, stored, all of mode 0644 and of 1980-01-01.

    Stored and not deflated: deflate's output differs from one zlib to the next.
    """
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for path in sorted(files):
            entry = zipfile.ZipInfo(f"{root}/{path}", _EPOCH)
            entry.create_system = _UNIX
            entry.external_attr = _REGULAR_0644
            archive.writestr(entry, files[path])
    return buffer.getvalue()


def files_of(archive: bytes) -> dict[str, bytes]:
    """The files of a canonical archive by their paths below its one folder."""
    with zipfile.ZipFile(BytesIO(archive)) as opened:
        return {name.partition("/")[2]: opened.read(name) for name in opened.namelist()}


def digest_of(archive: bytes) -> str:
    """`sha256:` and the hex digest of the canonical archive."""
    return f"sha256:{hashlib.sha256(archive).hexdigest()}"


def file_entries(files: Mapping[str, bytes]) -> tuple[FileEntry, ...]:
    """Path, size and sha256 of each file, sorted by path."""
    return tuple(
        FileEntry(path, len(content), hashlib.sha256(content).hexdigest())
        for path, content in sorted(files.items())
    )
