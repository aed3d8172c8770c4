"""Every byte of a zip belongs to an entry of its directory; what common tools write is accepted."""

import shutil
import struct
import subprocess
import zipfile
import zlib
from collections.abc import Callable, Sequence
from io import BytesIO, RawIOBase
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.domain.errors import InvalidInput
from tidegate.registry.validate import inspect_zip, validate_zip

SKILL = b"---\nname: tide-table\ndescription: Reads tide tables.\n---\nLook.\n"
FILES = (("tide-table/SKILL.md", SKILL), ("tide-table/a.md", b"high water"), ("tide-table/b.md", b""))
Describe = Callable[[int, int, int], bytes]


def none(crc: int, packed: int, size: int) -> bytes:
    return b""


def form(lead: bytes, sizes: str) -> Describe:
    return lambda crc, packed, size: lead + struct.pack(sizes, crc, packed, size)


def built(gaps: Sequence[bytes] = (b"",) * 5, describe: Describe = none, *, comment: bytes = b"") -> bytes:
    """A zip with what is given before each entry, before the directory and before its end."""
    body, directory = b"", b""
    flag = 0 if describe is none else 8
    for (name, content), gap in zip(FILES, gaps, strict=False):
        body += gap
        squeezed = zlib.compressobj(9, zlib.DEFLATED, -15)
        packed = squeezed.compress(content) + squeezed.flush()
        crc, at, told = zlib.crc32(content), len(body), (len(packed), len(content))
        here = (0, 0, 0) if flag else (crc, *told)
        head = (20, flag, 8, 0, 33, *here, len(name), 0)
        body += struct.pack("<4s5H3L2H", b"PK\x03\x04", *head) + name.encode() + packed
        body += describe(crc, *told)
        row = (20, 20, flag, 8, 0, 33, crc, *told, len(name), 0, 0, 0, 0, 0o100644 << 16, at)
        directory += struct.pack("<4s6H3L5H2L", b"PK\x01\x02", *row) + name.encode()
    body += gaps[3]
    end = (0, 0, 3, 3, len(directory), len(body), len(comment))
    return body + directory + gaps[4] + struct.pack("<4s4H2LH", b"PK\x05\x06", *end) + comment


DESCRIBED = {
    "none": none,
    "signed": form(b"PK\x07\x08", "<LLL"),
    "unsigned": form(b"", "<LLL"),
    "signed, long": form(b"PK\x07\x08", "<LQQ"),
    "unsigned, long": form(b"", "<LQQ"),
}


@pytest.mark.parametrize("describe", DESCRIBED.values(), ids=DESCRIBED)
def test_sizes_may_follow_the_content_in_each_form(describe: Describe) -> None:
    assert validate_zip(built(describe=describe)).digest == validate_zip(built()).digest


@pytest.mark.parametrize("describe", DESCRIBED.values(), ids=DESCRIBED)
@pytest.mark.parametrize("place", range(5))
@pytest.mark.parametrize("gap", [b"x", b"\0" * 16, b"PK\x07\x08" + bytes(12), b"evil" * 1_000])
def test_bytes_of_no_entry_are_refused(place: int, gap: bytes, describe: Describe) -> None:
    gaps = [b""] * 5
    gaps[place] = gap
    with pytest.raises(InvalidInput, match=r"^\(zip\): .*(belong to no|is not a zip|belong to none)"):
        validate_zip(built(gaps, describe))


def test_a_descriptor_of_other_sizes_is_a_gap() -> None:
    with pytest.raises(InvalidInput, match=r"16 bytes at \d+ that belong to no file"):
        validate_zip(built(describe=lambda crc, packed, size: struct.pack("<4L", 0x08074B50, crc, packed, 9)))


@pytest.mark.parametrize("tail", [b"x", b"PK", bytes(400)])
def test_bytes_after_the_end_are_refused_and_a_comment_is_accepted(tail: bytes) -> None:
    assert validate_zip(built(comment=tail)).digest == validate_zip(built()).digest
    with pytest.raises(InvalidInput, match="bytes before or after its files"):
        validate_zip(built() + tail)
    with pytest.raises(InvalidInput, match="bytes before or after its files"):
        validate_zip(built(comment=b"a comment") + tail)


@given(st.integers(0, len(built())), st.binary(min_size=1, max_size=40))
def test_bytes_put_in_anywhere_never_pass_for_the_same_package(at: int, more: bytes) -> None:
    data = built()
    inspection = inspect_zip(data[:at] + more + data[at:])
    assert inspection.package is None


class Pipe(RawIOBase):
    """Takes bytes and cannot go back."""

    def __init__(self) -> None:
        self.taken = BytesIO()

    def writable(self) -> bool:
        return True

    def write(self, piece: object) -> int:
        return self.taken.write(piece)  # type: ignore[arg-type] # zipfile gives bytes


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_what_python_writes_to_a_pipe_is_accepted(method: int) -> None:
    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", method) as archive:  # type: ignore[arg-type] # it asks for no more
        archive.mkdir("tide-table")
        for name, content in FILES:
            archive.writestr(name, content)
    assert validate_zip(pipe.taken.getvalue()).digest == validate_zip(built()).digest


@pytest.mark.parametrize(
    "arguments",
    [
        ("-qr", "out.zip", "tide-table"),
        ("-qr0", "out.zip", "tide-table"),
        ("-qrX", "out.zip", "tide-table"),
        ("-qrD", "out.zip", "tide-table"),
        ("-qrfd", "-", "tide-table"),
        ("-qr", "-", "tide-table"),
    ],
    ids=" ".join,
)
def test_what_info_zip_writes_is_accepted(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    program = shutil.which("zip")
    if program is None:
        pytest.skip("no zip program; install it: apt-get install zip")
    for name, content in FILES:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
    done = subprocess.run([program, *arguments], cwd=tmp_path, capture_output=True, check=True)
    data = done.stdout if "-" in arguments else (tmp_path / "out.zip").read_bytes()
    assert validate_zip(data).digest == validate_zip(built()).digest


def test_what_macos_writes_is_accepted() -> None:
    """Sizes after the content, signed; a folder's own entry; a twin for what its file system keeps beside."""
    data = BytesIO()
    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:  # type: ignore[arg-type] # as above
        archive.mkdir("tide-table")
        for name, content in FILES:
            for each, inside in ((name, content), (f"__MACOSX/tide-table/._{name[11:]}", bytes(82))):
                info = zipfile.ZipInfo(each)
                info.extra = struct.pack("<2H2L", 0x7855, 8, 0, 0)
                info.external_attr = 0o100644 << 16
                archive.writestr(info, inside, zipfile.ZIP_DEFLATED)
    data.write(pipe.taken.getvalue())
    assert validate_zip(data.getvalue()).digest == validate_zip(built()).digest
