"""What is rehearsed: the traffic, what each arm is like, and what goes wrong when."""

import math
from statistics import NormalDist

import msgspec

from tidegate.domain.errors import InvalidInput

USERS_ALIKE = 16
"""Into so many parts users are divided by what their requests cost."""

_NORMAL = NormalDist()


class Latency(msgspec.Struct, frozen=True, kw_only=True):
    """Log-normal durations of answers: median in seconds, `sigma` of the logarithm."""

    median: float = 1.5
    sigma: float = 0.42


class Cost(msgspec.Struct, frozen=True, kw_only=True):
    """Log-normal dollars of a request: mean, `sigma` of the logarithm, correlation with the input's size.

    `user_spread`, at most `sigma`, is the part of it that lies between users: the sigma of a factor that a
    user's requests have in common, whatever their sizes. Savings by sticky unit feel it.
    """

    mean: float = 0.02
    sigma: float = 1.2
    input_corr: float = 0.8
    user_spread: float = 0.0

    def within(self) -> "Cost":
        """What one user's requests cost, of the same mean, without the factor."""
        if not self.user_spread:
            return self
        return msgspec.structs.replace(self, sigma=math.sqrt(self.sigma**2 - self.user_spread**2))

    def corr_within(self) -> float:
        """How a user's costs go with their sizes: so that it is `input_corr` over all, if that can be."""
        within = self.within().sigma
        return (
            min(1.0, self.input_corr * self.sigma / within)
            if self.user_spread and within
            else self.input_corr
        )

    def factors(self) -> tuple[float, ...]:
        """Users' factors of mean 1: the middles of USERS_ALIKE equal parts; (1.0,) without a spread."""
        if not self.user_spread:
            return (1.0,)
        parts = [
            math.exp(self.user_spread * _NORMAL.inv_cdf((n + 0.5) / USERS_ALIKE)) for n in range(USERS_ALIKE)
        ]
        return tuple(part * USERS_ALIKE / math.fsum(parts) for part in parts)


class Variant(msgspec.Struct, frozen=True, kw_only=True):
    """What an arm is like; rates from 0 to 1.

    `user_spread` and `daily_drift` are the sigmas of log-normal factors on `errors`, one for each user and
    one for each day; `usage` is how much more often the arm's users come.
    """

    errors: float = 0.008
    latency: Latency = Latency()
    cost: Cost = Cost()
    votes: float = 0.03
    down: float = 0.15
    user_spread: float = 0.0
    daily_drift: float = 0.0
    usage: float = 1.0


class Traffic(msgspec.Struct, frozen=True, kw_only=True):
    """Requests a minute on average, by users whose activity falls as rank^-zipf.

    `diurnal` is the daily wave's height (0 to 1); `trace` names a CSV whose arrivals are repeated, scaled to
    `per_minute`; `triggered` is the share of requests on which the skill is chosen (0 to 1), each by itself:
    only those are compared; `replica_lag` is how many seconds late evidence may come, out of order.
    """

    per_minute: float = 1000.0
    users: int = 20_000
    zipf: float = 1.1
    diurnal: float = 0.0
    trace: str | None = None
    triggered: float = 1.0
    replica_lag: float = 0.0


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """What goes wrong in `arm` (candidate, control, both), `at` seconds after the start, for `lasts` seconds.

    It hits `share` of the requests, reached evenly over `ramp` seconds. Those fail at the rate `errors`, take
    `slower` times as long (with `sigma` in place of the arm's own), cost `dearer` times as much, and `down`
    of their votes are thumbs down.
    """

    arm: str
    at: float
    lasts: float = math.inf
    ramp: float = 0.0
    share: float = 1.0
    errors: float | None = None
    slower: float = 1.0
    sigma: float | None = None
    dearer: float = 1.0
    down: float | None = None

    def hits(self, arm: str, at: float) -> float:
        """The share of the arm's requests that it hits `at` seconds after the start."""
        if self.arm not in (arm, "both") or not self.at <= at < self.at + self.lasts:
            return 0.0
        return self.share * (min(1.0, (at - self.at) / self.ramp) if self.ramp > 0 else 1.0)


CONTROL = Variant()
CANDIDATE = msgspec.structs.replace(CONTROL, cost=Cost(mean=0.012))


class Scenario(msgspec.Struct, frozen=True, kw_only=True):
    """All of it; the defaults are a harmless candidate that saves 40 %."""

    traffic: Traffic = Traffic()
    control: Variant = CONTROL
    candidate: Variant = CANDIDATE
    faults: tuple[Fault, ...] = ()

    @property
    def fault_at(self) -> float | None:
        """When the candidate's first own fault begins, in seconds; None where it has none."""
        return min((fault.at for fault in self.faults if fault.arm == "candidate"), default=None)

    def troubled(self, at: float) -> bool:
        """Whether a fault is going on `at` seconds after the start, or one of the candidate's has begun."""
        own = self.fault_at
        begun = own is not None and own <= at
        return begun or any(fault.at <= at < fault.at + fault.lasts for fault in self.faults)

    def edges(self) -> tuple[float, ...]:
        """When faults begin, are fully there, and end: in seconds after the start, in order."""
        found = {
            edge
            for fault in self.faults
            for edge in (fault.at, fault.at + min(fault.ramp, fault.lasts), fault.at + fault.lasts)
        }
        return tuple(sorted(edge for edge in found if edge < math.inf))


def with_faults_of(scenario: Scenario, other: Scenario, name: str) -> Scenario:
    """The scenario with the other's faults; raises InvalidInput where the other says more than faults."""
    if other != Scenario(faults=other.faults):
        raise InvalidInput(
            f"scenario {name} says what traffic, control or candidate are like, and so does the ledger; take "
            "one that has faults alone, or write `tidegate ledger fit` to a file and add to it what you want"
        )
    return msgspec.structs.replace(scenario, faults=other.faults)
