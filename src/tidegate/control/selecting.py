"""The variant to explain a selection by: a rollout's, or the skills as they are published."""

from collections.abc import Sequence
from typing import Literal

import msgspec

from tidegate.control.lookup import find_rollout
from tidegate.control.services import Services
from tidegate.domain.errors import InvalidInput, NotFound
from tidegate.domain.rollout import SkillRef, Variant
from tidegate.domain.skill import ListedVersion, VersionState

Arm = Literal["candidate", "baseline"]


async def variant_of_rollout(services: Services, name: str, arm: Arm, only: Sequence[str]) -> Variant:
    """What a rollout's arm is served, narrowed to the skills of `only` where it names some.

    Raises NotFound.
    """
    plan = (await find_rollout(services, name)).plan
    variant = plan.candidate if arm == "candidate" else plan.baseline
    return _narrowed(variant, only, f"the {arm} of rollout {name!r}")


def variant_of_published(versions: Sequence[ListedVersion], only: Sequence[str]) -> Variant:
    """The newest published version of every skill, or of those that `only` names; raises NotFound."""
    newest = {each.name: each for each in versions if each.state is VersionState.PUBLISHED}
    refs = tuple(SkillRef(each.name, each.number, each.digest) for each in newest.values())
    return _narrowed(Variant(skills=refs), only, "the published skills")


def with_threshold(variant: Variant, threshold: float | None) -> Variant:
    """The variant with another threshold for words; raises InvalidInput."""
    if threshold is None:
        return variant
    if not 0.1 <= threshold <= 100:
        raise InvalidInput(f"threshold: {threshold:g} is not between 0.1 and 100")
    return msgspec.structs.replace(variant, lexical=True, threshold=threshold)


def _narrowed(variant: Variant, only: Sequence[str], where: str) -> Variant:
    if not only:
        return variant
    known = [ref.name for ref in variant.skills]
    unknown = [name for name in only if name not in known]
    if unknown:
        listed = ", ".join(known[:20]) or "none"
        raise NotFound(f"no skill {', '.join(map(repr, unknown))} among {where}: {listed}")
    refs = tuple(ref for ref in variant.skills if ref.name in only)
    return msgspec.structs.replace(variant, skills=refs)
