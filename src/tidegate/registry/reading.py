"""What there is to tell of packages that are stored or asked about, beside what the scanner finds."""

from typing import Protocol

from tidegate.domain.capability import Use
from tidegate.domain.skill import SkillVersion
from tidegate.domain.skill_diff import SkillDiff


class Reading(Protocol):
    """Reads packages by their canonical archives. Strangers sent them: parsers may be slow on them, or break.

    Raises InvalidInput where that is so, Overloaded where too many ask at once.
    """

    async def uses(self, archive: bytes) -> tuple[Use, ...]:
        """What the scripts of a package make use of."""
        ...

    async def diff(
        self, before: SkillVersion, after: SkillVersion, archives: tuple[bytes, bytes]
    ) -> SkillDiff:
        """What changed from one version to another."""
        ...
