"""Does the candidate save what it should, by request? A test that may be looked at at any time.

For each triggered, priced request of cost C (at most the cap B), with A = 1 in the candidate and 0 in
control, and g what such a request was expected to cost before the rollout (at most B, from its size alone),

    D = A (C - (1-s) g) / rho - (1-s) (1-A) (C - g) / (1-rho)

has a mean of E[C of the candidate] - (1-s) E[C of control], whatever g is; g only takes noise away. While
the savings are below s that is above 0, so the wealth Π(1 - lambda D) exceeds 1/alpha with probability at
most alpha: if it does, savings of s are certified. The mirrored wealth Π(1 + lambda D) at a floor says that
they are below it; there a candidate's request counts at most (1-s) times the cap, so that where each saves
just s the cap cuts both arms alike. (The certificate has one cap for both: dear requests, of which a cheaper
candidate has fewer beyond it, then speak against savings.) Each is the mean over five lambdas, which keep
every factor above 0. Sticky units have a D and lambdas of their own (`domain/unit_savings`).

Each request's logarithms are summed in whole 10⁻¹² with the evidence: the sum is the same in any order.
"""

import math
from collections.abc import Iterable, Sequence
from math import log

import msgspec

from tidegate.domain.evidence import BUCKET_SECONDS, ArmBucket
from tidegate.domain.exchange import Arm, Stakes
from tidegate.domain.sequential import LARGEST_EXPONENT

ALPHA_CERTIFICATE = 0.01
"""How often a rollout may be said to save what it does not, over all its stages."""

ALPHA_FLOOR = 0.002
"""How often a rollout may be said to save less than the floor though it does not, over all its stages."""

BETS = (0.06, 0.12, 0.25, 0.5, 0.95)
"""Shares of what can be lost on one request that the lambdas stake."""

UNIT = 10**12

RESERVE = 0.01
"""The part of alpha that no stage has: revisions of the candidate in mid-stage share it."""

FIRST_STAGE = 0.95
"""The first of several stages' part of alpha. It has the least traffic to show something with, and savings
that are to be seen at all are seen there; later ones get five times as much in an hour and can ask for more.
"""

CERTIFICATE, FLOOR = "savings", "floor"


def stage_bound(alpha: float, stage: int, stages: int) -> float:
    """The E at which stage number `stage` of so many claims something: one over its part of alpha."""
    return 1 / (alpha * stage_part(stage, stages))


def stage_part(stage: int, stages: int) -> float:
    """The part of alpha that stage number `stage` of so many has."""
    if stages == 1:
        return 1 - RESERVE
    return FIRST_STAGE if stage == 0 else (1 - RESERVE - FIRST_STAGE) / (stages - 1)


def bets(stakes: Stakes, arm: Arm, cost: float) -> dict[int, int]:
    """What one request adds to the logarithms of wealth in 10⁻¹²: first the certificate's, then the floor's.

    By place, so that they sum like a histogram; a plan without a floor has the first five.
    """
    candidate = arm is Arm.CANDIDATE
    logarithms: list[int] = []
    for savings, side in _tests(stakes):
        d = _d(stakes, savings, side, cost, stakes.expected, candidate=candidate)
        logarithms += staked(BETS, _most(stakes, savings, side), d)
    return dict(enumerate(logarithms))


def bets_by_place(
    stakes: Stakes, arm: Arm, costs: Sequence[float], expected: Sequence[float]
) -> list[list[int]]:
    """The same of many requests of one arm, far sooner: by place, in their order; `expected` of each."""
    candidate = arm is Arm.CANDIDATE
    rows: list[list[int]] = []
    for savings, side in _tests(stakes):
        both = zip(costs, expected, strict=True)
        ds = [_d(stakes, savings, side, cost, usual, candidate=candidate) for cost, usual in both]
        most = _most(stakes, savings, side)
        rows += [[round(UNIT * log(1 - per * d)) for d in ds] for per in (bet / most for bet in BETS)]
    return rows


def _tests(stakes: Stakes) -> Sequence[tuple[float, float]]:
    """Savings and side of each test: of 1 - lambda D, or with side -1 of its mirror."""
    certificate = (stakes.min, 1.0)
    return (certificate,) if stakes.floor is None else (certificate, (stakes.floor, -1.0))


def _d(
    stakes: Stakes, savings: float, side: float, cost: float, expected: float, *, candidate: bool
) -> float:
    share, cap, kept = stakes.share, stakes.cap, 1 - savings
    most_paid = kept * cap if candidate and side < 0 else cap
    paid, usual = min(cost, most_paid), min(expected, cap)
    d = (paid - kept * usual) / share if candidate else -kept * (paid - usual) / (1 - share)
    return side * d


def _most(stakes: Stakes, savings: float, side: float) -> float:
    """What D is never above."""
    share, kept = stakes.share, 1 - savings
    return stakes.cap * max((1.0 if side > 0 else kept) / share, kept / (1 - share))


def staked(bets: Sequence[float], most: float, d: float) -> list[int]:
    """log(1 - lambda D) in 10⁻¹² for the lambda of each share of `most`, which D is never above."""
    return [round(UNIT * log(1 - bet / most * d)) for bet in bets]


class SavingsState(msgspec.Struct, frozen=True):
    """What the fold remembers: the logarithms so far in 10⁻¹², E now and at its highest.

    `since`: when E first was enough (epoch seconds, the bucket's end); None: it was not.
    """

    logarithms: tuple[int, ...]
    e_value: float = 1.0
    peak: float = 1.0
    since: float | None = None


class SavingsProcess(msgspec.Struct, frozen=True, kw_only=True):
    """One stage's test: of the certificate, or of the floor.

    `restart`: evidence begins anew here (epoch seconds), where a person resumed what the floor had paused, or
    where prices changed.
    `parts` of alpha for tests that read the same arms, each with `width` lambdas; by request there is one.
    `enough`: the E that claims something.
    """

    name: str
    enough: float = math.inf
    restart: float | None = None
    parts: tuple[float, ...] = (1.0,)
    width: int = len(BETS)

    def begin(self) -> SavingsState:
        """The state at the stage's start."""
        return SavingsState((0,) * self.width * len(self.parts))

    def fold(self, state: SavingsState, buckets: Iterable[ArmBucket]) -> SavingsState:
        """The state after more whole buckets in their order; in pieces or at once, it is the same."""
        places = self._places()
        sums: dict[int, list[int]] = {}
        for bucket in buckets:
            if bucket.tally.bets and (self.restart is None or bucket.start >= self.restart):
                known = sums.setdefault(bucket.start, [0] * len(places))
                for number, place in enumerate(places):
                    known[number] += bucket.tally.bets.get(place, 0)
        for start in sorted(sums):
            logarithms = tuple(map(sum, zip(state.logarithms, sums[start], strict=True)))
            e_value = self._e_value(logarithms)
            since = state.since
            if since is None and e_value >= self.enough:
                since = float(start + BUCKET_SECONDS)
            state = SavingsState(logarithms, e_value, max(state.peak, e_value), since)
        return state

    def e_values(self, state: SavingsState) -> tuple[float, float]:
        """E now and at its highest; it fires at the stage's bound."""
        return state.e_value, state.peak

    def _places(self) -> list[int]:
        """Where its sums are: of each part the certificate's, then the floor's."""
        side = 0 if self.name == CERTIFICATE else self.width
        firsts = (2 * self.width * number + side for number in range(len(self.parts)))
        return [first + place for first in firsts for place in range(self.width)]

    def _e_value(self, logarithms: Sequence[int]) -> float:
        """Tests that read the same arms are never averaged: each must reach the bound by its part."""
        return max(
            part * wealth(logarithms[number * self.width : (number + 1) * self.width])
            for number, part in enumerate(self.parts)
        )


def wealth(logarithms: Sequence[int]) -> float:
    """The mean over the lambdas."""
    return sum(math.exp(min(LARGEST_EXPONENT, each / UNIT)) for each in logarithms) / len(logarithms)
