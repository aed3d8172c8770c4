"""A zip made by any bytes: a fuzzer's changes in a zip itself mostly break its checksums, and are not read.

Entries are apart by ENTRY, each `flags NAME SPLIT CONTENT`. Of the flags bit 0 puts it below `tide-table/`,
bit 1 deflates it, bits 2 to 4 choose its kind.
"""

import stat
import warnings
import zipfile
from io import BytesIO

ENTRY = b"\xff\xff"
SPLIT = b"\xfe"
BELOW, DEFLATED = 1, 2
_KINDS = (
    stat.S_IFREG | 0o644, 0, stat.S_IFDIR | 0o755, stat.S_IFLNK | 0o777, stat.S_IFIFO, stat.S_IFREG | 0o4755,
    stat.S_IFCHR, stat.S_IFREG | 0o644,
)  # fmt: skip


def baked(recipe: bytes) -> bytes:
    """The zip that a recipe is of, its checksums right."""
    packed = BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(packed, "w") as archive:
        warnings.simplefilter("ignore")  # of a name that is there twice
        for entry in recipe.split(ENTRY):
            flags = entry[0] if entry else 0
            name, _, content = entry[1:].partition(SPLIT)
            info = zipfile.ZipInfo("x")  # which would cut a name at a NUL
            info.filename = "tide-table/" * (flags & BELOW) + name.decode("utf-8", "replace")
            info.external_attr = _KINDS[flags >> 2 & 7] << 16
            method = zipfile.ZIP_DEFLATED if flags & DEFLATED else zipfile.ZIP_STORED
            archive.writestr(info, content, method, compresslevel=1)
    return packed.getvalue()


def recipe_of(files: dict[str, bytes]) -> bytes:
    """A recipe of these files below `tide-table/`, deflated."""
    flags = bytes([BELOW | DEFLATED])
    return ENTRY.join(flags + path.encode() + SPLIT + content for path, content in files.items())
