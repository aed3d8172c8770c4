"""What answers are like: a pool of durations and costs drawn once, of which each step takes a stretch.

Both arms take from the same draws, and costs are scaled so that their mean is the wanted one exactly: what
the scenario says of the arms holds in every rehearsal, and only which answers come when is by chance. A
stretch's costs are the difference of two running sums, however many they are.
"""

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import accumulate
from typing import NamedTuple

from tidegate.domain.evidence import latency_cell
from tidegate.domain.unit_savings import MOST_REQUESTS
from tidegate.rehearsal.cell_counts import CellCounts
from tidegate.rehearsal.draws import Draws
from tidegate.rehearsal.scenario import Cost, Variant
from tidegate.rehearsal.staked import Staked, StakedUnits

SIZE = 1 << 14
_MEDIAN_BYTES = 4000

Stake = Callable[[Sequence[float], Sequence[int]], Staked | StakedUnits]
"""Draws up what the pool's answers, of these costs and sizes asked, add to the savings tests."""


class Taken(NamedTuple):
    """Answers by latency cell, their dollars, and what they add to the savings tests."""

    cells: Mapping[int, int]
    usd: float
    bets: Mapping[int, int]


class Shapes:
    """Standard-normal logarithms of durations, costs and inputs, shared by everything that is drawn."""

    def __init__(self, draws: Draws, cost: Cost) -> None:
        self.latency = [draws.normal() for _ in range(SIZE)]
        self.cost = [draws.normal() for _ in range(SIZE)]
        corr = cost.corr_within()
        own = math.sqrt(1 - corr**2)
        inputs = (corr * z + own * draws.normal() for z in self.cost)
        self.asked = [round(_MEDIAN_BYTES * math.exp(min(8.0, cost.sigma * z))) for z in inputs]

    def dollars(self, cost: Cost, dearer: float = 1.0) -> list[float]:
        """What the requests cost, of that mean exactly; MOST_REQUESTS in a row are a user's."""
        sigma, factors = cost.within().sigma, cost.factors()
        raw = [
            math.exp(sigma * z) * factors[place // MOST_REQUESTS % len(factors)]
            for place, z in enumerate(self.cost)
        ]
        scale = cost.mean * dearer * SIZE / math.fsum(raw)
        return [scale * each for each in raw]


class Answers:
    """The answers of one arm, all `slower` and `dearer` by these factors, of another `sigma` if given."""

    def __init__(
        self,
        shapes: Shapes,
        variant: Variant,
        *,
        slower: float = 1.0,
        sigma: float | None = None,
        dearer: float = 1.0,
    ) -> None:
        median = variant.latency.median * slower
        sigma = variant.latency.sigma if sigma is None else sigma
        self._cells = CellCounts([latency_cell(median * math.exp(sigma * z)) for z in shapes.latency])
        self._asked = shapes.asked
        self._costs = shapes.dollars(variant.cost, dearer)
        self.mean_usd = variant.cost.mean * dearer
        self._dollars = [0.0, *accumulate((*self._costs, *self._costs))]
        self._staked: Staked | StakedUnits | None = None

    def stake(self, stake: Stake | None) -> None:
        """A stage begins, in which the answers are judged so; None: their savings are not tested."""
        self._staked = stake(self._costs, self._asked) if stake else None

    def take(self, draws: Draws, count: int) -> Taken:
        """So many answers."""
        if count > SIZE:
            return together(self.take(draws, count - SIZE), self.take(draws, SIZE))
        begin = draws.below(SIZE)
        end = begin + count
        return Taken(
            self._cells.between(begin, end),
            self._dollars[end] - self._dollars[begin],
            self._staked.between(begin, end) if isinstance(self._staked, Staked) else {},
        )

    def units(self, draws: Draws, milestone: int, count: int) -> Mapping[int, int]:
        """What so many units whose requests are such answers add to the savings tests at a milestone."""
        staked = self._staked
        return staked.units(draws, milestone, count) if isinstance(staked, StakedUnits) else {}


def together(one: Taken, other: Taken) -> Taken:
    """The answers of both."""
    bets = {place: one.bets.get(place, 0) + added for place, added in other.bets.items()}
    return Taken(Counter(one.cells) + Counter(other.cells), one.usd + other.usd, {**one.bets, **bets})
