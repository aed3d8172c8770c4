"""The digest depends on the content alone."""

import zipfile
from io import BytesIO

from hypothesis import given
from hypothesis import strategies as st

from tidegate.registry.archive import canonical_archive, digest_of
from tidegate.registry.validate import validate_zip

SKILL_MD = b"---\nname: tide-table\ndescription: d\n---\nbody\n"

names = st.text("abcdefghij-_.é漢", min_size=1, max_size=8).filter(lambda name: name.strip(".") == name)
paths = st.lists(names, min_size=1, max_size=3).map("/".join)


@st.composite
def contents(draw: st.DrawFn) -> dict[str, bytes]:
    drawn = draw(st.dictionaries(paths, st.binary(max_size=200), max_size=8))
    folders = {path[:at] for path in drawn for at, char in enumerate(path) if char == "/"}
    return {path: content for path, content in drawn.items() if path not in folders} | {"SKILL.md": SKILL_MD}


def as_some_tool_packs_it(draw: st.DrawFn, files: dict[str, bytes]) -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path in draw(st.permutations(sorted(files))):
            entry = zipfile.ZipInfo(f"tide-table/{path}", (draw(st.integers(1980, 2100)), 5, 17, 1, 2, 4))
            entry.compress_type = draw(st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]))
            entry.external_attr = draw(st.sampled_from([0, 0o100644 << 16, 0o100755 << 16, 0o600 << 16]))
            entry.create_system = draw(st.sampled_from([0, 3]))
            entry.comment = draw(st.binary(max_size=5))
            archive.writestr(entry, files[path], compresslevel=draw(st.integers(1, 9)))
        archive.comment = draw(st.binary(max_size=40).filter(lambda comment: b"PK" not in comment))
    return buffer.getvalue()


@given(st.data())
def test_order_time_mode_and_compression_of_a_zip_do_not_matter(data: st.DataObject) -> None:
    files = data.draw(contents())
    packed = data.draw(st.composite(as_some_tool_packs_it)(files))
    package = validate_zip(packed)
    assert package.archive == canonical_archive("tide-table", files)
    assert {file.path: file.size for file in package.files} == {path: len(files[path]) for path in files}


@given(contents(), contents())
def test_different_content_has_a_different_digest(one: dict[str, bytes], other: dict[str, bytes]) -> None:
    digests = {digest_of(canonical_archive("tide-table", files)) for files in (one, other)}
    assert (len(digests) == 1) == (one == other)


def test_the_digest_of_a_known_package_never_changes() -> None:
    archive = canonical_archive("tide-table", {"SKILL.md": SKILL_MD, "references/é.md": b"high water\n"})
    assert digest_of(archive) == "sha256:05e19796974271106fa4dbf48389dba2fc105d14c3544854cbccf6fbcc8e9b46"
