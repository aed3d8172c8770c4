"""What a sticky unit adds to the savings tests: requests of one user hang together, so it is read once.

Once at each milestone: its first priced, triggered request of the stage, its 5th and its 20th. With R the
cost of all up to there over what such requests were expected to cost before the rollout, and c the mean R of
the control units that were read at the milestone before,

    r = min(cap, R / c / (1-s)) in the candidate, min(cap, R / c) in control
    D = A (r-1) / rho - (1-A) (r-1) / (1-rho)

in place of the D of one request (`domain/savings`). It is below 0 on average only where units save more than
s of what they cost by themselves, each unit counting alike; where each saves just s, the cap cuts both arms
alike. While arms fall by rho any c would do that was known before the unit was read. That it is control's own
level makes it hold, but for noise, also where they do not: where conversations in progress stay out of the
candidate at a stage's start, or where the candidate brings users back. There D counts, by how many more of an
arm are read, how far r is from 1, and control's r is 1 on average.

Milestones read the same arms, so they share alpha and are never averaged: the first serves where units are
many and short, as conversations are, the last where they are few and busy.
"""

import msgspec

from tidegate.domain.exchange import Arm, Stakes
from tidegate.domain.savings import staked


class Milestone(msgspec.Struct, frozen=True):
    """So many of a unit's requests, the most that its r counts, and the test's part of alpha."""

    requests: int
    cap: float
    part: float


MILESTONES = (Milestone(1, 3.0, 0.2), Milestone(5, 2.0, 0.2), Milestone(20, 1.5, 0.6))

UNIT_BETS = (0.03, 0.06, 0.12, 0.25, 0.5, 0.9)
"""Shares of what can be lost on one unit that the lambdas stake."""

PARTS = tuple(milestone.part for milestone in MILESTONES)

MOST_REQUESTS = MILESTONES[-1].requests
"""A unit's further requests in a stage count no more."""


LEAST_LEVEL = 50
"""Control units that must have been read at a milestone before units are judged there: c is their mean."""

MOST_RATIO = 20.0
"""What one unit's R adds to that mean at most."""


def milestone_at(requests: int) -> int | None:
    """Which milestone a unit reaches with so many requests."""
    return next((n for n, each in enumerate(MILESTONES) if each.requests == requests), None)


def unit_bets(stakes: Stakes, arm: Arm, milestone: int, paid: float, expected: float) -> dict[int, int]:
    """What one unit adds at milestone number `milestone` to the logarithms of wealth in 10⁻¹², by place.

    `paid` for its requests up to there, `expected` beforehand, in the same money.
    """
    cap, share = MILESTONES[milestone].cap, stakes.share
    candidate = arm is Arm.CANDIDATE

    def d(savings: float) -> float:
        usual = expected * (1 - savings) if candidate else expected
        above = (min(cap, paid / usual) if usual > 0 else cap) - 1
        return above / share if candidate else -above / (1 - share)

    logarithms = staked(UNIT_BETS, max((cap - 1) / share, 1 / (1 - share)), d(stakes.min))
    if stakes.floor is not None:
        logarithms += staked(UNIT_BETS, max(1 / share, (cap - 1) / (1 - share)), -d(stakes.floor))
    return dict(enumerate(logarithms, 2 * len(UNIT_BETS) * milestone))
