"""How long answers are kept, by how long after one another equal requests came."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec

from tidegate.domain.tuning.advice import Advice
from tidegate.domain.tuning.answers import Reuses

LADDER = (60, 300, 900, 1800, 3600, 7200, 14_400, 28_800, 43_200, 86_400, 172_800, 259_200, 604_800)
"""The seconds that are tried."""

LOOKUPS = 500
HITS = 30
"""Look-ups, and how many of them the longest time has to give again, before anything is proposed."""

NEARLY_ALL = 0.95
"""Of the hits that the longest time would have given."""

WORTH = 0.01
"""A longer time is proposed for so many more hits, as a share of the look-ups."""

_SETTING = "cache.ttl"


class Lookup(NamedTuple):
    """One look-up: its key, when it came and was answered (epoch seconds); `good`: the answer may be kept."""

    key: str
    at: float
    finished_at: float
    good: bool
    given: bool
    cost_usd: float | None


@dataclass(slots=True)
class Distances:
    """Adds look-ups up, which come by key and then by time, so that a million need no more room than one.

    For each time it replays a cache without limits that all gateways share: an answer is kept from when it
    came, is not kept for longer by being given again, and equal requests in between wait for it.
    """

    ladder: tuple[int, ...]
    lookups: int = 0
    given: int = 0
    asked: int = 0
    asked_usd: float = 0.0
    first_at: float = 0.0
    hits: list[int] = field(default_factory=list[int])
    _key: str = ""
    _until: list[float] = field(default_factory=list[float])

    def __post_init__(self) -> None:
        self.hits = [0] * len(self.ladder)

    def add(self, rows: Iterable[Lookup]) -> None:
        """The next of them."""
        for row in rows:
            if row.key != self._key:
                self._key, self._until = row.key, [-1.0] * len(self.ladder)
            self._count(row)
            for place, seconds in enumerate(self.ladder):
                if row.at < self._until[place]:
                    self.hits[place] += 1
                elif row.good:
                    self._until[place] = row.finished_at + seconds

    def sums(self, keyless: int) -> Reuses:
        """What they came to."""
        return Reuses(
            lookups=self.lookups,
            keyless=keyless,
            given=self.given,
            asked=self.asked,
            asked_usd=self.asked_usd,
            first_at=self.first_at,
            hits=dict(zip(self.ladder, self.hits, strict=True)),
        )

    def _count(self, row: Lookup) -> None:
        self.lookups += 1
        self.given += row.given
        self.first_at = min(self.first_at or row.at, row.at)
        if not row.given and row.cost_usd is not None:
            self.asked += 1
            self.asked_usd += row.cost_usd


def ladder_with(present: float | None) -> tuple[int, ...]:
    """The times that are tried, the present one among them."""
    return tuple(sorted({*LADDER, *(() if present is None else (round(present),))}))


def advise_ttl(reuses: Reuses, present: float | None, requests: int, until: float) -> Advice:
    """The shortest time that gives nearly all that the longest would; no longer one than half the period."""
    if present is None:
        why = (
            "no answer is kept, so no look-up is on record: give a candidate `cache: {ttl: 5m}` for some time"
        )
        return Advice(setting=_SETTING, present=None, n=0, evidence="no cache", why=why)
    evidence = f"{reuses.lookups:,} look-ups, {reuses.given:,} of them given again"
    if reuses.keyless:
        evidence += f"; {reuses.keyless:,} more from before keys were on record"
    if reuses.lookups < LOOKUPS:
        short = LOOKUPS - reuses.lookups
        return _none(present, reuses, evidence, f"{short} more look-ups are needed", short)
    longest = max((s for s in LADDER if s <= (until - reuses.first_at) / 2), default=0)
    if not longest:
        return _none(present, reuses, evidence, f"look-ups of {2 * LADDER[0]}s at least are needed")
    most = reuses.hits.get(longest, 0)
    if most < HITS:
        why = f"{most} would have been given again within {told(longest)}; {HITS - most} more are needed"
        return _none(present, reuses, evidence, why, HITS - most)
    proposed = next(s for s in LADDER if reuses.hits.get(s, 0) >= NEARLY_ALL * most)
    found = _compared(reuses, present, proposed, _curve(reuses.hits, longest))
    return msgspec.structs.replace(
        found,
        evidence=evidence,
        spared=found.spared / requests if requests else 0.0,
    )


def _compared(reuses: Reuses, present: float, proposed: int, curve: str) -> Advice:
    """`spared` as a number of requests."""
    now, then = reuses.hits.get(round(present), 0), reuses.hits[proposed]
    if proposed == round(present) or (proposed > present and then - now < WORTH * reuses.lookups):
        why = f"the present one fits: {then - now:,} more of {reuses.lookups:,} by {told(proposed)} ({curve})"
        return _none(present, reuses, "", why)
    usd = (then - now) * reuses.asked_usd / reuses.asked if reuses.asked else None
    dollars = "" if usd is None else f", {usd:+,.2f} dollars saved"
    return Advice(
        setting=_SETTING,
        present=present,
        proposed=float(proposed),
        n=reuses.lookups,
        evidence="",
        effect=f"{then:,} of {reuses.lookups:,} given again in place of {now:,}{dollars}; by time: {curve}",
        spared=float(then - now),
    )


def _none(present: float, reuses: Reuses, evidence: str, why: str, missing: int = 0) -> Advice:
    return Advice(
        setting=_SETTING, present=present, n=reuses.lookups, evidence=evidence, why=why, missing=missing
    )


def _curve(hits: Mapping[int, int], longest: int) -> str:
    return ", ".join(f"{told(s)} {hits[s]:,}" for s in sorted(hits) if s <= longest)


def told(seconds: float) -> str:
    """As a spec has it."""
    for unit, size in (("d", 86_400), ("h", 3600), ("m", 60)):
        if seconds >= size and seconds % size == 0:
            return f"{seconds / size:g}{unit}"
    return f"{seconds:g}s"
