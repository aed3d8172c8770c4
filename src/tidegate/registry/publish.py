"""Publish a validated package as the next version of its skill."""

from typing import NamedTuple

from tidegate.domain.errors import Conflict, InvalidInput
from tidegate.domain.skill import SkillPackage, SkillVersion, VersionState
from tidegate.ports import Skills
from tidegate.registry.scan.found import Found
from tidegate.registry.scan.gate import Gate


class Published(NamedTuple):
    """The version that content has, and whether that is new."""

    version: SkillVersion
    created: bool
    opinion: tuple[Found, ...] | None
    """What a second scanner found; None where none was asked, also for content that was stored before."""


async def publish(
    skills: Skills,
    gate: Gate,
    package: SkillPackage,
    *,
    by: str,
    reason: str,
    at: float,
    first: bool = False,
) -> Published:
    """Store the package (the same content twice is one version).

    Content that is stored is the version it has, whatever newer rules say: it is served already,
    and `tidegate skill scan --stored` judges it again.

    Raises InvalidInput without a reason or where the scanner's gate is shut, Conflict where a skill that it
    requires has no version to serve, where this content was revoked, or where it is to be the skill's `first`
    version and another is served by then.
    """
    if not reason.strip():
        raise InvalidInput(
            f"publishing {package.manifest.name} needs a reason: say why, it is kept with the version"
        )
    opinion = None
    if await skills.archive(package.digest) is None:
        opinion = await _admit(skills, gate, package)
    version, created = await skills.publish(package, by=by, reason=reason.strip(), at=at, first=first)
    if version.state is VersionState.REVOKED:
        raise Conflict(
            f"this is version {version.number} of {version.name}, which was revoked and is never served "
            "again; mend what it was revoked for and publish that"
        )
    return Published(version, created, opinion)


async def _admit(skills: Skills, gate: Gate, package: SkillPackage) -> tuple[Found, ...] | None:
    """Whether new content may be stored; what is stored was asked by the rules of its day."""
    for name in package.manifest.requires:
        if await skills.get(name) is None:
            raise Conflict(
                f"{package.manifest.name} requires the skill {name!r}, which has no published version; "
                f"publish {name!r} first, or take it out of tidegate.requires"
            )
    return await gate.admit(package)
