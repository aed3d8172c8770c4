"""A folder is read without following links, within limits; its digest is that of a zip of it."""

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from tidegate.domain.errors import InvalidInput, TooLarge
from tidegate.registry.limits import PackageLimits
from tidegate.registry.validate import validate_folder, validate_zip


@pytest.fixture
def folder(tmp_path: Path, good_skill_md: bytes) -> Path:
    """A skill's folder with a reference."""
    top = tmp_path / "tide-table"
    (top / "references").mkdir(parents=True)
    (top / "SKILL.md").write_bytes(good_skill_md)
    (top / "references" / "harbours.md").write_text("Harbours\n")
    return top


def refusal(folder: Path, limits: PackageLimits | None = None) -> str:
    with pytest.raises(InvalidInput) as refused:
        validate_folder(folder, limits or PackageLimits())
    return str(refused.value)


def test_a_folder_and_a_zip_of_it_are_the_same_package(
    folder: Path, good_skill_md: bytes, pack: Callable[..., bytes]
) -> None:
    from_folder = validate_folder(folder)
    from_zip = validate_zip(
        pack([("tide-table/references/harbours.md", b"Harbours\n"), ("tide-table/SKILL.md", good_skill_md)])
    )
    assert from_folder == from_zip
    assert [file.path for file in from_folder.files] == ["SKILL.md", "references/harbours.md"]


def test_its_own_archive_is_the_same_package(folder: Path) -> None:
    package = validate_folder(folder)
    assert validate_zip(package.archive) == package


def test_a_folder_named_by_a_relative_path_has_its_name(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    assert validate_folder(Path()).manifest.name == "tide-table"


def test_what_systems_drop_unasked_is_left_out(folder: Path) -> None:
    before = validate_folder(folder).digest
    (folder / ".DS_Store").write_text("x")
    (folder / "references" / "__pycache__").mkdir()
    (folder / "references" / "__pycache__" / "a.pyc").write_text("x")
    assert validate_folder(folder).digest == before


def test_mode_and_time_of_files_do_not_matter(folder: Path) -> None:
    before = validate_folder(folder).digest
    (folder / "SKILL.md").chmod(0o755)
    os.utime(folder / "SKILL.md", (1, 1))
    assert validate_folder(folder).digest == before


@pytest.mark.parametrize("target", ["/etc/passwd", "SKILL.md", "references", "nowhere"])
def test_a_symbolic_link_is_refused_wherever_it_points(folder: Path, target: str) -> None:
    (folder / "link").symlink_to(target)
    assert "link: is a symbolic link; put the file itself into the package" in refusal(folder)


def test_a_pipe_or_socket_is_refused_without_being_opened(folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder / "s"))
        said = refusal(folder)
    assert "pipe: is neither a file nor a folder" in said
    assert "s: is neither a file nor a folder" in said


def test_names_that_collide_elsewhere_are_refused(folder: Path) -> None:
    (folder / "references" / "HARBOURS.md").write_text("x")
    assert "collides with 'references/HARBOURS.md' where case" in refusal(folder)


def test_a_name_that_is_not_utf8_is_refused(folder: Path) -> None:
    (folder / os.fsdecode(b"caf\xe9")).write_text("x")
    assert "has a control or invisible character in its path" in refusal(folder)


def test_a_folder_too_deep_is_refused_and_not_entered(folder: Path) -> None:
    deep = folder.joinpath(*["a"] * 20)
    deep.mkdir(parents=True)
    (deep / "x").write_text("x")
    assert "has a path over 512 bytes or 16 levels" in refusal(folder)


def test_limits_hold_for_folders_too(folder: Path) -> None:
    (folder / "large").write_bytes(bytes(2_000))
    with pytest.raises(TooLarge, match="large: is over 1,999 bytes"):
        validate_folder(folder, PackageLimits(file_bytes=1_999))
    with pytest.raises(TooLarge, match="a package has at most 2"):
        validate_folder(folder, PackageLimits(files=2))


def test_a_path_that_is_no_folder_is_refused_by_name(folder: Path) -> None:
    assert "nowhere: cannot be read (No such file or directory)" in refusal(folder / "nowhere")
    assert "SKILL.md: cannot be read (Not a directory)" in refusal(folder / "SKILL.md")


def test_a_folder_without_skill_md_says_so(tmp_path: Path) -> None:
    assert refusal(tmp_path).startswith("SKILL.md: is missing; a package has it at the root")
