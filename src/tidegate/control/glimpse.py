"""The evidence that many ask for, read once: people's views must not cost what requests are served with."""

import asyncio
from dataclasses import dataclass

from tidegate.control.observe import SETTLED_SECONDS, Observer
from tidegate.domain.observation import Evidence
from tidegate.domain.rollout import ACTIVE, Rollout
from tidegate.ports import Ledger

FRESH_SECONDS = 1.0
"""How long a view of a rollout may be old; the controller looks no more often either."""

ENDED_FRESH_SECONDS = 3600.0
"""The same for one that ended long ago: only an adopted spool can still add to it."""


@dataclass(frozen=True, slots=True)
class _Seen:
    version: int
    at: float
    evidence: Evidence


class Glimpse:
    """An observer whose evidence is kept for a moment and shared by all who ask; per rollout one reads."""

    def __init__(self, ledger: Ledger) -> None:
        self._observer = Observer(ledger)
        self._seen: dict[str, _Seen] = {}
        self._turns: dict[str, asyncio.Lock] = {}

    async def observe(self, rollout: Rollout, now: float) -> Evidence:
        """The evidence of the rollout's current stage, at most a moment old; raises StoreUnavailable."""
        async with self._turns.setdefault(rollout.name, asyncio.Lock()):
            seen = self._seen.get(rollout.name)
            if seen is not None and seen.version == rollout.version and _fresh(rollout, seen.at, now):
                return seen.evidence
            evidence = await self._observer.observe(rollout, now)
            self._seen[rollout.name] = _Seen(rollout.version, now, evidence)
            if _over(rollout, now):
                self._observer.forget(rollout.name)
            return evidence


def _fresh(rollout: Rollout, at: float, now: float) -> bool:
    """What was read before the last exchanges of an ended rollout had come is not kept for long."""
    return 0 <= now - at < (ENDED_FRESH_SECONDS if _over(rollout, at) else FRESH_SECONDS)


def _over(rollout: Rollout, now: float) -> bool:
    return rollout.phase not in ACTIVE and now - rollout.phase_since > SETTLED_SECONDS
