"""What keeps a fault from spreading: breakers for upstreams and skills, and a budget for retries."""

from collections.abc import Sequence

from tidegate.domain import metrics
from tidegate.domain.breaker import Policy, State
from tidegate.domain.exchange import SkillUse
from tidegate.domain.retry_budget import RetryBudget, RetryPolicy, first_budget, spent
from tidegate.ports import Clock, Meter
from tidegate.serving.breakers import Breakers


class Retries:
    """The retry budgets of one process, one for each upstream."""

    def __init__(self, policy: RetryPolicy, meter: Meter, clock: Clock) -> None:
        self._policy = policy
        self._meter = meter
        self._clock = clock
        self._requests: dict[str, int] = {}
        self._budgets: dict[str, RetryBudget] = {}

    def note(self, upstream: str) -> None:
        """A request goes to this upstream for the first time: it earns a part of a retry."""
        self._requests[upstream] = self._requests.get(upstream, 0) + 1

    def may_retry(self, upstream: str) -> bool:
        """Take one retry out of the upstream's budget, if it holds one."""
        now = self._clock.monotonic()
        before = self._budgets.get(upstream) or first_budget(self._policy, now)
        granted, after = spent(before, self._policy, self._requests.get(upstream, 0), now)
        self._requests[upstream] = 0
        self._budgets[upstream] = after
        self._meter.add(metrics.RETRIES, (upstream, "made" if granted else "refused"))
        return granted


class Guards:
    """The guards of one process."""

    def __init__(
        self,
        breaking: Policy,
        retrying: RetryPolicy,
        meter: Meter,
        clock: Clock,
        *,
        skill_breaking: Policy | None = None,
    ) -> None:
        self.upstreams = Breakers("upstream", breaking, meter, clock)
        self.skills = Breakers("skill", skill_breaking or breaking, meter, clock)
        self.retries = Retries(retrying, meter, clock)

    @property
    def troubled(self) -> Sequence[tuple[str, str]]:
        """The kind and name of each breaker that is not closed."""
        return [(kind.kind, name) for kind in (self.upstreams, self.skills) for name, _ in kind.troubled]

    def in_doubt(self, uses: Sequence[SkillUse]) -> bool:
        """Whether the breaker of one of these skills is open on a suspicion that no probe has proven yet."""
        if not self.skills.known:
            return False
        found = [self.skills[name] for name in skill_names(uses)]
        return any(breaker.state is not State.CLOSED and not breaker.proven for breaker in found)


def skill_names(uses: Sequence[SkillUse]) -> tuple[str, ...]:
    """What the breakers of these skills are called."""
    return tuple([f"{use.name}@{use.version}" for use in uses])
