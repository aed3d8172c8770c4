"""Packages are judged in this process, on a thread: for commands, which end after it."""

import asyncio
from functools import cached_property
from typing import TYPE_CHECKING

from tidegate.domain.skill import SkillPackage
from tidegate.registry.archive import files_of
from tidegate.registry.scan.found import Found

if TYPE_CHECKING:
    from tidegate.registry.scan.inspect import Scanner


class ScanningHere:
    """The rules are compiled at the first package."""

    async def scan(self, package: SkillPackage) -> tuple[Found, ...]:
        """Every finding, the worst first."""
        return await asyncio.to_thread(
            lambda: self._scanner.scan(package.manifest, files_of(package.archive))
        )

    @cached_property
    def _scanner(self) -> "Scanner":
        from tidegate.registry.scan.inspect import Scanner  # noqa: PLC0415 (slow; few commands judge a package)

        return Scanner()
