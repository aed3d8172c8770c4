"""What the answers of a pool add to the savings tests, drawn up once for each arm and stage."""

from array import array
from collections.abc import Sequence
from itertools import accumulate

from tidegate.domain.exchange import Arm, Stakes
from tidegate.domain.rollout import SavingsGate
from tidegate.domain.savings import bets


class Staked:
    """Running sums over a pool that is taken twice in a row, as `Answers` takes it."""

    def __init__(
        self, arm: Arm, costs: Sequence[float], asked: Sequence[int], gate: SavingsGate, *, share: float
    ) -> None:
        rows = [_bets(arm, cost, size, gate, share) for cost, size in zip(costs, asked, strict=True)]
        places = range(max((len(row) for row in rows), default=0))
        self._sums = [
            array("q", accumulate((row[place] for row in (*rows, *rows)), initial=0)) for place in places
        ]

    def between(self, begin: int, end: int) -> dict[int, int]:
        """What the answers from `begin` to before `end` add, by place."""
        return {place: sums[end] - sums[begin] for place, sums in enumerate(self._sums)}


def _bets(arm: Arm, cost: float, asked: int, gate: SavingsGate, share: float) -> dict[int, int]:
    expected = gate.expected
    if expected is None:
        return {}
    return bets(Stakes(expected.of(asked), expected.cap, share, gate.min, gate.floor), arm, cost)
