"""Do units fall to the arms as the design says? If not, nothing that compares the arms can be believed.

Of n_c + n_k units the candidate has n_c. Against a share of rho stands a Beta prior around it, that weighs as
much as 2,000 units: with a = 2000 rho and b = 2000 (1-rho)

    ln E = ln B(a + n_c, b + n_k) - ln B(a, b) - n_c ln rho - n_k ln(1-rho)

While each new unit is the candidate's with probability rho, E ever reaches 1/alpha with probability at most
alpha. A unit is counted when it is first seen in the attempt: whether it comes back is the candidate's doing.
"""

import math
from collections.abc import Iterable

import msgspec

from tidegate.domain.assignment import judged_share
from tidegate.domain.evidence import ArmBucket
from tidegate.domain.exchange import Arm
from tidegate.domain.rollout import Rollout
from tidegate.domain.sequential import LARGEST_EXPONENT

ALPHA_RATIO = 0.001
"""How often the gate may pause a stage in which units fall as they should."""

PRIOR_UNITS = 2000


class RatioState(msgspec.Struct, frozen=True):
    """What the fold remembers: new units of candidate and control, E now and at its highest."""

    candidate: int = 0
    control: int = 0
    e_value: float = 1.0
    peak: float = 1.0
    restarted: float | None = None


class RatioProcess(msgspec.Struct, frozen=True, kw_only=True):
    """One stage's process; `restart` (epoch seconds): a person resumed, units from then on are judged."""

    share: float
    restart: float | None = None

    def begin(self) -> RatioState:
        """The state at the stage's start."""
        return RatioState()

    def fold(self, state: RatioState, buckets: Iterable[ArmBucket]) -> RatioState:
        """The state after more whole buckets in their order; in pieces or at once, it is the same."""
        sides: dict[int, list[int]] = {}
        for bucket in buckets:
            if bucket.arm is not Arm.OUTSIDE and (self.restart is None or bucket.start >= self.restart):
                sides.setdefault(bucket.start, [0, 0])[bucket.arm is Arm.CONTROL] += bucket.tally.units
        for start in sorted(sides):
            state = self._step(self._current(state), *sides[start])
        return state

    def e_values(self, state: RatioState) -> tuple[float, float]:
        """E now and at its highest; it fires at 1/ALPHA_RATIO."""
        current = self._current(state)
        return current.e_value, current.peak

    def _step(self, state: RatioState, candidate: int, control: int) -> RatioState:
        candidate, control = state.candidate + candidate, state.control + control
        e_value = bayes_factor(self.share, candidate, control)
        return RatioState(candidate, control, e_value, max(state.peak, e_value), state.restarted)

    def _current(self, state: RatioState) -> RatioState:
        if self.restart is None or state.restarted == self.restart:
            return state
        return RatioState(restarted=self.restart)


def bayes_factor(share: float, candidate: int, control: int) -> float:
    """How much better than `share` some other share explains how so many units fell; 1 without two arms."""
    if not 0 < share < 1:
        return 1.0
    a, b = PRIOR_UNITS * share, PRIOR_UNITS * (1 - share)
    logarithm = _log_beta(a + candidate, b + control) - _log_beta(a, b)
    logarithm -= candidate * math.log(share) + control * math.log1p(-share)
    return math.exp(min(LARGEST_EXPONENT, logarithm))


def ratio_process(rollout: Rollout, restart: float | None) -> RatioProcess:
    """The process of a rollout's current stage."""
    return RatioProcess(share=judged_share(rollout), restart=restart)


def _log_beta(a: float, b: float) -> float:
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)
