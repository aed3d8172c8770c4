"""Work that is seen to its end, though nobody waits for it any more."""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import TypeVar

T = TypeVar("T")


async def finished(work: Coroutine[object, object, T]) -> T:
    """Its result; a cancellation comes through once it has ended, since a thread cannot be taken back.

    What the thread uses (a descriptor, a folder) is so never let go of under it.
    """
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        while not task.done():
            with suppress(asyncio.CancelledError):
                await asyncio.wait((task,))
        if not task.cancelled():
            task.exception()  # seen: the cancellation is what is raised
        raise
