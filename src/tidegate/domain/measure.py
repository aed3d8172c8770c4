"""What a gate compares the arms by: which requests are bad, and which rate ratios its test looks for."""

from math import log

import msgspec

from tidegate.domain.evidence import Tally

ALPHA_ERRORS = 0.005
ALPHA_LATENCY = 0.002
ALPHA_FEEDBACK = 0.001
"""Each gate's part of the 1 % that a rollout may spend on false alarms."""

RATIOS = (1.25, 1.5, 2.0, 3.0, 5.0, 8.0, 16.0, 40.0, 120.0)
"""The grid of rate ratios that the errors test looks for."""

TOLERATED = 1.1
"""Rate ratio up to which a candidate is not called worse in errors and votes."""

TOLERATED_SLOW = 1.05
"""The same of the share of requests beyond a latency limit."""


class Measure(msgspec.Struct, frozen=True):
    """One gate's comparison; `counts` is how many counts it makes of a tally, averaged over in the test."""

    name: str
    alpha: float
    ratios: tuple[float, ...]
    tolerated: float
    counts: int = 1

    def of(self, tally: Tally) -> tuple[int, ...]:
        """The bad requests of a tally, by each count."""
        if self.name == "latency":
            if not tally.slow:
                return (0,) * self.counts
            return tuple([tally.beyond(limit) for limit in range(self.counts)])
        return (tally.down,) if self.name == "feedback" else (tally.faulted,)

    def exponents(self, share: float) -> tuple[tuple[float, float], ...]:
        """By ratio r, what a bad request of the candidate adds to the logarithm, and what each takes off.

        `share` is the candidate's share of what could be bad: ln(r/r0), ln[(1+ρ(r-1)) / (1+ρ(r0-1))].
        """
        r0 = self.tolerated
        return tuple((log(r / r0), log((1 + share * (r - 1)) / (1 + share * (r0 - 1)))) for r in self.ratios)


ERRORS = Measure("errors", ALPHA_ERRORS, RATIOS, TOLERATED)
FEEDBACK = Measure("feedback", ALPHA_FEEDBACK, (1.25, 1.5, 2.0, 3.0, 5.0), TOLERATED)


def latency(limits: int) -> Measure:
    """Requests beyond each of so many limits."""
    grid = (1.1, 1.25, 1.5, 2.0, 3.0, 6.0, 15.0, 40.0)
    return Measure("latency", ALPHA_LATENCY, grid, TOLERATED_SLOW, limits)
