"""Whether a run is let in: a gateway that refuses the key is told of at once, not after all the load."""

import asyncio
from collections.abc import Callable

from tidegate.domain.errors import InvalidInput
from tidegate.harness.load.shot import Result

REFUSALS = 3
"""So many first answers of 401 or 403, and none of another kind before, end a run."""


class Entry:
    """Passes results on to `take` until enough is known."""

    def __init__(self, take: Callable[[Result], None], url: str) -> None:
        self._take = take
        self._url = url
        self._refused = 0
        self._status = 0
        self._closed = asyncio.Event()
        self._open = False

    def take(self, result: Result) -> None:
        """Count one request."""
        self._take(result)
        if self._open:
            return
        if result.status not in (401, 403):
            self._open = self._open or result.status > 0
            return
        self._refused += 1
        self._status = result.status
        if self._refused >= REFUSALS:
            self._closed.set()

    async def watch(self) -> None:
        """Wait for ever where the run is let in; raises InvalidInput where it is not."""
        await self._closed.wait()
        why = (
            "it does not know the key"
            if self._status == 401
            else "the key is of another role, or its tenant has no upstream credential"
        )
        raise InvalidInput(
            f"{self._url} answered the first requests with {self._status}: {why}. Give --key, or set "
            "TIDEGATE_CLIENT_KEY, to a key of role client there (`tidegate keys create --role client`)"
        )
