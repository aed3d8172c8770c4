"""What the control plane works with: every port it asks, in one frozen bundle."""

import secrets
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from typing import Protocol

from tidegate.control.acknowledge import Acknowledgements
from tidegate.control.approval_links import ApprovalLinks
from tidegate.domain.census import Census, Sampled
from tidegate.domain.errors import InvalidInput
from tidegate.domain.rollout import Unit
from tidegate.domain.tuning.answers import Answers, Tuned
from tidegate.ports import (
    Clearings,
    Clock,
    Costs,
    Figures,
    Keys,
    Ledger,
    Outbox,
    Prices,
    Quotas,
    Rollouts,
    Routing,
    ScanExceptions,
    Scores,
    SkillCards,
    SkillHost,
    Skills,
    Switches,
    Syncs,
)


class Samples(Protocol):
    """What past traffic was like, summed by the store: what scenarios are fitted and settings tuned from."""

    async def census(self, sampled: Sampled) -> Census: ...
    async def activity(self, sampled: Sampled, unit: Unit) -> Census: ...  # its hours and `alike` alone
    async def answers(self, tuned: Tuned) -> Answers: ...


class Store(Protocol):
    """The state and ledger ports of one store, however they are kept."""

    @property
    def ledger(self) -> Ledger: ...
    @property
    def costs(self) -> Costs: ...
    @property
    def figures(self) -> Figures: ...
    @property
    def samples(self) -> Samples: ...
    @property
    def routing(self) -> Routing: ...
    @property
    def rollouts(self) -> Rollouts: ...
    @property
    def outbox(self) -> Outbox: ...
    @property
    def switches(self) -> Switches: ...
    @property
    def keys(self) -> Keys: ...
    @property
    def quotas(self) -> Quotas: ...
    @property
    def skills(self) -> Skills: ...
    @property
    def scan_exceptions(self) -> ScanExceptions: ...
    @property
    def skill_cards(self) -> SkillCards: ...
    @property
    def scores(self) -> Scores: ...
    @property
    def syncs(self) -> Syncs: ...
    @property
    def clearings(self) -> Clearings: ...
    def trial(self) -> "Store": ...  # the same, keeping nothing of what is written to it


def draw_salt() -> str:
    """32 hex digits from the system's randomness: the assignment salt of one attempt."""
    return secrets.token_hex(16)


class SkillHosts(Protocol):
    """The providers that have skills of their own, by upstream and by whose credential opens it."""

    @property
    def places(self) -> Sequence[tuple[str, str]]:
        """The upstreams that speak the Anthropic API, and the tenant whose own workspace it is, or empty."""
        ...

    def open(self, upstream: str, tenant: str = "") -> AbstractAsyncContextManager[SkillHost]:
        """Reach one for as long as the context lasts; raises InvalidInput for another kind, or no key."""
        ...


@dataclass(frozen=True, slots=True)
class NoSkillHosts:
    """For a control plane that reaches no provider, though it may know which there are."""

    places: Sequence[tuple[str, str]] = ()

    def open(self, upstream: str, tenant: str = "") -> AbstractAsyncContextManager[SkillHost]:
        """Raises InvalidInput."""
        raise InvalidInput(f"the upstream {upstream!r} is not reached from here; ask a gateway of this store")


NO_SKILL_HOSTS = NoSkillHosts()


Breaking = Callable[[], Sequence[tuple[str, str]]]
"""The kind (`upstream`, `skill`) and name of each breaker of this process that is not closed."""


def none_open() -> Sequence[tuple[str, str]]:
    """Of a process that serves nobody, so that it has no breakers."""
    return ()


@dataclass(frozen=True, slots=True)
class Services:
    """The store, the clock, the one source of randomness, the providers; built by bootstrap.

    `acknowledgements` is one for all requests of a process, and theirs alone.
    """

    store: Store
    clock: Clock
    draw_salt: Callable[[], str] = draw_salt
    hosts: SkillHosts = NO_SKILL_HOSTS
    dry: bool = False
    """A change is judged and told, and not kept."""
    links: ApprovalLinks | None = None
    """How links that approve of a stage are made; None where there is no secret to sign them."""
    prices: Prices | None = None
    """What models cost here; None where nobody looks after changes of it."""
    breaking: Breaking = none_open
    acknowledgements: Acknowledgements = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "acknowledgements", Acknowledgements(self.store.routing, self.clock))

    def tried(self) -> "Services":
        """These, for a dry run: nothing is kept, and no provider is reached."""
        return replace(self, store=self.store.trial(), hosts=NoSkillHosts(self.hosts.places), dry=True)
