"""Which model serves a request with skills: decided by how effective those skills have been."""

from collections.abc import Mapping, Sequence
from enum import StrEnum

import msgspec

from tidegate.domain.exchange import SkillUse


class Tier(StrEnum):
    """Which of a route's models was chosen."""

    SMALL = "small"
    MIDDLE = "middle"
    ASKED = "asked"


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """A variant's models: above `thresholds[0]` of effectiveness the small, above `[1]` the middle one."""

    small: str
    middle: str | None = None
    thresholds: tuple[float, float] = (0.8, 0.5)


class Routed(msgspec.Struct, frozen=True):
    """What was decided: the model (None: as the variant or the client says), and by which skill's score."""

    tier: Tier
    model: str | None = None
    skill: str | None = None
    score: float | None = None


Scores = Mapping[tuple[str, int], float]
"""Effectiveness by skill name and version."""


def route(wanted: Route, uses: Sequence[SkillUse], scores: Scores) -> Routed:
    """The model for these skills: the least effective decides, one without a score leaves all as it is."""
    known = [(scores.get((use.name, use.version)), use.name) for use in uses]
    unknown = next((name for score, name in known if score is None), None)
    if not known or unknown is not None:
        return Routed(Tier.ASKED, None, unknown)
    score, skill = min((score or 0.0, name) for score, name in known)
    if score > wanted.thresholds[0]:
        return Routed(Tier.SMALL, wanted.small, skill, score)
    if score > wanted.thresholds[1] and wanted.middle is not None:
        return Routed(Tier.MIDDLE, wanted.middle, skill, score)
    return Routed(Tier.ASKED, None, skill, score)
