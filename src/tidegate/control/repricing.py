"""Look whether requests still cost what a rollout's savings are judged by, and put on record where not."""

import math

from tidegate.control.commit import CONTROLLER, commit
from tidegate.control.services import Services
from tidegate.domain.account import SLOT_SECONDS
from tidegate.domain.repricing import fixed_anew, news, together
from tidegate.domain.rollout import Move, Rollout
from tidegate.domain.transition import apply
from tidegate.ports import Lease, LedgerQuery

LOOK_SECONDS = 60.0
"""How often it is looked at."""

LEAST_SECONDS = 3600.0
"""The least time between two changes on record: two processes whose prices differ, while one's settings are
changed after the other's, would else take turns."""

_LATELY_SLOTS = 4
"""Quarters of an hour, whole ones, that tell which models answer, and at what cost."""


class Repricing:
    """Of one process; it looks at each rollout once in LOOK_SECONDS."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._due: dict[str, float] = {}

    def forget(self, name: str) -> None:
        """Drop what is kept of a rollout that has ended."""
        self._due.pop(name, None)

    async def look(self, rollout: Rollout, lease: Lease) -> bool:
        """Whether prices had changed: then that is committed now. Raises Conflict, StoreUnavailable."""
        gate, prices = rollout.plan.gates.savings, self._services.prices
        if gate is None or prices is None or not self._is_due(rollout):
            return False
        now = self._services.clock.now()
        costs = self._services.store.costs
        served = [await costs.by("model", each) for each in _lately(rollout, now)]
        why = news(gate, prices.price, served)
        if why is None:
            return False
        after = apply(rollout, Move.REPRICE, now, savings=fixed_anew(gate, prices.price, together(served)))
        reason = f"savings are judged anew from here: {why}"
        await commit(
            self._services,
            rollout,
            after,
            move=Move.REPRICE,
            actor=CONTROLLER,
            reason=reason,
            at=now,
            lease=lease,
        )
        return True

    def _is_due(self, rollout: Rollout) -> bool:
        """Never at the first sight of it: a process that has just begun is still loading its prices."""
        monotonic = self._services.clock.monotonic()
        due = self._due.setdefault(rollout.name, monotonic + LOOK_SECONDS)
        if monotonic < due:
            return False
        self._due[rollout.name] = monotonic + LOOK_SECONDS
        since = -math.inf if rollout.repriced_at is None else rollout.repriced_at
        return self._services.clock.now() - since >= LEAST_SECONDS


def _lately(rollout: Rollout, now: float) -> list[LedgerQuery]:
    end = int(now // SLOT_SECONDS)
    return [
        LedgerQuery(since=slot * SLOT_SECONDS, until=(slot + 1) * SLOT_SECONDS, rollout=rollout.name)
        for slot in range(end - _LATELY_SLOTS, end)
    ]
