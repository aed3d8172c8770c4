"""How many packages a process takes at once: each holds its body, files and archive until it is stored."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from tidegate.domain.errors import Overloaded

PLACES = 3
"""Each may hold its body, its files and its archive, of tens of megabytes; one of them is being scanned."""

QUEUE = 256
"""Requests that may wait for a place: no more than what fits a buffer is read of them meanwhile."""

WAIT_SECONDS = 50.0
"""For a place; commands wait for a minute."""

BODY_SECONDS = 120.0
"""For a body to be whole once it has a place: the largest, at 2.6 Mbit/s."""

RETRY_AFTER_SECONDS = 10


class UploadPlaces:
    """Places for uploads from the first byte of the body to the answer, first come, first served."""

    def __init__(
        self,
        places: int = PLACES,
        *,
        queue: int = QUEUE,
        wait: float = WAIT_SECONDS,
        body_seconds: float = BODY_SECONDS,
    ) -> None:
        self._most = places
        self._free = asyncio.Semaphore(places)
        self._queue = queue
        self._wait = wait
        self._waiting = 0
        self.body_seconds = body_seconds

    @asynccontextmanager
    async def place(self) -> AsyncGenerator[None]:
        """Hold a place; raises Overloaded where too many wait, or none came free in time."""
        await self._enter()
        try:
            yield
        finally:
            self._free.release()

    async def _enter(self) -> None:
        if self._free.locked() and self._waiting >= self._queue:
            raise self._refusal()
        self._waiting += 1
        try:
            async with asyncio.timeout(self._wait):
                await self._free.acquire()
        except TimeoutError:
            raise self._refusal() from None
        finally:
            self._waiting -= 1

    def _refusal(self) -> Overloaded:
        return Overloaded(
            f"{self._most} packages are being taken, as many as this process has room for, and others wait; "
            f"send it again in {RETRY_AFTER_SECONDS} s"
        )
