"""What the traffic of a past period was like, as sums: what a scenario is fitted from."""

from collections.abc import Mapping

import msgspec


class Sampled(msgspec.Struct, frozen=True, kw_only=True):
    """Which exchanges: those that came in [since, until) (epoch seconds) from these tenants, for these tasks.

    `*` is every tenant or task. What came to warm the cache up is left out.
    """

    since: float
    until: float
    tenants: tuple[str, ...] = ("*",)
    tasks: tuple[str, ...] = ("*",)


class Hour(msgspec.Struct, frozen=True):
    """One hour from `start` (epoch seconds): all requests, those of the baseline, and its faulted ones."""

    start: int
    requests: int
    baseline: int
    faulted: int


class Alike(msgspec.Struct, frozen=True):
    """So many `users` with as many requests, as many of the baseline, and as many faulted among those."""

    users: int
    requests: int
    baseline: int
    faulted: int


class LogSums(msgspec.Struct, frozen=True, kw_only=True):
    """Sums over priced baseline requests, in US dollars; of logarithms over those that cost something.

    `x` is the logarithm of the cost, `y` of the bytes asked (over `sized` of them, their `xs` and `xxs` too).
    """

    priced: int = 0
    usd: float = 0.0
    costly: int = 0
    x: float = 0.0
    xx: float = 0.0
    sized: int = 0
    xs: float = 0.0
    xxs: float = 0.0
    y: float = 0.0
    yy: float = 0.0
    xy: float = 0.0


class UserCosts(msgspec.Struct, frozen=True, kw_only=True):
    """How logarithms of costs scatter: of n requests each, `squared` is Σn² over `users`, who sent `requests`
    that cost something; `within` sums squares around each user's mean, `between` n times those of the means.
    """

    users: int = 0
    requests: int = 0
    squared: int = 0
    within: float = 0.0
    between: float = 0.0


class Census(msgspec.Struct, frozen=True, kw_only=True):
    """All of it. The baseline is what users have: whatever is in no rollout, control's in a rollout's stages,
    and the candidate's once a rollout is complete.

    `alike` leaves out requests whose unit is a conversation; `milliseconds` maps the duration of the
    baseline's good answers, rounded, to their number; `up` and `down` are first votes on baseline answers.
    `judged` counts requests of rollouts' arms, and `triggered` those on which the candidate's skills were
    chosen, in either arm.
    """

    hours: tuple[Hour, ...] = ()
    first_at: float = 0.0
    """When the first request came; 0 where none did."""
    alike: tuple[Alike, ...] = ()
    milliseconds: Mapping[int, int] = {}
    costs: LogSums = LogSums()
    user_costs: UserCosts = UserCosts()
    judged: int = 0
    triggered: int = 0
    up: int = 0
    down: int = 0

    @property
    def requests(self) -> int:
        return sum(hour.requests for hour in self.hours)

    @property
    def baseline(self) -> int:
        return sum(hour.baseline for hour in self.hours)

    @property
    def faulted(self) -> int:
        return sum(hour.faulted for hour in self.hours)
