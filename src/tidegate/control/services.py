"""What the control plane works with: every port it asks, in one frozen bundle."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from tidegate.ports import Clock, Keys, Ledger, Outbox, Quotas, Rollouts, Routing, Scores, Skills, Switches


class Store(Protocol):
    """The state and ledger ports of one store, however they are kept."""

    @property
    def ledger(self) -> Ledger: ...
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
    def scores(self) -> Scores: ...


def draw_salt() -> str:
    """32 hex digits from the system's randomness: the assignment salt of one attempt."""
    return secrets.token_hex(16)


@dataclass(frozen=True, slots=True)
class Services:
    """The store, the clock, and the one source of randomness; built by bootstrap."""

    store: Store
    clock: Clock
    draw_salt: Callable[[], str] = draw_salt
