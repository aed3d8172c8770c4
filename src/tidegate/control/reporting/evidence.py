"""A stage's evidence day by day: sums per arm, and the tests' state at the end."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from tidegate.control.reporting.course import Visit
from tidegate.domain.evidence import StageEvidence, Tally, merge
from tidegate.domain.exchange import Arm
from tidegate.domain.observation import Evidence, begin, observe, settle
from tidegate.domain.reporting.period import Period
from tidegate.domain.savings import CERTIFICATE
from tidegate.ports import Ledger, StageKey

PAGE_SECONDS = 3600.0
"""Evidence in memory at a time: a day's buckets with their histograms are some hundred megabytes."""


@dataclass(frozen=True, slots=True)
class StageLook:
    """What a stage's days brought: tallies of (candidate, control), the certificate's E at their ends."""

    tallies: tuple[tuple[Tally, Tally], ...]
    e_values: tuple[float | None, ...]
    evidence: Evidence

    def tally(self, first: int) -> tuple[Tally, Tally]:
        """The sums of the days from place `first` on."""
        days = self.tallies[first:]
        return merge(each[0] for each in days), merge(each[1] for each in days)


async def look(ledger: Ledger, visit: Visit, days: Period) -> StageLook:
    """The stage's evidence in these days, which begin with the one it was entered on.

    Folded in threads: an hour's takes tens of milliseconds, which requests on the same loop would wait for.
    """
    rollout = visit.rollout
    key = StageKey(rollout.name, rollout.attempt, rollout.stage)
    progress = begin(rollout)
    tallies: list[tuple[Tally, Tally]] = []
    e_values: list[float | None] = []
    for start, end in pairwise(days.edges):
        day = Tally(), Tally()
        for since, until in _pages(start, end):
            fresh = await ledger.evidence(key, latest=0, since=since, until=until)
            progress = await asyncio.to_thread(settle, progress, rollout, fresh, until)
            day = await asyncio.to_thread(added, day, fresh)
        tallies.append(day)
        found = progress.found.get(CERTIFICATE)
        e_values.append(found.e_value if found else None)
    nothing = StageEvidence(rollout=rollout.name, attempt=rollout.attempt, stage=rollout.stage)
    return StageLook(tuple(tallies), tuple(e_values), observe(progress, rollout, nothing))


def added(day: tuple[Tally, Tally], fresh: StageEvidence) -> tuple[Tally, Tally]:
    """The sums of (candidate, control) with what is fresh."""
    return _plus(day[0], fresh, Arm.CANDIDATE), _plus(day[1], fresh, Arm.CONTROL)


def _pages(start: float, end: float) -> Iterator[tuple[float, float]]:
    """The day in pieces that begin and end with a bucket."""
    since = start
    while since < end:
        until = min(end, since + PAGE_SECONDS)
        yield since, until
        since = until


def _plus(known: Tally, evidence: StageEvidence, arm: Arm) -> Tally:
    return merge([known, *(bucket.tally for bucket in evidence.buckets if bucket.arm is arm)])
