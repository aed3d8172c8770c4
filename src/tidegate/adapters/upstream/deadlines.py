"""One shared timer for the deadlines of all exchanges in flight."""

import asyncio
from collections.abc import Collection
from typing import Protocol

_SLACK = 0.001
"""Seconds; uvloop's clock counts milliseconds, so a timer may fire so much early."""


class Expiring(Protocol):
    """Something with a deadline in event-loop time."""

    deadline: float

    def expire(self) -> None: ...


class Deadlines:
    """Expires what is late among `in_flight`; watching one more costs a comparison, not a timer."""

    def __init__(self, in_flight: Collection[Expiring]) -> None:
        self._in_flight = in_flight
        self._armed_for = float("inf")
        self._timer: asyncio.TimerHandle | None = None

    def watch(self, deadline: float) -> None:
        """See to it that the sweep runs at `deadline` at the latest."""
        if deadline < self._armed_for:
            self.stop()
            self._armed_for = deadline
            self._timer = asyncio.get_running_loop().call_at(deadline, self._sweep)

    def stop(self) -> None:
        """Cancel the timer."""
        if self._timer is not None:
            self._timer.cancel()
        self._armed_for = float("inf")
        self._timer = None

    def _sweep(self) -> None:
        self.stop()
        now = asyncio.get_running_loop().time() + _SLACK
        for late in [one for one in self._in_flight if one.deadline <= now]:
            late.expire()
        if self._in_flight:
            self.watch(min(one.deadline for one in self._in_flight))
