"""How many answers of a stretch fell into each latency cell, at a cost that hardly grows with the stretch."""

from array import array
from collections.abc import Mapping, Sequence

STEP = 64
"""Answers between two running counts; what a stretch has beyond them is counted one by one."""


class CellCounts:
    """A ring of answers' cells, gone round twice, so that each stretch of up to its length is one piece."""

    def __init__(self, cells: Sequence[int]) -> None:
        self._cells = array("H", [*cells, *cells])
        self._known = sorted(set(cells))
        self._running = [(0,) * len(self._known)]
        for begin in range(0, len(self._cells), STEP):
            piece = self._cells[begin : begin + STEP]
            before = self._running[-1]
            counts = zip(before, map(piece.count, self._known), strict=True)
            self._running.append(tuple([known + more for known, more in counts]))

    def between(self, begin: int, end: int) -> Mapping[int, int]:
        """By cell, how many of the answers from `begin` up to `end` fell into it; none where none did."""
        first, last = -(-begin // STEP), end // STEP
        if first >= last:
            first = last = 0
            rest = self._cells[begin:end]
        else:
            rest = self._cells[begin : first * STEP] + self._cells[last * STEP : end]
        counts = zip(self._known, self._running[first], self._running[last], strict=True)
        found = {cell: upto - before for cell, before, upto in counts if upto > before}
        for cell in rest:
            found[cell] = found.get(cell, 0) + 1
        return found
