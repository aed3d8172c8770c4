"""Skills on disk: whole or not there, whatever breaks off or is removed meanwhile."""

import asyncio
import errno
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sandboxes import until

from tidegate.adapters.sandbox import staging
from tidegate.adapters.sandbox.staging import Staging

FILES = {"SKILL.md": b"# Tides", "scripts/a.py": b"print(1)"}


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Staging]:
    staged = Staging(str(tmp_path), limit=40)
    yield staged
    staged.close()


def laid(made: Staging, digest: str) -> dict[str, bytes]:
    with made.used(digest) as folder:
        files = [path for path in folder.rglob("*") if path.is_file()]
        return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def names(made: Staging) -> set[str]:
    return {path.name for path in made.folder.iterdir()}


async def test_what_was_cancelled_while_it_was_laid_out_is_there_for_the_next(
    made: Staging, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on = threading.Event(), threading.Event()
    real = staging._lay

    def slowly(*arguments: object, **named: object) -> None:
        begun.set()
        go_on.wait(10)
        real(*arguments, **named)

    monkeypatch.setattr(staging, "_lay", slowly)
    laying = asyncio.create_task(made.lay("sha256:a", FILES))
    await until(begun.is_set)
    laying.cancel()
    await asyncio.sleep(0)  # the cancellation comes in
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await laying
    await until((made.folder / "a").is_dir)
    await made.lay("sha256:a", FILES)
    assert laid(made, "sha256:a") == FILES
    assert names(made) == {"a", "etc"}


async def test_a_whole_folder_that_nobody_knows_of_is_taken_over(made: Staging) -> None:
    await made.lay("sha256:a", FILES)
    made._versions.clear()
    await made.lay("sha256:a", FILES)
    assert laid(made, "sha256:a") == FILES


async def test_what_somebody_removed_is_laid_out_again(made: Staging) -> None:
    await made.lay("sha256:a", FILES)
    shutil.rmtree(made.folder / "a")
    await made.lay("sha256:a", FILES)
    assert laid(made, "sha256:a") == FILES


async def test_nothing_stays_of_what_did_not_fit_on_the_disk(
    made: Staging, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Path, content: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "write_bytes", full)
        for _ in range(2):
            with pytest.raises(OSError, match="No space left"):
                await made.lay("sha256:a", FILES)
    assert names(made) == {"etc"}
    await made.lay("sha256:a", FILES)
    assert laid(made, "sha256:a") == FILES


async def test_room_is_made_beside_the_loop_by_what_nothing_uses(
    made: Staging, monkeypatch: pytest.MonkeyPatch
) -> None:
    removers: list[bool] = []
    real = shutil.rmtree

    def noted(*arguments: object, **named: object) -> None:
        removers.append(threading.current_thread() is threading.main_thread())
        real(*arguments, **named)

    await made.lay("sha256:a", FILES)
    await made.lay("sha256:b", FILES)
    monkeypatch.setattr(shutil, "rmtree", noted)
    with made.used("sha256:a"):
        await made.lay("sha256:c", FILES)
    assert names(made) == {"a", "c", "etc"}
    assert removers
    assert not any(removers)
