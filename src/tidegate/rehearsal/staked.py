"""What the answers of a pool add to the savings tests, drawn up once for each arm and stage."""

from array import array
from collections.abc import Iterator, Sequence
from itertools import accumulate

from tidegate.domain.exchange import Arm, Stakes
from tidegate.domain.rollout import SavingsGate
from tidegate.domain.savings import bets_by_place
from tidegate.domain.unit_savings import MILESTONES, Milestone, unit_bets
from tidegate.rehearsal.draws import Draws


class Staked:
    """Running sums over a pool that is taken twice in a row, as `Answers` takes it."""

    def __init__(
        self, arm: Arm, costs: Sequence[float], asked: Sequence[int], gate: SavingsGate, *, share: float
    ) -> None:
        rows = _rows(arm, costs, asked, gate, share)
        self._sums = [array("q", accumulate(row + row, initial=0)) for row in rows]

    def between(self, begin: int, end: int) -> dict[int, int]:
        """What the answers from `begin` to before `end` add, by place."""
        return {place: sums[end] - sums[begin] for place, sums in enumerate(self._sums)}


class StakedUnits:
    """The same by sticky unit: stretches of the pool, as long as a milestone has requests, are units."""

    def __init__(
        self, arm: Arm, costs: Sequence[float], asked: Sequence[int], gate: SavingsGate, *, share: float
    ) -> None:
        expected = [gate.expected.of(size) if gate.expected else 0.0 for size in asked]
        stakes = Stakes(0.0, gate.expected.cap if gate.expected else 0.0, share, gate.min, gate.floor)
        self._rows = [
            [unit_bets(stakes, arm, number, paid, usual) for paid, usual in _units(costs, expected, each)]
            for number, each in enumerate(MILESTONES)
        ]

    def units(self, draws: Draws, milestone: int, count: int) -> dict[int, int]:
        """What so many units add at milestone number `milestone`, by place."""
        rows, found = self._rows[milestone], dict[int, int]()
        for _ in range(count):
            for place, added in rows[draws.below(len(rows))].items():
                found[place] = found.get(place, 0) + added
        return found


def _units(
    costs: Sequence[float], expected: Sequence[float], milestone: Milestone
) -> Iterator[tuple[float, float]]:
    """What each stretch paid, and what was expected of it."""
    size = milestone.requests
    for begin in range(0, len(costs) - size + 1, size):
        yield sum(costs[begin : begin + size]), sum(expected[begin : begin + size])


def _rows(
    arm: Arm, costs: Sequence[float], asked: Sequence[int], gate: SavingsGate, share: float
) -> list[list[int]]:
    """By place, what each answer adds; none where the plan cannot be certified."""
    expected = gate.expected
    if expected is None:
        return []
    stakes = Stakes(0.0, expected.cap, share, gate.min, gate.floor)
    return bets_by_place(stakes, arm, costs, [expected.of(size) for size in asked])
