"""Background work that must go on: what ends by a fault of ours is logged and started again."""

import asyncio
import logging
import math
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

RESTART_SECONDS = 1.0
WELL_SECONDS = 30.0
"""Work that has gone on for so long after a fault is well again."""

_log = logging.getLogger("tidegate.supervise")


class Supervised:
    """One piece of background work, and whether it goes on: a fault counts until WELL_SECONDS without one."""

    def __init__(
        self, name: str, work: Callable[[], Awaitable[None]], now: Callable[[], float] = time.monotonic
    ) -> None:
        self.name = name
        self._work = work
        self._now = now
        self._faults = 0
        self._last_fault = ""
        self._broke_at = -math.inf

    @property
    def faults(self) -> int:
        """How often it broke; 0 once it has gone on for WELL_SECONDS."""
        return self._faults if self._now() - self._broke_at < WELL_SECONDS else 0

    @property
    def last_fault(self) -> str:
        """What broke it; empty where it goes on."""
        return self._last_fault if self.faults else ""

    async def run(self) -> None:
        """Work until cancelled; serving goes on whatever happens here."""
        while True:
            try:
                await self._work()
            except Exception as fault:
                self._faults = self.faults + 1
                self._last_fault = f"{type(fault).__name__}: {fault}"
                self._broke_at = self._now()
                _log.exception("background work broke and starts again", extra={"work": self.name})
            await asyncio.sleep(RESTART_SECONDS)


@asynccontextmanager
async def running(supervised: Supervised) -> AsyncGenerator[None]:
    """Run in the background; cancelled and waited for at the end."""
    task = asyncio.create_task(supervised.run(), name=supervised.name)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
