"""Publish a validated package as the next version of its skill."""

from tidegate.domain.errors import Conflict, InvalidInput
from tidegate.domain.skill import SkillPackage, SkillVersion, VersionState
from tidegate.ports import Skills
from tidegate.registry.scan.gate import Gate


async def publish(
    skills: Skills, gate: Gate, package: SkillPackage, *, by: str, reason: str, at: float
) -> tuple[SkillVersion, bool]:
    """Store the package; the version it has, and whether that is new (the same content twice is one version).

    Content that is stored is the version it has, whatever newer rules say: it is served already,
    and `tidegate skill scan --stored` judges it again.

    Raises InvalidInput without a reason or where the scanner's gate is shut, Conflict where a skill that it
    requires has no version to serve, or where this content was revoked.
    """
    if not reason.strip():
        raise InvalidInput(
            f"publishing {package.manifest.name} needs a reason: say why, it is kept with the version"
        )
    if all(each.digest != package.digest for each in await skills.list()):
        await _admit(skills, gate, package)
    version, created = await skills.publish(package, by=by, reason=reason.strip(), at=at)
    if version.state is VersionState.REVOKED:
        raise Conflict(
            f"this is version {version.number} of {version.name}, which was revoked and is never served "
            "again; mend what it was revoked for and publish that"
        )
    return version, created


async def _admit(skills: Skills, gate: Gate, package: SkillPackage) -> None:
    """Whether new content may be stored; what is stored was asked by the rules of its day."""
    for name in package.manifest.requires:
        if await skills.get(name) is None:
            raise Conflict(
                f"{package.manifest.name} requires the skill {name!r}, which has no published version; "
                f"publish {name!r} first, or take it out of tidegate.requires"
            )
    await gate.admit(package)
