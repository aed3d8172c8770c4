"""The evidence of a stage as the controller's own fold sees it, kept without a store.

It does what `control/observe` does with a ledger: what is settled is folded once, what may still grow is
folded anew at each look, and the newest buckets with errors are kept for `trip`. Replicas' evidence may come
late.
"""

from collections.abc import Iterable
from heapq import heappop, heappush

import msgspec

from tidegate.domain.evidence import BUCKET_SECONDS, ArmBucket, Latest, StageEvidence, Tally, UnitEvent, merge
from tidegate.domain.exchange import Arm
from tidegate.domain.observation import Evidence, begin, observe, recent_buckets, settle
from tidegate.domain.rollout import Rollout
from tidegate.rehearsal.draws import Draws

_MOST_KEPT = 2_000
"""Buckets with errors, before they are cut to what `trip` may look back to."""


class Record:
    """One stage's evidence; `lag` is how many seconds late a piece may come.

    What happened in the same seconds comes together, out of order with what did before and after: a replica
    sends what it has of both arms at once.
    """

    def __init__(self, rollout: Rollout, lag: float, draws: Draws) -> None:
        self._rollout = rollout
        self._lag = lag
        self._draws = draws
        self._progress = begin(rollout)
        self._open: dict[tuple[int, Arm], Tally] = {}
        self._events: list[UnitEvent] = []
        self._faulted: list[ArmBucket] = []
        self._late: list[tuple[float, int, ArmBucket | UnitEvent]] = []
        self._number = 0

    def add(self, pieces: Iterable[ArmBucket | UnitEvent], now: float) -> None:
        """Let these pieces be on their way, and take what has arrived by `now`."""
        if not self._lag:
            for piece in pieces:
                self._take(piece)
            return
        arrivals: dict[int, float] = {}
        for piece in pieces:
            slot = int(piece.at if isinstance(piece, UnitEvent) else piece.start) // BUCKET_SECONDS
            if slot not in arrivals:
                arrivals[slot] = now + self._draws.random() * self._lag
            self._number += 1
            heappush(self._late, (arrivals[slot], self._number, piece))
        while self._late and self._late[0][0] <= now:
            self._take(heappop(self._late)[2])

    def look(self, rollout: Rollout, latest: tuple[Latest, ...], now: float) -> Evidence:
        """The evidence at `now`."""
        evidence = StageEvidence(
            rollout=rollout.name,
            attempt=rollout.attempt,
            stage=rollout.stage,
            buckets=tuple(ArmBucket(*key, self._open[key]) for key in sorted(self._open)),
            events=tuple(self._events),
            latest=latest,
        )
        self._settle(rollout, evidence, now - 2 * self._lag)
        known = self._newest_faulted(next((each.bad for each in latest if each.arm is Arm.CANDIDATE), 0))
        still = [bucket for bucket in evidence.buckets if bucket.start >= self._progress.until]
        return observe(self._progress, rollout, msgspec.structs.replace(evidence, buckets=(*known, *still)))

    def _take(self, piece: ArmBucket | UnitEvent) -> None:
        if isinstance(piece, UnitEvent):
            self._events.append(piece)
            return
        key = (piece.start, piece.arm)
        known = self._open.get(key)
        self._open[key] = merge((known, piece.tally)) if known else piece.tally

    def _settle(self, rollout: Rollout, evidence: StageEvidence, until: float) -> None:
        self._progress = settle(self._progress, rollout, evidence, until)
        for bucket in evidence.buckets:
            if bucket.start < self._progress.until:
                del self._open[bucket.start, bucket.arm]
                if bucket.tally.faulted:
                    self._faulted.append(bucket)
        until = self._progress.until
        self._events = [event for event in self._events if event.at >= until]
        if len(self._faulted) > _MOST_KEPT:
            self._faulted = list(recent_buckets(self._faulted, _MOST_KEPT))[::-1]

    def _newest_faulted(self, bad: int) -> list[ArmBucket]:
        """Settled buckets back to where the candidate has `bad` errors, the whole second included."""
        kept: list[ArmBucket] = []
        edge: int | None = None
        for bucket in reversed(self._faulted):
            if bad <= 0 and bucket.start != edge:
                break
            edge = bucket.start
            bad -= bucket.tally.faulted if bucket.arm is Arm.CANDIDATE else 0
            kept.append(bucket)
        return kept
