"""When users reach the milestones at which savings by sticky unit are read."""

from collections import Counter
from collections.abc import Mapping, Sequence

from tidegate.domain.exchange import Arm
from tidegate.domain.unit_savings import MILESTONES
from tidegate.rehearsal.draws import Draws

Reached = Mapping[tuple[Arm, int], int]
"""How many units of an arm reached which milestone."""


class Reaching:
    """The users of one stage; `shares` of the expected traffic by arm.

    Moments are told in requests of all that are expected since the stage began: a user's own come as a
    Poisson process of his share in them.
    """

    def __init__(self, draws: Draws, shares: Mapping[Arm, Sequence[float]]) -> None:
        moments: list[tuple[float, Arm, int]] = []
        for arm, of_users in shares.items():
            for share in of_users:
                moment, before = 0.0, 0
                for number, milestone in enumerate(MILESTONES):
                    moment += draws.gamma(milestone.requests - before) / share
                    before = milestone.requests
                    moments.append((moment, arm, number))
        self._moments = sorted(moments, reverse=True)

    def by(self, volume: float) -> Reached:
        """Those that reached one since this was asked last."""
        found: Counter[tuple[Arm, int]] = Counter()
        while self._moments and self._moments[-1][0] <= volume:
            _, arm, number = self._moments.pop()
            found[arm, number] += 1
        return found
