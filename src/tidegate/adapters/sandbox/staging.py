"""Skills laid out on disk for scripts to see: each version once, read-only, while the process lives."""

import asyncio
import fcntl
import os
import shutil
import tempfile
import time
from collections import OrderedDict
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tidegate.adapters.sandbox.finish import finished

PREFIX = "tidegate-scripts-"

YOUNG_SECONDS = 60.0
"""A folder changed more recently may be one that its process is about to lock."""

_ETC = {
    "passwd": "skill:x:1000:1000:skill:/work:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n",
    "group": "skill:x:1000:\nnogroup:x:65534:\n",
    "hosts": "127.0.0.1 localhost\n::1 localhost\n",
    "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
}


@dataclass(slots=True)
class _Version:
    folder: Path
    size: int
    users: int = 0


class Staging:
    """A folder of this process's own, which others may pass through but not list; locked while it lives.

    What processes that were killed left is removed when one starts.
    """

    def __init__(self, parent: str, *, limit: int, writable: bool = False) -> None:
        """Raises OSError where the folder cannot be made."""
        above = Path(parent or tempfile.gettempdir())
        _sweep(above)
        self.folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=above))
        self.folder.chmod(0o711)
        self._lock = os.open(self.folder, os.O_RDONLY | os.O_CLOEXEC)
        fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # also keeps systemd-tmpfiles away
        self._limit = limit
        self._writable = writable
        self._versions: OrderedDict[str, _Version] = OrderedDict()
        self._laying = asyncio.Lock()
        self.etc = self.folder / "etc"
        _lay({name: text.encode() for name, text in _ETC.items()}, self.etc, writable=False)

    @contextmanager
    def used(self, digest: str) -> Generator[Path]:
        """The folder of a version that has been laid out; it stays while it is used."""
        version = self._versions[digest]
        version.users += 1
        try:
            yield version.folder
        finally:
            version.users -= 1

    async def lay(self, digest: str, files: Mapping[str, bytes]) -> None:
        """Lay a version out, unless it is there; raises OSError."""
        async with self._laying:
            version = self._versions.get(digest)
            if version is None or not version.folder.is_dir():  # somebody may have cleaned up
                await finished(self._lay(digest, files))
            self._versions.move_to_end(digest)

    async def _lay(self, digest: str, files: Mapping[str, bytes]) -> None:
        """Without a break: what lies on disk is known to lie there."""
        version = _Version(self.folder / digest.removeprefix("sha256:"), sum(map(len, files.values())))
        for gone in () if digest in self._versions else self._surplus(version.size):
            await asyncio.to_thread(_remove, gone)
        await asyncio.to_thread(_lay, files, version.folder, writable=self._writable)
        self._versions.setdefault(digest, version)

    def close(self) -> None:
        """Remove everything."""
        shutil.rmtree(self.folder, ignore_errors=True)
        os.close(self._lock)

    def _surplus(self, size: int) -> Sequence[Path]:
        """What was used longest ago, let go as far as it makes room and nothing uses it."""
        gone: list[Path] = []
        held = sum(version.size for version in self._versions.values())
        for digest, version in list(self._versions.items()):
            if held + size <= self._limit:
                break
            if not version.users:
                del self._versions[digest]
                held -= version.size
                gone.append(version.folder)
        return gone


def _remove(folder: Path) -> None:
    """Under another name first, so that what has the name is whole."""
    with suppress(OSError):
        draft = _draft(folder.parent)
        folder.rename(draft)
        shutil.rmtree(draft, ignore_errors=True)


def _draft(above: Path) -> Path:
    return Path(tempfile.mkdtemp(prefix=".draft-", dir=above))


def _lay(files: Mapping[str, bytes], folder: Path, *, writable: bool) -> None:
    """Under another name first, so that what has the name is whole; what is there is left as it is."""
    if folder.is_dir():
        return
    draft = _draft(folder.parent)
    try:
        _fill(draft, files, writable=writable)
        draft.rename(folder)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise


def _fill(draft: Path, files: Mapping[str, bytes], *, writable: bool) -> None:
    for path, content in files.items():
        place = draft / path
        if not place.is_relative_to(draft) or ".." in place.parts:
            raise OSError(f"a skill's file lies outside its folder: {path}")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
        place.chmod(0o666 if writable else 0o555)
    for made in (draft, *(path for path in draft.rglob("*") if path.is_dir())):
        made.chmod(0o777 if writable else 0o755)  # whatever this process's umask


def _sweep(above: Path) -> None:
    """Remove the folders of processes that are dead: nobody holds their lock."""
    for path in above.glob(f"{PREFIX}*"):
        try:
            handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_DIRECTORY)
        except OSError:
            continue  # another user's, or gone by now
        try:
            found = os.fstat(handle)
            if found.st_uid == os.geteuid() and time.time() - found.st_mtime > YOUNG_SECONDS:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(path, ignore_errors=True)
        except OSError:
            continue  # its process lives
        finally:
            os.close(handle)
