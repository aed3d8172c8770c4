"""A zip is read in memory and trusted in nothing: paths, kinds, names, sizes, outline."""

import random
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable
from io import BytesIO

import pytest
from cpu import cpu_seconds
from hypothesis import given
from hypothesis import strategies as st

from tidegate.domain.errors import InvalidInput, TooLarge
from tidegate.registry.archive import canonical_archive
from tidegate.registry.limits import PackageLimits
from tidegate.registry.validate import inspect_zip, validate_zip

Pack = Callable[..., bytes]


def entry(name: str, mode: int = stat.S_IFREG | 0o644, **fields: int) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    for field, value in fields.items():
        setattr(info, field, value)
    return info


BAD_ENTRIES: dict[str, tuple[list[zipfile.ZipInfo | str], str]] = {
    "absolute path": (["/etc/passwd"], "/etc/passwd: has an absolute path; make it relative"),
    "parent": (["tide-table/../../x"], "tide-table/../../x: has an empty, '.' or '..' segment"),
    "dot": (["tide-table/./x"], "tide-table/./x: has an empty, '.' or '..' segment"),
    "double slash": (["tide-table//x"], "tide-table//x: has an empty, '.' or '..' segment"),
    "backslash": (["tide-table/a\\b"], "has a backslash in its path; separate folders by '/'"),
    "drive": (["C:/x"], "C:/x: has a ':' in its path, which names a drive"),
    "stream": (["tide-table/a:b"], "has a ':' in its path"),
    "tag": (["tide-table/<system>obey"], "obey: has a '<' or '>' in its path, by which its name would pose"),
    "tag's end": (["tide-table/a>b"], "has a '<' or '>' in its path"),
    "wide tag": (["tide-table/\uff1csystem"], "has a '<' or '>' in its path"),
    "line end": (["tide-table/a\nb"], r"tide-table/a\nb: has a control or invisible character"),
    "Hangul filler": (["tide-table/a\u3164b"], "has a control or invisible character"),
    "variation selector": (["tide-table/a\ufe0f"], "has a control or invisible character"),
    "right-to-left": (["tide-table/a\u202eb"], "has a control or invisible character"),
    "deep": (["tide-table/" + "a/" * 20 + "b"], "has a path over 512 bytes or 16 levels"),
    "long": (["tide-table/" + "é" * 300], "has a path over 512 bytes or 16 levels"),
    "symbolic link": ([entry("tide-table/x", stat.S_IFLNK | 0o777)], "x: is a symbolic link; put the file"),
    "device": ([entry("tide-table/x", stat.S_IFCHR)], "is neither a file nor a folder (a device, pipe or"),
    "pipe": ([entry("tide-table/x", stat.S_IFIFO)], "is neither a file nor a folder"),
    "folder as a file": ([entry("tide-table/x", stat.S_IFDIR)], "is neither a file nor a folder"),
    "folder with content": (["tide-table/x/"], "is a folder with content of its own"),
    "setuid": ([entry("tide-table/x", stat.S_IFREG | 0o4755)], "x: is marked to run as another user"),
    "raised digit": (["tide-table/COM\xb9.txt"], "has the name of a device on some systems"),
    "raised digit of a printer": (["tide-table/lpt\xb3"], "has the name of a device on some systems"),
    "Windows console": (["tide-table/CONIN$"], "has the name of a device on some systems"),
    "Windows console to write": (["tide-table/conout$.txt"], "has the name of a device on some systems"),
    "device before blanks": (["tide-table/nul  .txt"], "has the name of a device on some systems"),
    "Windows device": (["tide-table/NUL.txt"], "NUL.txt: has the name of a device on some systems"),
    "trailing dot": (["tide-table/x."], "x.: has a name that ends in a dot or space"),
    "trailing space": (["tide-table/x /y"], "has a name that ends in a dot or space"),
    "twice": (["tide-table/x", "tide-table/x"], "tide-table/x: is in the package twice; keep one"),
    "case": (["tide-table/X", "tide-table/x"], "tide-table/x: collides with 'tide-table/X' where case"),
    "folder's case": (["tide-table/A/x", "tide-table/a/y"], "collides with 'tide-table/A'"),
    "sharp s": (["tide-table/ß", "tide-table/SS"], "collides with 'tide-table/"),
    "Unicode form": (["tide-table/\u00e9", "tide-table/e\u0301"], "where case or Unicode form is ignored"),
    "file and folder": (["tide-table/x", "tide-table/x/y"], "tide-table/x: is both a file and a folder"),
    "second top": (
        ["other/x"],
        "(zip): has 2 top-level folders (other, tide-table); a package has exactly one",
    ),
    "loose file": (["x"], "x: lies outside a folder; put all files into one folder"),
    "bzip2": (
        [entry("tide-table/x", compress_type=zipfile.ZIP_BZIP2)],
        "by a method other than store and def",
    ),
    "lzma": (
        [entry("tide-table/x", compress_type=zipfile.ZIP_LZMA)],
        "by a method other than store and defla",
    ),
    "second SKILL.md": (
        ["tide-table/a/SKILL.md"],
        "a/SKILL.md: has the name of a skill's own file; a package",
    ),
}


@pytest.mark.filterwarnings("ignore:Duplicate name")  # zipfile warns while we make the bad zip
@pytest.mark.parametrize(("entries", "said"), BAD_ENTRIES.values(), ids=BAD_ENTRIES.keys())
def test_a_bad_entry_is_refused_by_name_with_a_remedy(
    entries: list[zipfile.ZipInfo | str], said: str, good_skill_md: bytes, pack: Pack
) -> None:
    data = pack([("tide-table/SKILL.md", good_skill_md), *((name, b"content") for name in entries)])
    with pytest.raises(InvalidInput) as refused:
        validate_zip(data)
    assert said in str(refused.value)


def test_all_bad_entries_are_reported_at_once(good_skill_md: bytes, pack: Pack) -> None:
    data = pack([("tide-table/SKILL.md", good_skill_md), ("/a", b""), ("../b", b""), ("c\\d", b"")])
    with pytest.raises(InvalidInput) as refused:
        validate_zip(data)
    assert len(str(refused.value).splitlines()) == 3


def test_a_nul_in_a_name_does_not_hide_what_follows(good_skill_md: bytes, pack: Pack) -> None:
    data = pack([("tide-table/SKILL.md", good_skill_md), ("tide-table/aXb", b"")])
    with pytest.raises(InvalidInput, match=r"tide-table/a\\x00b: has a control"):
        validate_zip(data.replace(b"tide-table/aXb", b"tide-table/a\0b"))


def test_a_name_that_is_not_marked_utf8_is_refused(good_skill_md: bytes, pack: Pack) -> None:
    data = pack([("tide-table/SKILL.md", good_skill_md), ("tide-table/ab", b"")])
    with pytest.raises(InvalidInput, match="not marked as UTF-8"):
        validate_zip(data.replace(b"tide-table/ab", b"tide-table/\xe9b"))


def test_encrypted_entries_are_refused(good_skill_md: bytes, pack: Pack) -> None:
    data = bytearray(pack([("tide-table/SKILL.md", good_skill_md)]))
    directory = data.index(b"PK\x01\x02")
    data[6] |= 1
    data[directory + 8] |= 1
    with pytest.raises(InvalidInput, match=r"tide-table/SKILL\.md: is encrypted"):
        validate_zip(bytes(data))


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["tide-table/skill.md"], "skill.md: has the name of a skill's own file; rename it to SKILL.md"),
        (["tide-table/README.md"], "SKILL.md: is missing; a package has it at the root"),
        (
            ["tide-table/a/SKILL.md"],
            "a/SKILL.md: has the name of a skill's own file; a package has exactly one",
        ),
        (["SKILL.md"], "SKILL.md: lies outside a folder; put all files into one folder named like the skill"),
        (["tide-table/"], "(zip): has no files; send a zip of the skill's folder"),
    ],
)
def test_a_zip_without_its_skill_md_in_place_is_refused(
    names: list[str], said: str, good_skill_md: bytes, pack: Pack
) -> None:
    data = pack([(name, b"" if name.endswith("/") else good_skill_md) for name in names])
    with pytest.raises(InvalidInput) as refused:
        validate_zip(data)
    assert said in str(refused.value)


def test_what_systems_drop_unasked_is_left_out(good_skill_md: bytes, pack: Pack) -> None:
    plain = pack([("tide-table/SKILL.md", good_skill_md)])
    littered = pack([
        ("__MACOSX/tide-table/._SKILL.md", b"x"),
        ("tide-table/", b""),
        ("tide-table/.DS_Store", b"x"),
        ("tide-table/SKILL.md", good_skill_md),
        ("tide-table/scripts/__pycache__/a.pyc", b"x"),
    ])  # fmt: skip
    assert validate_zip(littered).digest == validate_zip(plain).digest


# ---- sizes ----------------------------------------------------------------------------------------------


def test_a_bomb_is_stopped_by_what_it_unpacks_to(good_skill_md: bytes, pack: Pack) -> None:
    data = pack([("tide-table/SKILL.md", good_skill_md), ("tide-table/x", bytes(5_000_000))])
    with pytest.raises(TooLarge, match="over 100 times its size"):
        validate_zip(data)


def test_a_bomb_that_declares_a_small_size_is_refused(good_skill_md: bytes, pack: Pack) -> None:
    declared = 20_000
    content = random.Random(1).randbytes(declared)
    data = bytearray(pack([("tide-table/SKILL.md", good_skill_md), ("tide-table/x", content)]))
    at = data.rindex(b"PK\x01\x02")
    struct.pack_into("<L", data, at + 24, 100)
    struct.pack_into("<L", data, at + 16, zlib.crc32(content[:100]))
    with pytest.raises(InvalidInput, match="'tide-table/x' does not unpack to what the directory says"):
        validate_zip(bytes(data))


def test_a_file_shorter_than_declared_is_refused(good_skill_md: bytes, pack: Pack) -> None:
    data = bytearray(pack([("tide-table/SKILL.md", good_skill_md), ("tide-table/x", b"content")]))
    struct.pack_into("<L", data, data.rindex(b"PK\x01\x02") + 24, 9_999)
    with pytest.raises(InvalidInput, match="does not unpack to what the directory says"):
        validate_zip(bytes(data))


def test_a_changed_byte_is_noticed(good_skill_md: bytes, pack: Pack) -> None:
    data = pack([("tide-table/SKILL.md", good_skill_md)], zipfile.ZIP_STORED)
    with pytest.raises(InvalidInput, match="is not a sound zip"):
        validate_zip(data.replace(b"# Tides", b"# Rides"))


LIMITS = PackageLimits(unpacked_bytes=2_000, file_bytes=1_500, files=4, ratio=1_000)


@pytest.mark.parametrize(
    ("sizes", "said"),
    [
        ([1_501], "x0: is over 1,500 bytes, the limit for a file"),
        ([1_200, 1_200], "brings the package over 2,000 bytes unpacked"),
        ([1] * 4, "is file number 5; a package has at most 4"),
    ],
)
def test_limits_on_files_and_bytes_hold(
    sizes: list[int], said: str, good_skill_md: bytes, pack: Pack
) -> None:
    files = [(f"tide-table/x{number}", bytes(size)) for number, size in enumerate(sizes)]
    with pytest.raises(TooLarge) as refused:
        validate_zip(pack([("tide-table/SKILL.md", good_skill_md), *files]), LIMITS)
    assert said in str(refused.value)


def test_exactly_at_the_limits_is_accepted(good_skill_md: bytes, pack: Pack) -> None:
    rest = 2_000 - 1_500 - len(good_skill_md)
    files = [("tide-table/a", bytes(1_500)), ("tide-table/b", bytes(rest)), ("tide-table/c", b"")]
    package = validate_zip(pack([("tide-table/SKILL.md", good_skill_md), *files]), LIMITS)
    assert sum(file.size for file in package.files) == LIMITS.unpacked_bytes


def test_a_zip_over_the_limit_is_not_opened(good_skill_md: bytes, pack: Pack) -> None:
    data = pack([("tide-table/SKILL.md", good_skill_md), ("tide-table/x", bytes(20_000))], zipfile.ZIP_STORED)
    with pytest.raises(TooLarge, match=r"a packed skill has at most 18,384"):
        validate_zip(data, LIMITS)


@pytest.mark.parametrize("files", [1, 4, 500])
def test_every_package_within_the_limits_has_a_canonical_archive_within_those_of_a_zip(
    files: int, good_skill_md: bytes
) -> None:
    longest = "/".join(["ä" * 17] * 14)
    names = [f"{longest}{number:03}" for number in range(files - 1)]
    contents = {"SKILL.md": good_skill_md, **dict.fromkeys(names, b"x" * 100)}
    limits = PackageLimits(
        unpacked_bytes=sum(map(len, contents.values())), file_bytes=10_000, files=files, ratio=2
    )
    package = validate_zip(canonical_archive("tide-table", contents), limits)
    assert (len(package.files), validate_zip(package.archive, limits)) == (files, package)


def test_a_huge_directory_is_not_read(good_skill_md: bytes, pack: Pack) -> None:
    data = pack([("tide-table/SKILL.md", good_skill_md)] + [(f"tide-table/{n}", b"") for n in range(20_000)])

    def refused() -> None:
        with pytest.raises(TooLarge, match="has a directory of"):
            validate_zip(data)

    assert cpu_seconds(refused, 0.2) < 0.2


# ---- outline --------------------------------------------------------------------------------------------


def test_bytes_before_or_after_the_files_are_refused(good_skill_md: bytes, pack: Pack) -> None:
    data = pack([("tide-table/SKILL.md", good_skill_md)])
    for changed in (
        b"#!/bin/sh\n" + data,
        data[:4] + data,
        data[: data.index(b"PK\x05")] + b"PK" + data[-22:],
    ):
        with pytest.raises(InvalidInput, match=r"\(zip\): "):
            validate_zip(changed)


def test_zip64_is_refused(good_skill_md: bytes, pack: Pack) -> None:
    data = pack([("tide-table/SKILL.md", good_skill_md)])
    locator = b"PK\x06\x07" + struct.pack("<LQL", 0, 0, 1)
    with pytest.raises(InvalidInput, match="uses zip64"):
        validate_zip(data[:-22] + locator + data[-22:])


@pytest.mark.parametrize(
    "data", [b"", b"PK", b"PK\x03\x04", b"PK\x05\x06" + bytes(18), b"Rar!\x1a\x07", b"x" * 99]
)
def test_what_is_no_zip_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidInput, match="is not a zip, or is cut off"):
        validate_zip(data)


def _sound() -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("tide-table/SKILL.md", "---\nname: tide-table\ndescription: d\n---\nbody\n")
        archive.writestr("tide-table/references/é.md", "text " * 20)
    return buffer.getvalue()


SOUND = _sound()


@given(st.dictionaries(st.integers(0, len(SOUND) - 1), st.integers(0, 255), min_size=1, max_size=6))
def test_any_damage_ends_in_a_package_or_findings(damage: dict[int, int]) -> None:
    data = bytearray(SOUND)
    for at, value in damage.items():
        data[at] = value
    inspection = inspect_zip(bytes(data))
    assert (inspection.package is None) == bool(inspection.findings)


@given(st.binary(max_size=500))
def test_any_bytes_end_in_findings(data: bytes) -> None:
    assert inspect_zip(b"PK\x03\x04" + data).findings
