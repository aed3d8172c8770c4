"""Background work that must go on: what ends by a fault of ours is logged and started again."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import structlog

RESTART_SECONDS = 1.0

_log = structlog.stdlib.get_logger("tidegate.supervise")


class Supervised:
    """One piece of background work; `faults` counts how often it broke."""

    def __init__(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        self.name = name
        self.faults = 0
        self.last_fault = ""
        self._work = work

    async def run(self) -> None:
        """Work until cancelled; serving goes on whatever happens here."""
        while True:
            try:
                await self._work()
            except Exception as fault:
                self.faults += 1
                self.last_fault = f"{type(fault).__name__}: {fault}"
                _log.exception("background work broke and starts again", work=self.name)
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
