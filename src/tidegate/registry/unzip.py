"""Read a package from a zip, in memory, trusting none of its headers."""

import stat
import struct
import zipfile
import zlib
from io import BytesIO

from tidegate.registry.finding import Finding
from tidegate.registry.limits import PackageLimits
from tidegate.registry.paths import collisions, left_out, path_problem
from tidegate.registry.tree import Tree

UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    NotImplementedError,  # a zip feature zipfile does not have
    ValueError,  # bad offsets, names that are not UTF-8
    OverflowError,
    OSError,
)
"""All that zipfile raises on bytes that are not a sound zip."""

_WHOLE = "(zip)"
_END = struct.Struct("<4s4H2LH")
_LOCAL = struct.Struct("<4s2xH18x2H")
_LOCAL_SIGNATURE = b"PK\x03\x04"
_END64_LOCATOR = b"PK\x06\x07"
_DESCRIBED = 0x8
"""Flag of an entry whose sizes follow its content, since it was written to a pipe."""

_DESCRIPTORS = tuple(
    (lead, struct.Struct(form)) for lead in (b"PK\x07\x08", b"") for form in ("<LQQ", "<LLL")
)
"""What may follow such content: with a signature or without, sizes of eight bytes (tried first) or four."""

_ENCRYPTED = 0x1 | 0x40 | 0x2000
_UTF8_NAME = 0x800
_PLAIN_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})


def read_zip(data: bytes, limits: PackageLimits) -> Tree:
    """All files of the zip's one top-level folder, up to the limits; what is wrong is in `findings`."""
    tree = Tree()
    problem = _envelope_problem(data, limits)
    if problem:
        tree.findings.append(problem)
        return tree
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            wanted = _wanted(archive.infolist(), tree)
            _refuse_stray_bytes(data, archive.infolist(), archive.start_dir, tree)
            _place_root(wanted, tree)
            if not tree.findings:
                _take(data, wanted, tree, limits)
    except UNREADABLE as error:
        tree.refuse(_WHOLE, f"is not a sound zip ({error}); make it anew with any zip tool")
    return tree


def _envelope_problem(data: bytes, limits: PackageLimits) -> Finding | None:
    """Judge size and outline before zipfile reads a directory of any length into memory."""
    if len(data) > limits.zip_bytes:
        message = f"is too large; a packed skill has at most {limits.zip_bytes:,} bytes"
        return Finding(path=_WHOLE, message=message, too_large=True)
    at = data.rfind(b"PK\x05\x06", max(0, len(data) - _END.size - 65_535))
    if not data.startswith(_LOCAL_SIGNATURE) or at < 0 or len(data) < at + _END.size:
        return Finding(path=_WHOLE, message="is not a zip, or is cut off; send a zip of the skill's folder")
    if data[max(0, at - 20) :].startswith(_END64_LOCATOR):
        return Finding(path=_WHOLE, message="uses zip64, which no package of this size needs; make it anew")
    *_, size, offset, comment = _END.unpack_from(data, at)
    if size > limits.zip_directory_bytes:
        message = f"has a directory of {size:,} bytes; a package has at most {limits.files} files"
        return Finding(path=_WHOLE, message=message, too_large=True)
    if offset + size != at or at + _END.size + comment != len(data):
        return Finding(
            path=_WHOLE, message="has bytes before or after its files that belong to none; make it anew"
        )
    return None


def _wanted(entries: list[zipfile.ZipInfo], tree: Tree) -> list[zipfile.ZipInfo]:
    """The entries that are files of the package; every unsafe one becomes a finding."""
    wanted: list[zipfile.ZipInfo] = []
    for entry in entries:
        problem = _entry_problem(entry)
        if problem:
            tree.refuse(ascii(entry.orig_filename)[1:-1], problem)
        elif not entry.orig_filename.endswith("/") and not left_out(entry.orig_filename):
            wanted.append(entry)
    tree.findings.extend(collisions(entry.orig_filename for entry in wanted))
    return wanted


def _refuse_stray_bytes(data: bytes, entries: list[zipfile.ZipInfo], end: int, tree: Tree) -> None:
    """Entries that share bytes unpack to more than there is; bytes of none are read by other programs."""
    place = 0
    for entry in sorted(entries, key=lambda each: each.header_offset):
        if entry.header_offset < place:
            tree.refuse(
                ascii(entry.orig_filename)[1:-1], "shares bytes with another entry; make the zip anew"
            )
            return
        if entry.header_offset > place:
            _refuse_gap(tree, place, entry.header_offset)
            return
        place = _end_of(data, entry)
    if place > end:
        tree.refuse(_WHOLE, "has an entry that reaches into its directory; make it anew")
    elif place < end:
        _refuse_gap(tree, place, end)


def _refuse_gap(tree: Tree, start: int, end: int) -> None:
    tree.refuse(
        _WHOLE,
        f"has {end - start:,} bytes at {start:,} that belong to no file of its directory; make it anew with "
        "any zip tool",
    )


def _end_of(data: bytes, entry: zipfile.ZipInfo) -> int:
    """Where an entry's bytes end: header, content, and what describes it where it was written to a pipe."""
    _, flags, name_bytes, extra_bytes = _LOCAL.unpack_from(data, entry.header_offset)
    end = entry.header_offset + _LOCAL.size + name_bytes + extra_bytes + entry.compress_size
    if not (flags | entry.flag_bits) & _DESCRIBED:
        return end
    for lead, form in _DESCRIPTORS:
        described = lead + form.pack(entry.CRC, entry.compress_size, entry.file_size)
        if data.startswith(described, end):
            return end + len(described)
    return end


def _entry_problem(entry: zipfile.ZipInfo) -> str | None:
    name = entry.orig_filename  # `filename` is cut at a NUL
    kind = stat.S_IFMT(entry.external_attr >> 16)
    folder = name.endswith("/")
    if entry.flag_bits & _ENCRYPTED:
        return "is encrypted; a package is stored as plain files"
    if kind == stat.S_IFLNK:
        return "is a symbolic link; put the file itself into the package"
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR) or (kind == stat.S_IFDIR) > folder:
        return "is neither a file nor a folder (a device, pipe or socket); remove it"
    if entry.external_attr >> 16 & (stat.S_ISUID | stat.S_ISGID):
        return "is marked to run as another user or group; take the mark off"
    if folder and entry.file_size:
        return "is a folder with content of its own; make the zip anew"
    if not name.isascii() and not entry.flag_bits & _UTF8_NAME:
        return "has a name that is not marked as UTF-8; rename the file or use a newer zip tool"
    if entry.compress_type not in _PLAIN_METHODS:
        return "is packed by a method other than store and deflate; make the zip with the default method"
    return path_problem(name.removesuffix("/"))


def _place_root(wanted: list[zipfile.ZipInfo], tree: Tree) -> None:
    """Find the one top-level folder."""
    tops = sorted({entry.orig_filename.split("/")[0] for entry in wanted if "/" in entry.orig_filename})
    loose = [entry.orig_filename for entry in wanted if "/" not in entry.orig_filename]
    for name in loose:
        tree.refuse(
            name, "lies outside a folder; put all files into one folder named like the skill: NAME/SKILL.md"
        )
    if len(tops) > 1:
        tree.refuse(
            _WHOLE, f"has {len(tops)} top-level folders ({', '.join(tops[:5])}); a package has exactly one"
        )
    if not wanted:
        tree.refuse(_WHOLE, "has no files; send a zip of the skill's folder, with NAME/SKILL.md in it")
    tree.root = tops[0] if tops else ""


def _take(data: bytes, wanted: list[zipfile.ZipInfo], tree: Tree, limits: PackageLimits) -> None:
    """Unpack entry by entry, never more than there is room for, whatever the headers say."""
    allowed = len(data) * limits.ratio
    for entry in wanted:
        name = entry.orig_filename.partition("/")[2]
        content = _unpacked(data, entry, min(tree.room(limits), allowed - tree.unpacked))
        if tree.unpacked + len(content) > allowed:
            message = (
                f"unpacks the zip to over {limits.ratio} times its size; that is no package but a zip bomb"
            )
            tree.refuse(name, message, too_large=True)
            return
        if not tree.add(name, content, limits):
            return


def _unpacked(data: bytes, entry: zipfile.ZipInfo, room: int) -> bytes:
    """The entry's content, or its first room + 1 bytes; raises BadZipFile where it is not as declared.

    Not zipfile's own reader: that one takes a declared size for the end of a stream that goes on.
    """
    name = entry.orig_filename.encode()
    signature, _, name_bytes, extra_bytes = _LOCAL.unpack_from(data, entry.header_offset)
    start = entry.header_offset + _LOCAL.size
    packed_from = start + name_bytes + extra_bytes
    packed = data[packed_from : packed_from + entry.compress_size]
    if signature != _LOCAL_SIGNATURE or data[start : start + name_bytes] != name:
        raise zipfile.BadZipFile(f"{entry.orig_filename!r} is not where the directory says")
    if entry.compress_type == zipfile.ZIP_STORED:
        content, whole = packed[: room + 1], True
    else:
        inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        content = inflater.decompress(packed, room + 1)
        whole = inflater.eof and not inflater.unused_data
    if len(content) > room:
        return content
    if not whole or len(content) != entry.file_size or zlib.crc32(content) != entry.CRC:
        raise zipfile.BadZipFile(f"{entry.orig_filename!r} does not unpack to what the directory says")
    return content
