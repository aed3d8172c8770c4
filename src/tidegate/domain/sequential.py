"""Errors by request: is the candidate worse than control? A test that may be looked at at any time.

The process is a Shiryaev-weighted conditional two-sample e-process. Bad is what `Exchange.faulted` says, in
triggered requests of both arms alike. Of the x bad requests in a bucket x_c are the candidate's; given x, a
rate ratio of r puts each of them there with odds rho*r : 1-rho. For each r of the grid, against a tolerated
ratio r0,

    S_r <- (S_r + w) * exp(x_c ln(r/r0) - x ln[(1 + rho(r-1)) / (1 + rho(r0-1))]),      E = mean over r of S_r

with w the prior mass of a fault that begins in the bucket. Under any ratio up to r0, whatever the error rate
does meanwhile, E exceeds 1/alpha with probability at most alpha times the mass spent (Ville's inequality).
"""

import math
from collections.abc import Iterable, Iterator

import msgspec

from tidegate.domain.assignment import candidate_share
from tidegate.domain.evidence import BUCKET_SECONDS, ArmBucket
from tidegate.domain.exchange import Arm
from tidegate.domain.prior import StagePrior, stage_prior
from tidegate.domain.rollout import Rollout

ALPHA_ERRORS = 0.005
"""The errors gate's part of the 1 % that a rollout may spend on false rollbacks."""

RATIOS = (1.25, 1.5, 2.0, 3.0, 5.0, 8.0, 16.0, 40.0, 120.0)
"""The grid of rate ratios the tests look for."""

TOLERATED = 1.1
"""Rate ratio up to which a candidate is not called worse."""

LARGEST = 1e300
"""Wealth is cut off here, far above any threshold; a cut only lowers E, so the test stays valid."""

_LARGEST_EXPONENT = 690.0


class ErrorsState(msgspec.Struct, frozen=True):
    """What the fold remembers: wealth per ratio, prior spent so far, E now and at its highest."""

    wealth: tuple[float, ...]
    spent: float
    e_value: float
    peak: float
    restarted: float | None = None


class ErrorsProcess(msgspec.Struct, frozen=True, kw_only=True):
    """One stage's process; `share` is the design's share of units in the candidate, `since` epoch seconds.

    `restart` is where evidence starts anew within the stage (a person's resume), None where it does not:
    wealth gathered before it is dropped and only mass not yet spent follows, so nothing is added to alpha.
    """

    prior: StagePrior
    share: float
    since: float
    restart: float | None = None

    def begin(self) -> ErrorsState:
        """The state at the stage's start: the mass of faults that the step itself brings."""
        start = self.prior.start
        return ErrorsState((start,) * len(RATIOS), 0.0, start, start)

    def fold(self, state: ErrorsState, buckets: Iterable[ArmBucket]) -> ErrorsState:
        """The state after more buckets, whole buckets in their order; in pieces or at once, it is the same.

        A bucket that is still filling may be folded too, as long as it is folded anew from the state before
        it once it has grown.
        """
        for start, candidate, control in bad_counts(buckets):
            if self.restart is not None and start < self.restart:
                continue
            state = self._step(self._current(state), start, candidate, control)
        return state

    def e_values(self, state: ErrorsState) -> tuple[float, float]:
        """E now, and the highest E since the stage began or was restarted; the gate fires on the latter."""
        current = self._current(state)
        return current.e_value, current.peak

    def _step(self, state: ErrorsState, start: int, candidate: int, control: int) -> ErrorsState:
        spent = max(state.spent, self.prior.spent(start + BUCKET_SECONDS - self.since))
        factors = likelihood_ratios(self.share, candidate, control)
        begun = spent - state.spent
        wealth = tuple(
            min(LARGEST, (s + begun) * factor) for s, factor in zip(state.wealth, factors, strict=True)
        )
        e_value = sum(wealth) / len(wealth)
        return ErrorsState(wealth, spent, e_value, max(state.peak, e_value), state.restarted)

    def _current(self, state: ErrorsState) -> ErrorsState:
        if self.restart is None or state.restarted == self.restart:
            return state
        spent = max(state.spent, self.prior.spent(self.restart - self.since))
        return ErrorsState((0.0,) * len(RATIOS), spent, 0.0, 0.0, self.restart)


def bad_counts(buckets: Iterable[ArmBucket]) -> Iterator[tuple[int, int, int]]:
    """(start, candidate's, control's) faulted requests of each bucket, oldest first.

    Tallies that replicas sent for the same bucket and arm are summed.
    """
    sums: dict[int, list[int]] = {}
    for bucket in buckets:
        if bucket.arm is not Arm.OUTSIDE:
            pair = sums.setdefault(bucket.start, [0, 0])
            pair[bucket.arm is Arm.CONTROL] += bucket.tally.faulted
    for start in sorted(sums):
        yield start, sums[start][0], sums[start][1]


def likelihood_ratios(share: float, candidate: int, control: int) -> tuple[float, ...]:
    """For each ratio r: how much better than TOLERATED it explains on which sides the bad requests fell."""
    both = candidate + control
    return tuple(
        math.exp(
            min(
                _LARGEST_EXPONENT,
                candidate * math.log(r / TOLERATED)
                - both * math.log((1 + share * (r - 1)) / (1 + share * (TOLERATED - 1))),
            )
        )
        for r in RATIOS
    )


def errors_process(rollout: Rollout, restart: float | None = None) -> ErrorsProcess:
    """The process of a rollout's current stage."""
    return ErrorsProcess(
        prior=stage_prior(rollout.plan, rollout.stage),
        share=candidate_share(rollout.current),
        since=rollout.stage_since,
        restart=restart,
    )
