"""Observe a rollout's stage: what is settled is folded once and kept, the recent part is read each look."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, replace

import msgspec

from tidegate.domain.evidence import ArmBucket, StageEvidence
from tidegate.domain.observation import Evidence, Progress, begin, observe, recent_buckets, settle
from tidegate.domain.rollout import Rollout
from tidegate.ports import Ledger, StageKey

SETTLED_SECONDS = 120.0
"""Evidence older than this is taken as final between full looks."""

FULL_LOOK_SECONDS = 60.0
"""How often all of a stage is read again, for exchanges that reached the ledger late (an adopted spool)."""

_FULL_LOOK_SHARE = 0.02
"""A full look of a long stage takes long: it may use this share of the time at most."""

_FOLD_IN_THREAD = 500
"""Buckets from which on folding would be felt by requests served on the same event loop."""


@dataclass(frozen=True, slots=True)
class _Memory:
    """What is kept of one rollout: its progress, the settled buckets that `trip` may still look back to."""

    progress: Progress
    restarts: tuple[float | None, float | None]
    faulted: tuple[ArmBucket, ...]
    full_look_due: float


class Observer:
    """Reads evidence of stages; one per process and event loop."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._memory: dict[str, _Memory] = {}

    async def observe(self, rollout: Rollout, now: float) -> Evidence:
        """The evidence of the rollout's current stage at `now`; raises StoreUnavailable."""
        memory = self._kept(rollout, now)
        if memory is None:
            started = asyncio.get_running_loop().time()
            memory = _Memory(begin(rollout), _restarts(rollout), (), 0.0)
            recent, memory = await self._read(rollout, memory, now)
            cost = asyncio.get_running_loop().time() - started
            due = now + max(FULL_LOOK_SECONDS, cost / _FULL_LOOK_SHARE)
            memory = replace(memory, full_look_due=due)
        else:
            recent, memory = await self._read(rollout, memory, now)
        self._memory[rollout.name] = memory
        return observe(memory.progress, rollout, recent)

    def forget(self, name: str) -> None:
        """Drop what is kept of a rollout that has ended."""
        self._memory.pop(name, None)

    def _kept(self, rollout: Rollout, now: float) -> _Memory | None:
        memory = self._memory.get(rollout.name)
        if memory is None or not memory.progress.covers(rollout) or memory.restarts != _restarts(rollout):
            return None
        return memory if now < memory.full_look_due else None

    async def _read(self, rollout: Rollout, memory: _Memory, now: float) -> tuple[StageEvidence, _Memory]:
        """The evidence after what was settled before, and the memory with what is settled now."""
        trip = rollout.plan.gates.trip
        latest = trip.over if trip else 0
        key = StageKey(rollout.name, rollout.attempt, rollout.stage)
        fresh = await self._ledger.evidence(key, latest=latest, since=memory.progress.until)
        until = now - SETTLED_SECONDS
        if len(fresh.buckets) < _FOLD_IN_THREAD:
            progress = settle(memory.progress, rollout, fresh, until)
        else:
            progress = await asyncio.to_thread(settle, memory.progress, rollout, fresh, until)
        settled = [bucket for bucket in fresh.buckets if bucket.start < progress.until]
        known = recent_buckets(_distinct((*memory.faulted, *settled)), latest)
        unsettled = [bucket for bucket in fresh.buckets if bucket.start >= progress.until]
        recent = msgspec.structs.replace(fresh, buckets=_distinct((*known, *unsettled)))
        return recent, replace(memory, progress=progress, faulted=known)


def _restarts(rollout: Rollout) -> tuple[float | None, float | None]:
    """Since when some of its tests judge anew: what was folded before is not theirs."""
    return rollout.resumed_at, rollout.repriced_at


def _distinct(buckets: Iterable[ArmBucket]) -> tuple[ArmBucket, ...]:
    """One bucket per start and arm, the later mention, by start."""
    by_place = {(bucket.start, bucket.arm): bucket for bucket in buckets}
    return tuple(by_place[place] for place in sorted(by_place))
