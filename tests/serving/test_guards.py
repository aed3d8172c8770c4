"""Guards of a process: which breakers are not closed."""

from tidegate.domain.breaker import Policy
from tidegate.domain.retry_budget import RetryPolicy
from tidegate.serving.guards import Guards


class Still:
    def now(self) -> float:
        return 0.0

    def monotonic(self) -> float:
        return 0.0


class Deaf:
    def add(self, *_: object) -> None: ...
    def set(self, *_: object) -> None: ...
    def clear(self, *_: object) -> None: ...


def test_open_breakers_of_both_kinds_are_told_by_kind_and_name() -> None:
    guards = Guards(Policy(2, 4, 1.0), RetryPolicy(20, 10), Deaf(), Still())
    assert guards.troubled == []
    for kind, name in ((guards.upstreams, "default/m"), (guards.skills, "s@1")):
        kind.failed(name, kind.enter(name))
        assert (kind.kind, name) not in guards.troubled
        kind.failed(name, kind.enter(name))
    assert guards.troubled == [("upstream", "default/m"), ("skill", "s@1")]
