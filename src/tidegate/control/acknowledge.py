"""Wait until every live process serves from a snapshot at least as new as a change."""

import asyncio
import math
from collections.abc import Sequence
from dataclasses import dataclass

from tidegate.ports import Clock, Process, Routing

ALIVE_SECONDS = 75.0
"""A process that was silent for longer is not waited for.

It may live and be cut off from the store. By then it serves the baseline of every running rollout by itself:
`routing.confirm` is 60 s at most; the rest is a margin for clocks that differ.
"""

_POLL_SECONDS = 0.015


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """Which live processes serve `revision`; `laggards` had not confirmed it when the wait ended."""

    revision: int
    processes: int
    laggards: tuple[Process, ...]

    @property
    def done(self) -> bool:
        return not self.laggards


_Waiting = asyncio.Future[Acknowledged]


class Acknowledgements:
    """What processes have confirmed, read for all that wait at once.

    Two hundred changes at one time that each read by itself would keep every connection of the store busy.
    """

    def __init__(self, routing: Routing, clock: Clock) -> None:
        self._routing = routing
        self._clock = clock
        self._waiting: dict[_Waiting, int] = {}
        self._watch: asyncio.Task[None] | None = None

    async def of(self, revision: int, *, seconds: float = 5.0) -> Acknowledged:
        """Wait at most `seconds` for every live process; with none alive it is done at once.

        Raises what reading raises: StoreUnavailable.
        """
        waiting: _Waiting = asyncio.get_running_loop().create_future()
        self._waiting[waiting] = revision
        if self._watch is None:
            self._watch = asyncio.create_task(self._read_while_asked())
        try:
            async with asyncio.timeout(seconds):
                return await waiting
        except TimeoutError:
            return _judged(revision, await self._alive())
        finally:
            self._waiting.pop(waiting, None)
            await self._last_reading()

    async def _last_reading(self) -> None:
        """A reading under way does not outlive who asked for it."""
        watch = self._watch
        if watch is not None and not self._waiting:
            await asyncio.wait([watch], timeout=4 * _POLL_SECONDS)

    async def _read_while_asked(self) -> None:
        try:
            while self._waiting:
                self._tell(await self._alive())
                if self._waiting:
                    await asyncio.sleep(_POLL_SECONDS)
        except Exception as failed:  # not swallowed: each that waits raises it
            for waiting in self._take(list(self._waiting)):
                waiting.set_exception(failed)
        finally:
            self._watch = None

    def _tell(self, alive: Sequence[Process]) -> None:
        """Wake those whose revision everybody serves; the others sleep on."""
        served = min((process.revision for process in alive), default=math.inf)
        reached = {each: revision for each, revision in self._waiting.items() if revision <= served}
        for waiting in self._take(list(reached)):
            waiting.set_result(Acknowledged(reached[waiting], len(alive), ()))

    def _take(self, told: Sequence[_Waiting]) -> list[_Waiting]:
        """Wait no more for these; those of them that still want to know."""
        for each in told:
            del self._waiting[each]
        return [each for each in told if not each.done()]

    async def _alive(self) -> Sequence[Process]:
        cutoff = self._clock.now() - ALIVE_SECONDS
        return [process for process in await self._routing.processes() if process.seen_at >= cutoff]


def _judged(revision: int, alive: Sequence[Process]) -> Acknowledged:
    laggards = tuple(process for process in alive if process.revision < revision)
    return Acknowledged(revision, len(alive), laggards)
