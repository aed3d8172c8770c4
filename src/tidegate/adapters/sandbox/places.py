"""The pool: how many scripts run at once, and who waits how long."""

import asyncio
import os
from collections import deque

from tidegate.adapters.sandbox.cgroup import Group
from tidegate.ports import ScriptRefused

PLACES_A_PROCESS = 128
"""As many uids each process has to itself, from `first_uid` on, by its pid."""


class Place:
    """A place in the pool, with a uid and a control group that one run at a time has."""

    def __init__(self, number: int, uid: int | None, group: Group | None) -> None:
        self.number = number
        self.uid = uid
        self.group = group


def uid_of(number: int, first: int) -> int:
    """A uid that no other process gives to a run while this one lives, of those that see its id."""
    return first + os.getpid() * PLACES_A_PROCESS + number


class Places:
    """Hands out places, first come, first served; of those waiting there are `queue` at most."""

    def __init__(self, places: list[Place], *, queue: int, wait: float) -> None:
        self._free = list(reversed(places))
        self._all = tuple(places)
        self._queue = queue
        self._wait = wait
        self._waiting: deque[asyncio.Future[Place]] = deque()
        self._idle = asyncio.Event()
        self._idle.set()

    @property
    def waiting(self) -> int:
        """How many wait."""
        return len(self._waiting)

    @property
    def taken(self) -> int:
        """How many run."""
        return len(self._all) - len(self._free)

    async def take(self, seconds: float) -> Place:
        """A place, given back by `give`; raises ScriptRefused where none comes in time."""
        if self._free:
            self._idle.clear()
            return self._free.pop()
        if len(self._waiting) >= self._queue:
            raise ScriptRefused("too many scripts wait for their turn; go on without it, or ask again later")
        coming: asyncio.Future[Place] = asyncio.get_running_loop().create_future()
        self._waiting.append(coming)
        patience = min(seconds, self._wait)
        try:
            async with asyncio.timeout(patience):
                return await coming
        except BaseException as gone:
            self._leave(coming)
            if isinstance(gone, TimeoutError):
                raise ScriptRefused(
                    f"other scripts were running for {patience:g} s; go on without it, or ask again later"
                ) from None
            raise

    def give(self, place: Place) -> None:
        """Give a place back: to whoever waits longest."""
        while self._waiting:
            coming = self._waiting.popleft()
            if not coming.done():
                coming.set_result(place)
                return
        self._free.append(place)
        if len(self._free) == len(self._all):
            self._idle.set()

    async def idle(self) -> None:
        """Wait until nothing runs."""
        await self._idle.wait()

    def close(self) -> None:
        """Remove the control groups."""
        for place in self._all:
            if place.group is not None:
                place.group.remove()

    def _leave(self, coming: "asyncio.Future[Place]") -> None:
        """Wait no more; a place that came just then goes on to the next."""
        if coming in self._waiting:
            self._waiting.remove(coming)
        elif coming.done() and not coming.cancelled():
            self.give(coming.result())
