"""Adding rows of small whole numbers fast without a numeric library: each row is one large integer.

A row has 16 bits for each place. Adding rows, and finding the places that reach a least value, are then
operations of the interpreter on whole rows in place of loops over places.
"""

from collections.abc import Iterable, Sequence
from struct import Struct

_BITS = 16
_MASK = (1 << _BITS) - 1
_TOP = 1 << (_BITS - 1)
LARGEST = _TOP - 1
"""What a place of a sum may come to: its top bit is kept for comparing."""

_FEW = 20
"""Unpacking so many places costs what taking one of them out of the integer does."""


class Sums:
    """Rows over so many places, each given as pairs of a place and a value."""

    def __init__(self, places: int, rows: Iterable[Iterable[tuple[int, int]]]) -> None:
        ones = sum(1 << (_BITS * place) for place in range(places))
        self._places = Struct(f"<{places}H")
        self._rows = [_packed(row) for row in rows]
        self._ones = ones
        self._tops = ones * _TOP

    def of(self, chosen: Iterable[int]) -> Sequence[int]:
        """The sum of these rows, by place; none may come to more than LARGEST."""
        return self._places.unpack(self._total(chosen).to_bytes(self._places.size, "little"))

    def reaching(self, chosen: Iterable[int], *, least: int, near_best: float = 0.0) -> dict[int, int]:
        """The places whose sum of these rows is `least` or more, with it.

        Where these are many, those clearly below `near_best` of the largest sum are left out already.
        """
        total = self._total(chosen)
        tops = (
            total + self._ones * (_TOP - least)
        ) & self._tops  # a place at or above `least` carries into its top bit
        if near_best and tops.bit_count() * _FEW > self._places.size // 2:
            best = max(self._places.unpack(total.to_bytes(self._places.size, "little")))
            tops &= total + self._ones * (_TOP - int(best * near_best))
        found: dict[int, int] = {}
        while tops:
            bit = tops.bit_length() - 1
            tops ^= 1 << bit
            found[bit // _BITS] = (total >> (bit - _BITS + 1)) & _MASK
        return found

    def at(self, row: int, place: int) -> int:
        """What one row has at one place."""
        return (self._rows[row] >> (_BITS * place)) & _MASK

    def _total(self, chosen: Iterable[int]) -> int:
        return sum(map(self._rows.__getitem__, chosen))


def _packed(row: Iterable[tuple[int, int]]) -> int:
    return sum(value << (_BITS * place) for place, value in row)
