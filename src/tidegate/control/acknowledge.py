"""Wait until every live process serves from a snapshot at least as new as a change."""

import asyncio
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


async def acknowledged(
    routing: Routing, revision: int, clock: Clock, *, seconds: float = 5.0
) -> Acknowledged:
    """Wait at most `seconds` for every live process; with none alive it is done at once."""
    until = clock.monotonic() + seconds
    while True:
        cutoff = clock.now() - ALIVE_SECONDS
        alive = [process for process in await routing.processes() if process.seen_at >= cutoff]
        laggards = tuple(process for process in alive if process.revision < revision)
        if not laggards or clock.monotonic() >= until:
            return Acknowledged(revision, len(alive), laggards)
        await asyncio.sleep(_POLL_SECONDS)
