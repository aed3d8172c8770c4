"""Watch completed rollouts: read what came since, fold it into the absolute gate's test, and decide."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, replace

from tidegate.domain.evidence import AFTER, AFTER_BUCKET_SECONDS, ArmBucket, Tally, merge
from tidegate.domain.exchange import Arm
from tidegate.domain.observation import Evidence, Found
from tidegate.domain.rollout import Rollout, SloGate
from tidegate.domain.slo import SloProcess, SloState
from tidegate.domain.watch import LATELY_SECONDS, watch_process
from tidegate.ports import Ledger, StageKey

SETTLED_SECONDS = 120.0
"""What is older is folded for good; an exchange that reaches the ledger later counts at the next leader's."""

LOOK_SECONDS = 5.0
"""How often a completed rollout is looked at."""

_PAGE_SECONDS = 86_400.0


@dataclass(frozen=True, slots=True)
class _Memory:
    """The test's state with everything up to `until` folded in, for this attempt and this arming."""

    attempt: int
    rearmed_at: float | None
    state: SloState
    until: float


class Watcher:
    """Reads the evidence of completed rollouts; one per process and event loop."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._memory: dict[str, _Memory] = {}
        self._due: dict[str, float] = {}

    def is_due(self, name: str, monotonic: float) -> bool:
        """Whether it is time to look at this one; if so, the next time is LOOK_SECONDS later."""
        if monotonic < self._due.get(name, 0.0):
            return False
        self._due[name] = monotonic + LOOK_SECONDS
        return True

    def forget(self, name: str | None = None) -> None:
        """Drop what is kept of a rollout that is watched no more; of all where another process has led."""
        for kept in (self._memory, self._due):
            if name is None:
                kept.clear()
            else:
                kept.pop(name, None)

    async def observe(self, rollout: Rollout, gate: SloGate, now: float) -> Evidence:
        """The latest hour's sums, and what the test has found; raises StoreUnavailable."""
        process = watch_process(rollout, gate)
        settled = _whole(now - SETTLED_SECONDS)
        memory = await self._settle(process, self._kept(rollout, process), rollout, settled)
        self._memory[rollout.name] = memory
        since = min(memory.until, _whole(now - LATELY_SECONDS))
        recent = (await self._ledger.evidence(_key(rollout), latest=0, since=since)).buckets
        state = process.fold(memory.state, (each for each in recent if each.start >= memory.until))
        return _evidence(recent, now, Found(*process.e_values(state)))

    def _kept(self, rollout: Rollout, process: SloProcess) -> _Memory:
        memory = self._memory.get(rollout.name)
        if memory and (memory.attempt, memory.rearmed_at) == (rollout.attempt, rollout.rearmed_at):
            return memory
        begun = rollout.rearmed_at or rollout.completed_at or 0.0
        return _Memory(rollout.attempt, rollout.rearmed_at, process.begin(), _whole(begun))

    async def _settle(self, process: SloProcess, memory: _Memory, rollout: Rollout, until: float) -> _Memory:
        """Day by day and in threads: a leader that has just begun reads all of it."""
        while memory.until < until:
            end = min(until, memory.until + _PAGE_SECONDS)
            page = await self._ledger.evidence(_key(rollout), latest=0, since=memory.until, until=end)
            state = await asyncio.to_thread(process.fold, memory.state, page.buckets)
            memory = replace(memory, state=state, until=end)
        return memory


async def lately(ledger: Ledger, rollout: Rollout, now: float) -> Evidence:
    """The latest hour's sums of a completed rollout; raises StoreUnavailable."""
    since = _whole(now - LATELY_SECONDS)
    found = await ledger.evidence(_key(rollout), latest=0, since=since)
    return _evidence(found.buckets, now, None)


def _evidence(buckets: Iterable[ArmBucket], now: float, found: Found | None) -> Evidence:
    recent = [each for each in buckets if each.start >= _whole(now - LATELY_SECONDS)]
    ends = [each.start + AFTER_BUCKET_SECONDS for each in recent if each.tally.requests]
    return Evidence(
        candidate=_sum(recent, Arm.CANDIDATE),
        control=_sum(recent, Arm.CONTROL),
        tests={"slo": found} if found else {},
        last_at=max(ends, default=None),
    )


def _sum(buckets: Iterable[ArmBucket], arm: Arm) -> Tally:
    return merge(each.tally for each in buckets if each.arm is arm)


def _key(rollout: Rollout) -> StageKey:
    return StageKey(rollout.name, rollout.attempt, AFTER)


def _whole(at: float) -> float:
    """The beginning of the bucket that the time is in."""
    return at // AFTER_BUCKET_SECONDS * AFTER_BUCKET_SECONDS
