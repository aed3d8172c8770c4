"""Is the candidate worse than control, by request? A test that may be looked at at any time.

The process is a Shiryaev-weighted conditional two-sample e-process. Bad is what a `Measure` counts in
triggered requests of both arms alike. Of the x bad requests in a bucket x_c are the candidate's; given x, a
rate ratio of r puts each of them there with odds rho*r : 1-rho. For each r of the measure's grid, against its
tolerated ratio r0,

    S_r <- (S_r + w) * exp(x_c ln(r/r0) - x ln[(1 + rho(r-1)) / (1 + rho(r0-1))]),      E = mean over r of S_r

with w the prior mass of a fault that begins in the bucket. Under any ratio up to r0, whatever the rate of bad
requests does meanwhile, E exceeds 1/alpha with probability at most alpha times the mass spent (Ville's
inequality). A measure with several counts (latency: one for each limit) averages over them as well.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

import msgspec

from tidegate.domain.assignment import judged_share
from tidegate.domain.evidence import BUCKET_SECONDS, ArmBucket, Tally
from tidegate.domain.exchange import Arm
from tidegate.domain.measure import ERRORS, FEEDBACK, Measure
from tidegate.domain.prior import StagePrior, stage_prior
from tidegate.domain.rollout import Rollout

LARGEST = 1e300
"""Wealth is cut off here, far above any threshold; a cut only lowers E, so the test stays valid."""

LARGEST_EXPONENT = 690.0
"""Of a factor: the exponential of more would be no number; again a cut only lowers E."""

_exponents = lru_cache(64)(Measure.exponents)


class ErrorsState(msgspec.Struct, frozen=True):
    """What the fold remembers: wealth per count and ratio, prior spent so far, E now and at its highest.

    `votes` are those of (candidate, control) so far, for the measure that has votes for its trials.
    """

    wealth: tuple[float, ...]
    spent: float
    e_value: float
    peak: float
    restarted: float | None = None
    votes: tuple[int, int] = (0, 0)


class ErrorsProcess(msgspec.Struct, frozen=True, kw_only=True):
    """One stage's process; `share` is the design's share of units in the candidate, `since` epoch seconds.

    `restart` is where evidence starts anew within the stage (a person's resume), None where it does not:
    wealth gathered before it is dropped and only mass not yet spent follows, so nothing is added to alpha.
    """

    prior: StagePrior
    share: float
    since: float
    restart: float | None = None
    measure: Measure = ERRORS

    def begin(self) -> ErrorsState:
        """The state at the stage's start: the mass of faults that the step itself brings."""
        start = self.prior.start
        return ErrorsState((start,) * self._size, 0.0, start, start)

    def fold(self, state: ErrorsState, buckets: Iterable[ArmBucket]) -> ErrorsState:
        """The state after more buckets, whole buckets in their order; in pieces or at once, it is the same.

        A bucket that is still filling may be folded too, as long as it is folded anew from the state before
        it once it has grown.
        """
        for start, candidate, control in _by_arm(buckets):
            if self.restart is not None and start < self.restart:
                continue
            state = self._step(self._current(state), start, candidate, control)
        return state

    def e_values(self, state: ErrorsState) -> tuple[float, float]:
        """E now, and the highest E since the stage began or was restarted; the gate fires on the latter."""
        current = self._current(state)
        return current.e_value, current.peak

    @property
    def _size(self) -> int:
        return len(self.measure.ratios) * self.measure.counts

    def _step(
        self, state: ErrorsState, start: int, candidate: Sequence[Tally], control: Sequence[Tally]
    ) -> ErrorsState:
        spent = max(state.spent, self.prior.spent(start + BUCKET_SECONDS - self.since))
        begun = spent - state.spent
        factors = self._factors(state, _counts(self.measure, candidate), _counts(self.measure, control))
        wealth = tuple(
            [
                grown if grown < LARGEST else LARGEST
                for s, factor in zip(state.wealth, factors, strict=True)
                for grown in ((s + begun) * factor,)
            ]
        )
        e_value = sum(wealth) / len(wealth)
        votes = state.votes[0] + _votes(candidate), state.votes[1] + _votes(control)
        return ErrorsState(wealth, spent, e_value, max(state.peak, e_value), state.restarted, votes)

    def _factors(
        self, state: ErrorsState, candidate: Sequence[int], control: Sequence[int]
    ) -> Sequence[float]:
        share = self.share if self.measure is not FEEDBACK else max(self.share, _share(state.votes))
        factors: list[float] = []
        for x_c, x_k in zip(candidate, control, strict=True):
            factors += likelihood_ratios(share, x_c, x_k, self.measure)
        return factors

    def _current(self, state: ErrorsState) -> ErrorsState:
        if self.restart is None or state.restarted == self.restart:
            return state
        spent = max(state.spent, self.prior.spent(self.restart - self.since))
        return ErrorsState((0.0,) * self._size, spent, 0.0, 0.0, self.restart, state.votes)


def likelihood_ratios(
    share: float, candidate: int, control: int, measure: Measure = ERRORS
) -> tuple[float, ...]:
    """For each ratio: how much better than the tolerated it explains on which sides bad requests fell."""
    both = candidate + control
    if not both:
        return (1.0,) * len(measure.ratios)
    exp = math.exp
    return tuple(
        [
            exp(exponent if exponent < LARGEST_EXPONENT else LARGEST_EXPONENT)
            for gain, loss in _exponents(measure, share)
            for exponent in (candidate * gain - both * loss,)
        ]
    )


def request_process(rollout: Rollout, measure: Measure, restart: float | None = None) -> ErrorsProcess:
    """The process of a rollout's current stage, by that measure."""
    return ErrorsProcess(
        prior=stage_prior(rollout.plan, rollout.stage),
        share=judged_share(rollout),
        since=rollout.stage_since,
        restart=restart,
        measure=measure,
    )


def errors_process(rollout: Rollout, restart: float | None = None) -> ErrorsProcess:
    """The errors test of a rollout's current stage."""
    return request_process(rollout, ERRORS, restart)


def bad_counts(buckets: Iterable[ArmBucket]) -> Iterator[tuple[int, int, int]]:
    """(start, candidate's, control's) faulted requests of each bucket, oldest first.

    Tallies that replicas sent for the same bucket and arm are summed.
    """
    for start, candidate, control in _by_arm(buckets):
        yield start, _counts(ERRORS, candidate)[0], _counts(ERRORS, control)[0]


def _by_arm(buckets: Iterable[ArmBucket]) -> Iterator[tuple[int, Sequence[Tally], Sequence[Tally]]]:
    """Each bucket's tallies of candidate and of control, oldest first."""
    sides: dict[int, tuple[list[Tally], list[Tally]]] = {}
    for bucket in buckets:
        if bucket.arm is not Arm.OUTSIDE:
            pair = sides.setdefault(bucket.start, ([], []))
            pair[bucket.arm is Arm.CONTROL].append(bucket.tally)
    for start in sorted(sides):
        yield start, *sides[start]


def _counts(measure: Measure, tallies: Sequence[Tally]) -> tuple[int, ...]:
    if len(tallies) == 1:
        return measure.of(tallies[0])
    counts = [measure.of(tally) for tally in tallies]
    return tuple(map(sum, zip(*counts, strict=True))) if counts else (0,) * measure.counts


def _votes(tallies: Sequence[Tally]) -> int:
    return sum(tally.up + tally.down for tally in tallies)


def _share(votes: tuple[int, int]) -> float:
    return votes[0] / sum(votes) if sum(votes) else 0.0
