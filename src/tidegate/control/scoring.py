"""Scoring: how effective the skills of routed variants are, published where a score has moved enough.

A published score changes routing, so small moves are not published: a score that hovers at a threshold does
not make models alternate.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from tidegate.control.services import Services
from tidegate.domain import metrics
from tidegate.domain.effectiveness import KEPT_SECONDS, Effectiveness, SkillCell, SkillSums, effectiveness
from tidegate.domain.errors import Conflict
from tidegate.domain.rollout import ACTIVE, Phase, Rollout, SkillRef, Variant
from tidegate.domain.state import Lease, SkillScore
from tidegate.ports import Meter

LOOK_SECONDS = 10.0
"""How often scores are made anew."""

MOVED = 0.02
"""A score is published once it has moved so far from the published one."""

ACTOR = "controller"

_SERVED = ACTIVE | {Phase.COMPLETED}

_log = logging.getLogger("tidegate.scoring")

Sums = Mapping[tuple[str, int], Mapping[tuple[int, bool], SkillSums]]


class Scoring:
    """Publishes scores while its process leads; asks the store for nothing where no variant has a route."""

    def __init__(self, services: Services, meter: Meter) -> None:
        self._services = services
        self._meter = meter
        self._due = 0.0
        self._shown: set[tuple[str, str]] = set()

    async def look(self, rollouts: Iterable[Rollout], lease: Lease) -> None:
        """Every LOOK_SECONDS, make the scores anew and publish what moved; raises StoreUnavailable."""
        clock = self._services.clock
        if clock.monotonic() < self._due:
            return
        self._due = clock.monotonic() + LOOK_SECONDS
        routed = routed_skills(rollouts)
        if not routed:
            self._show({})
            return
        published = {(each.name, each.version): each for each in await self._services.store.scores.list()}
        moved = await self._moved(routed, published, clock.now())
        if not moved or await self._publish(moved, published, clock.now(), lease):
            known = published | {(each.name, each.version): each for each in moved}
            self._show({key: known[key] for ref in routed if (key := (ref.name, ref.version)) in known})

    def step_down(self) -> None:
        """Another process leads: scores are made and shown there."""
        self._show({})
        self._due = 0.0

    async def _moved(
        self, routed: Sequence[SkillRef], published: Mapping[tuple[str, int], SkillScore], now: float
    ) -> list[SkillScore]:
        """Two weeks of hours for each skill are summed by a thread."""
        names = sorted({ref.name for ref in routed})
        sums = await self._services.store.scores.sums(names, now - KEPT_SECONDS)
        return await asyncio.to_thread(lambda: moved_scores(routed, by_skill(sums), published, now))

    async def _publish(
        self,
        moved: Sequence[SkillScore],
        published: Mapping[tuple[str, int], SkillScore],
        now: float,
        lease: Lease,
    ) -> bool:
        scores = self._services.store.scores
        try:
            await scores.publish(moved, by=ACTOR, reason=_reason(moved, published), at=now, lease=lease)
        except Conflict as passed_on:
            _log.info("scores were not published: another process leads", extra={"why": str(passed_on)})
            self.step_down()
            return False
        return True

    def _show(self, scores: Mapping[tuple[str, int], SkillScore]) -> None:
        """These and no others: as published, whichever process did it."""
        shown = {(name, str(version)): each.score for (name, version), each in scores.items()}
        for labels in self._shown - shown.keys():
            self._meter.clear(metrics.EFFECTIVENESS, labels)
        for labels, score in shown.items():
            self._meter.set(metrics.EFFECTIVENESS, labels, score)
        self._shown = set(shown)


def routed_skills(rollouts: Iterable[Rollout]) -> list[SkillRef]:
    """The skills of every variant that is served and has a route, by name and version."""
    found = {
        ref
        for rollout in rollouts
        if rollout.phase in _SERVED
        for variant in (rollout.plan.baseline, rollout.plan.candidate)
        if variant.route is not None
        for ref in variant.skills
    }
    return sorted(found, key=lambda ref: (ref.name, ref.version))


def routed_variants(rollouts: Iterable[Rollout], name: str) -> list[tuple[str, str, Variant]]:
    """Rollout, side and variant of every route that serves a skill."""
    return [
        (rollout.name, side, variant)
        for rollout in rollouts
        if rollout.phase in _SERVED
        for side, variant in (("baseline", rollout.plan.baseline), ("candidate", rollout.plan.candidate))
        if variant.route is not None and any(ref.name == name for ref in variant.skills)
    ]


def by_skill(sums: Mapping[SkillCell, SkillSums]) -> Sums:
    """The sums of each skill version, by hour and side."""
    found: dict[tuple[str, int], dict[tuple[int, bool], SkillSums]] = defaultdict(dict)
    for cell, each in sums.items():
        found[cell.name, cell.version][cell.hour, cell.served] = each
    return found


def moved_scores(
    skills: Iterable[SkillRef], sums: Sums, published: Mapping[tuple[str, int], SkillScore], now: float
) -> list[SkillScore]:
    """The scores to publish: known now, and new or MOVED from what is published."""
    moved: list[SkillScore] = []
    for ref in skills:
        made = effectiveness(sums.get((ref.name, ref.version), {}), now)
        before = published.get((ref.name, ref.version))
        if made.score is not None and (before is None or abs(made.score - before.score) >= MOVED):
            moved.append(_score(ref, made, made.score, now))
    return moved


def _score(ref: SkillRef, made: Effectiveness, score: float, now: float) -> SkillScore:
    return SkillScore(name=ref.name, version=ref.version, score=round(score, 4), parts=made.parts, at=now)


def _reason(moved: Sequence[SkillScore], published: Mapping[tuple[str, int], SkillScore]) -> str:
    def told(each: SkillScore) -> str:
        before = published.get((each.name, each.version))
        return f"{each.name}@{each.version}: {before.score if before else 'unknown'} → {each.score}"

    return "effectiveness moved: " + ", ".join(map(told, moved))
