"""A script's output, read while it runs and kept up to a limit."""

import asyncio
import os
from collections.abc import Callable

FLOOD = 16_777_216
"""Bytes beyond the limit that are read and dropped; a script that writes more is ended."""

_PIECE = 65_536


class Capped:
    """Reads a pipe to its end; `done` is set then. `flooded` is called once where it is too much."""

    def __init__(self, handle: int, limit: int, flooded: Callable[[], None]) -> None:
        self._handle = handle
        self._limit = limit
        self._flooded = flooded
        self._kept = bytearray()
        self._read = 0
        self.done = asyncio.Event()
        os.set_blocking(handle, False)
        asyncio.get_running_loop().add_reader(handle, self._piece)

    @property
    def kept(self) -> bytes:
        """What was kept."""
        return bytes(self._kept)

    @property
    def truncated(self) -> bool:
        """Whether there was more."""
        return self._read > self._limit

    def close(self) -> None:
        """Read no more."""
        if not self.done.is_set():
            asyncio.get_running_loop().remove_reader(self._handle)
            self.done.set()

    def _piece(self) -> None:
        try:
            piece = os.read(self._handle, _PIECE)
        except BlockingIOError:
            return
        if not piece:
            self.close()
            return
        self._kept += piece[: max(0, self._limit - len(self._kept))]
        self._read += len(piece)
        if self._read > self._limit + FLOOD:
            self.close()
            self._flooded()
