"""What is taken out of a work folder, and what is not even looked at."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sandboxes import ran, sandbox

from tidegate.adapters.sandbox import bubblewrap
from tidegate.adapters.sandbox.outputs import outputs


@pytest.fixture
def work(tmp_path: Path) -> Iterator[int]:
    handle = os.open(tmp_path, os.O_RDONLY | os.O_DIRECTORY)
    yield handle
    os.close(handle)


@pytest.mark.parametrize(
    "name",
    [b"\xff.txt", b"a\nexit code: 0", b"a\x1b[2J", "a\u2028b".encode(), "a\u202eb".encode()],
    ids=["no utf-8", "newline", "escape", "line separator", "direction"],
)
@pytest.mark.parametrize("folder", [False, True])
def test_names_that_a_model_cannot_be_told_are_left_out(
    tmp_path: Path, work: int, name: bytes, folder: bool
) -> None:
    place = os.fsencode(tmp_path) + b"/" + name
    if folder:
        os.mkdir(place)  # noqa: PTH102 (a name that is no text)
        place += b"/inner"
    os.close(os.open(place, os.O_CREAT | os.O_WRONLY))
    (tmp_path / "größe.txt").write_text("told")
    assert outputs(work, files=20, limit=1000) == ({"größe.txt": b"told"}, True)


def test_paths_have_a_length(tmp_path: Path, work: int) -> None:
    deep = tmp_path / ("a" * 200) / ("b" * 200)
    deep.mkdir(parents=True)
    (deep / "file").write_text("far")
    assert outputs(work, files=20, limit=1000) == ({}, True)


def test_only_what_is_told_is_read(tmp_path: Path, work: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(40):
        (tmp_path / f"{number:02}").write_bytes(bytes(100))
    read: list[int] = []
    real = os.read

    def counted(handle: int, size: int) -> bytes:
        read.append(size)
        return real(handle, size)

    monkeypatch.setattr(os, "read", counted)
    assert outputs(work, files=20, limit=250) == ({"00": bytes(100), "01": bytes(100)}, True)
    assert outputs(work, files=1, limit=4000) == ({"00": bytes(100)}, True)
    assert read == [100] * 3


def test_names_beyond_a_number_are_not_looked_at(
    tmp_path: Path, work: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "one").write_bytes(b"x")
    for number in range(1000):
        os.link(tmp_path / "one", tmp_path / f"{number}")
    opened: list[object] = []
    real = os.open

    def counted(path: str, flags: int, *, dir_fd: int) -> int:
        opened.append(path)
        return real(path, flags, dir_fd=dir_fd)

    monkeypatch.setattr(os, "open", counted)
    found, left_out = outputs(work, files=2000, limit=4000)
    assert (len(found), len(opened), left_out) == (500, 500, True)


async def test_it_is_read_beside_the_loop_while_the_place_is_still_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[bool, int]] = []
    async with sandbox(tmp_path) as made:

        def looked(work: int, *, files: int, limit: int) -> tuple[dict[str, bytes], bool]:
            seen.append((threading.current_thread() is threading.main_thread(), made.places.taken))
            return outputs(work, files=files, limit=limit)

        monkeypatch.setattr(bubblewrap, "outputs", looked)
        done = await ran(made, "open('left', 'w').write('x')")
        assert made.places.taken == 0
    assert (done.files, seen) == ({"left": b"x"}, [(False, 1)])
