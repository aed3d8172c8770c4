"""A key in a file, as systemd, Kubernetes and Vault's agent put it there: a new file is a new key."""

import asyncio
from pathlib import Path

from tidegate.adapters.credentials.secret import LONGEST, secret_of
from tidegate.domain.errors import InvalidInput

_Mark = tuple[int, ...] | None
"""What of a file changes when somebody writes or replaces it; None: it is not there."""


class FileKey:
    """`ports.CredentialSource` of a key in the first line of a file."""

    fixed = False
    refresh: float | None = None

    def __init__(self, path: str) -> None:
        self._path = Path(path).expanduser()
        self._read_at: _Mark = ()

    async def changed(self) -> bool:
        """Whether the file is another one than when it was last read, whether that went well or not."""
        return await asyncio.to_thread(self._mark) != self._read_at

    async def read(self) -> str:
        """The key; raises InvalidInput."""
        told = await asyncio.to_thread(self._content)
        return secret_of(told, of=f"the file {self._path}", mend="write the key there")

    def _content(self) -> bytes:
        self._read_at = self._mark()
        try:
            with self._path.open("rb") as file:
                return file.read(LONGEST + 2)
        except OSError as wrong:
            raise InvalidInput(
                f"the file {self._path} cannot be read: {wrong.strerror}; put the key into its first line, "
                "readable by the user that the gateway runs as"
            ) from None

    def _mark(self) -> _Mark:
        """Links are followed: Kubernetes swaps a link."""
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns
