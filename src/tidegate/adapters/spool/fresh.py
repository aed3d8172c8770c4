"""What was written to a segment of late, still in memory: it goes to the ledger without being read again."""

from collections import deque
from collections.abc import Sequence

from tidegate.adapters.spool.framing import Frames
from tidegate.domain.exchange import Amend, Exchange

KEPT = 2_000
"""Writes at most; with the store away more would only fill the memory, and is read from the disk later."""

_Write = tuple[int, Exchange | None, Sequence[Amend]]


class Fresh:
    """The latest writes of a segment, without a gap between them; each ends at a place in the file."""

    __slots__ = ("_begin", "_writes")

    def __init__(self) -> None:
        self._begin = 0
        self._writes: deque[_Write] = deque()

    def wrote(self, begin: int, end: int, exchange: Exchange | None, amends: Sequence[Amend]) -> None:
        """Remember what has just been written between two places."""
        if len(self._writes) >= KEPT:
            self._writes.clear()
        if not self._writes:
            self._begin = begin
        self._writes.append((end, exchange, amends))

    def records(self, begin: int, end: int, limit: int) -> Frames | None:
        """At most `limit` writes from `begin` on, up to `end`; None where the file has to be read."""
        if begin != self._begin or not self._writes:
            return None
        exchanges: list[Exchange] = []
        amends: list[Amend] = []
        reached = begin
        for place, exchange, more in self._writes:
            if place > end or len(exchanges) >= limit:
                break
            reached = place
            amends += more
            if exchange is not None:
                exchanges.append(exchange)
        return Frames(exchanges, amends, reached - begin, damaged=False)

    def forget(self, shipped: int) -> None:
        """Let go of what ends before that place."""
        writes = self._writes
        while writes and writes[0][0] <= shipped:
            self._begin = writes.popleft()[0]
