"""Why a skill's requests get the model they get: its scores, their parts, and what each route makes of it."""

import msgspec

from tidegate.control.scoring import by_skill, routed_variants
from tidegate.control.services import Services
from tidegate.control.timestamp import rfc3339
from tidegate.domain.effectiveness import KEPT_SECONDS, Effectiveness, Part, effectiveness
from tidegate.domain.errors import NotFound
from tidegate.domain.exchange import SkillUse
from tidegate.domain.rollout import Variant
from tidegate.domain.routing import Route, route
from tidegate.domain.state import SkillScore


class RouteOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What one variant's route does with a skill version; `model` None: as the client asks."""

    rollout: str
    side: str
    version: int
    small: str
    middle: str | None
    thresholds: tuple[float, float]
    tier: str
    model: str | None


class VersionScore(msgspec.Struct, frozen=True, kw_only=True):
    """A version's effectiveness: `published` is what routing goes by (since `at`), `now` what it would be."""

    version: int
    published: float | None
    at: str | None
    now: float | None
    parts: tuple[Part, ...]


class RouteExplanation(msgspec.Struct, frozen=True, kw_only=True):
    """A skill's scores by version, and each route that serves it."""

    skill: str
    versions: tuple[VersionScore, ...]
    routes: tuple[RouteOutcome, ...]


async def explain_route(services: Services, name: str) -> RouteExplanation:
    """Explain a skill's routes as they are now; raises NotFound for a skill nobody published."""
    store, now = services.store, services.clock.now()
    versions = [each.number for each in await store.skills.listed(name)]
    if not versions:
        raise NotFound(f"no skill {name!r}; `tidegate skill list` shows the skills there are")
    published = {each.version: each for each in await store.scores.list() if each.name == name}
    sums = by_skill(await store.scores.sums([name], now - KEPT_SECONDS))
    return RouteExplanation(
        skill=name,
        versions=tuple(
            _version(number, published.get(number), effectiveness(sums.get((name, number), {}), now))
            for number in versions
        ),
        routes=tuple(
            _outcome(rollout, side, variant, name, published)
            for rollout, side, variant in routed_variants(await store.rollouts.list(), name)
        ),
    )


def _version(number: int, known: SkillScore | None, made: Effectiveness) -> VersionScore:
    return VersionScore(
        version=number,
        published=known.score if known else None,
        at=rfc3339(known.at) if known else None,
        now=made.score,
        parts=made.parts,
    )


def _outcome(
    rollout: str, side: str, variant: Variant, name: str, published: dict[int, SkillScore]
) -> RouteOutcome:
    version = next(ref.version for ref in variant.skills if ref.name == name)
    wanted = variant.route or Route(small="")
    scores = {(name, number): each.score for number, each in published.items()}
    routed = route(wanted, [SkillUse(name, version, "explained", 1.0)], scores)
    return RouteOutcome(
        rollout=rollout,
        side=side,
        version=version,
        small=wanted.small,
        middle=wanted.middle,
        thresholds=wanted.thresholds,
        tier=routed.tier,
        model=routed.model or variant.model,
    )
