"""A budget for retries: a share of the requests and a few a second, so that an outage is not multiplied.

As Finagle and Envoy have it: retries heal single faults; where most requests fail they only add load.
"""

from math import exp

import msgspec

MEMORY_SECONDS = 2.0
"""What is not used fades within about so long: no quiet hour pays for a storm."""


class RetryPolicy(msgspec.Struct, frozen=True):
    """`share` of the requests may be retried, and `floor` retries a second in any case."""

    share: float = 0.2
    floor: float = 10.0


class RetryBudget(msgspec.Struct, frozen=True):
    """Retries that may be made at the time `at` (seconds of a clock that never steps back)."""

    left: float
    at: float


def first_budget(policy: RetryPolicy, now: float) -> RetryBudget:
    """The budget to begin with: one second of the floor."""
    return RetryBudget(policy.floor, now)


def spent(budget: RetryBudget, policy: RetryPolicy, requests: int, now: float) -> tuple[bool, RetryBudget]:
    """Whether one more retry may be made, and the budget after it; `requests` came since the last call.

    A leaking bucket: what flows in, evenly over the time passed, leaks out with the memory's time constant.
    """
    passed = max(now - budget.at, 1e-6)
    stays = exp(-passed / MEMORY_SECONDS)
    inflow = policy.floor + policy.share * requests / passed
    left = budget.left * stays + inflow * MEMORY_SECONDS * (1.0 - stays)
    if left < 1.0:
        return False, RetryBudget(left, now)
    return True, RetryBudget(left - 1.0, now)
