"""Does the candidate break an absolute limit, whatever control does? A test that may be looked at any time.

Of n triggered requests of the candidate in a bucket x are bad; p0 is the share that the limit allows. For
each q above it, with w the prior mass of a fault that begins in the bucket,

    S_q <- (S_q + w) * exp(x ln(q/p0) + (n-x) ln((1-q)/(1-p0))),      E = mean over q of S_q

While no request is bad with a probability above p0, given what came before, E exceeds 1/alpha with a
probability of at most alpha. The limits of a gate (errors, slow) share alpha evenly.
"""

import math
from collections.abc import Iterable, Mapping

import msgspec

from tidegate.domain.evidence import BUCKET_SECONDS, ArmBucket, Tally, merge
from tidegate.domain.exchange import Arm
from tidegate.domain.measure import RATIOS
from tidegate.domain.prior import StagePrior, stage_prior
from tidegate.domain.rollout import Rollout, SloGate
from tidegate.domain.sequential import LARGEST, LARGEST_EXPONENT

ALPHA_SLO = 0.005
"""How often the gate may pause a rollout whose candidate keeps its limits; it never rolls back."""


class SloState(msgspec.Struct, frozen=True):
    """What the fold remembers: by limit the wealth per q, prior spent so far, E now and at its highest."""

    wealth: Mapping[str, tuple[float, ...]]
    spent: float
    e_values: Mapping[str, float]
    peak: float
    restarted: float | None = None


class SloProcess(msgspec.Struct, frozen=True, kw_only=True):
    """One stage's process; `since` and `restart` (a person's resume) in epoch seconds."""

    prior: StagePrior
    since: float
    gate: SloGate
    restart: float | None = None

    def begin(self) -> SloState:
        """The state at the stage's start."""
        return self._with(dict.fromkeys(self._limits, (self.prior.start,) * len(RATIOS)), 0.0, 0.0, None)

    def fold(self, state: SloState, buckets: Iterable[ArmBucket]) -> SloState:
        """The state after more whole buckets in their order; in pieces or at once, it is the same."""
        for start, tally in _candidate(buckets):
            if self.restart is None or start >= self.restart:
                state = self._step(self._current(state), start, tally)
        return state

    def e_values(self, state: SloState) -> tuple[float, float]:
        """E of the limit that is most clearly broken, now and at its highest; it fires at 1/ALPHA_SLO."""
        current = self._current(state)
        return max(current.e_values.values(), default=0.0), current.peak

    @property
    def _limits(self) -> Mapping[str, float]:
        return limits_of(self.gate)

    def _step(self, state: SloState, start: int, tally: Tally) -> SloState:
        spent = max(state.spent, self.prior.spent(start + BUCKET_SECONDS - self.since))
        begun = spent - state.spent
        wealth: dict[str, tuple[float, ...]] = {}
        for name, limit in self._limits.items():
            bad = bad_of(self.gate, name, tally)
            factors = likelihood_ratios(limit, bad, tally.triggered)
            pairs = zip(state.wealth[name], factors, strict=True)
            wealth[name] = tuple(min(LARGEST, (s + begun) * factor) for s, factor in pairs)
        return self._with(wealth, spent, state.peak, state.restarted)

    def _current(self, state: SloState) -> SloState:
        if self.restart is None or state.restarted == self.restart:
            return state
        spent = max(state.spent, self.prior.spent(self.restart - self.since))
        return self._with(dict.fromkeys(self._limits, (0.0,) * len(RATIOS)), spent, 0.0, self.restart)

    def _with(
        self, wealth: Mapping[str, tuple[float, ...]], spent: float, peak: float, restarted: float | None
    ) -> SloState:
        e_values = {name: sum(each) / len(each) / len(wealth) for name, each in wealth.items()}
        return SloState(wealth, spent, e_values, max(peak, *e_values.values(), 0.0), restarted)


def limits_of(gate: SloGate) -> Mapping[str, float]:
    """The limits that the gate asks for, by name: `errors`, `slow`."""
    named = {"errors": gate.errors, "slow": gate.slow}
    return {name: limit for name, limit in named.items() if limit is not None}


def share_of(gate: SloGate, limit: str, tally: Tally) -> float:
    """The share of triggered requests that are bad by that limit; 0 where there is none."""
    return bad_of(gate, limit, tally) / max(1, tally.triggered)


def bad_of(gate: SloGate, limit: str, tally: Tally) -> int:
    """The requests of a tally that are bad by that limit of the gate: `errors` or `slow`."""
    return tally.triggered_errors if limit == "errors" else tally.longer_than(gate.over)


def likelihood_ratios(allowed: float, bad: int, requests: int) -> tuple[float, ...]:
    """For each q, whose odds are `allowed`'s times a ratio of the grid: how much better it explains them."""
    return tuple(
        math.exp(min(LARGEST_EXPONENT, bad * math.log(r) - requests * math.log1p(allowed * (r - 1))))
        for r in RATIOS
    )


def slo_process(rollout: Rollout, gate: SloGate, restart: float | None) -> SloProcess:
    """The process of a rollout's current stage."""
    return SloProcess(
        prior=stage_prior(rollout.plan, rollout.stage),
        since=rollout.stage_since,
        gate=gate,
        restart=restart,
    )


def _candidate(buckets: Iterable[ArmBucket]) -> Iterable[tuple[int, Tally]]:
    tallies: dict[int, list[Tally]] = {}
    for bucket in buckets:
        if bucket.arm is Arm.CANDIDATE:
            tallies.setdefault(bucket.start, []).append(bucket.tally)
    return [(start, merge(found) if len(found) > 1 else found[0]) for start, found in sorted(tallies.items())]
