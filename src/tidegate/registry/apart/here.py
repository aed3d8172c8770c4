"""What the process apart reads, read in this one: for commands, which end after it."""

import asyncio

from tidegate.domain.capability import Use
from tidegate.domain.skill import SkillVersion
from tidegate.domain.skill_diff import SkillDiff
from tidegate.registry.archive import files_of
from tidegate.registry.capabilities.derive import capabilities_of
from tidegate.registry.diff import diff


class ReadingHere:
    """On a thread."""

    async def uses(self, archive: bytes) -> tuple[Use, ...]:
        """What the scripts of a package make use of."""
        return await asyncio.to_thread(read_uses, archive)

    async def diff(
        self, before: SkillVersion, after: SkillVersion, archives: tuple[bytes, bytes]
    ) -> SkillDiff:
        """What changed from one version to another."""
        return await asyncio.to_thread(read_diff, before, after, archives)


def read_uses(archive: bytes) -> tuple[Use, ...]:
    """What the scripts in a canonical archive make use of."""
    return capabilities_of(files_of(archive))


def read_diff(before: SkillVersion, after: SkillVersion, archives: tuple[bytes, bytes]) -> SkillDiff:
    """What changed from one version to another."""
    return diff(before, after, archives)


READING_HERE = ReadingHere()
