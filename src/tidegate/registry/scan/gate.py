"""The gate before publishing: what the scanner finds, what the policy says, who made an exception."""

import asyncio
from collections.abc import Sequence
from functools import cached_property

from tidegate.domain.errors import InvalidInput
from tidegate.domain.scan_exception import ScanException
from tidegate.domain.skill import SkillPackage
from tidegate.ports import ScanExceptions
from tidegate.registry.archive import files_of
from tidegate.registry.scan.found import Found
from tidegate.registry.scan.inspect import Scanner
from tidegate.registry.scan.policy import Policy

SHOWN = 20
"""Blocking findings that a refusal lists."""


class Gate:
    """Judges packages; the rules are compiled at the first one."""

    def __init__(self, policy: Policy, exceptions: ScanExceptions) -> None:
        self.policy = policy
        self._exceptions = exceptions

    async def scan(self, package: SkillPackage) -> tuple[Found, ...]:
        """Every finding, the worst first."""
        return await asyncio.to_thread(
            lambda: self._scanner.scan(package.manifest, files_of(package.archive))
        )

    async def admit(self, package: SkillPackage) -> None:
        """Return where the package may be published; raises InvalidInput with what blocks it."""
        blocking = self.policy.blocking(await self.scan(package))
        if not blocking:
            return
        exception = await self._exceptions.get(package.digest)
        if exception is None or not exception.granted:
            raise InvalidInput(refusal(package, blocking, asked=exception is not None))

    async def ask(
        self, package: SkillPackage, *, by: str, reason: str, at: float
    ) -> tuple[ScanException, int]:
        """Ask an operator to let the package pass; raises InvalidInput where nothing blocks it, Conflict."""
        blocking = self.policy.blocking(await self.scan(package))
        if not blocking:
            raise InvalidInput(f"nothing blocks {package.manifest.name}; publish it, no exception is needed")
        asked = ScanException(
            digest=package.digest,
            name=package.manifest.name,
            rules=tuple(sorted({each.rule for each in blocking})),
            asked_by=by,
            asked_because=reason,
            asked_at=at,
        )
        return await self._exceptions.ask(asked)

    @cached_property
    def _scanner(self) -> Scanner:
        return Scanner()


def refusal(package: SkillPackage, blocking: Sequence[Found], *, asked: bool) -> str:
    """What blocks, a line each, and what can be done."""
    lines = [str(each) for each in blocking[:SHOWN]]
    if len(blocking) > SHOWN:
        lines.append(f"… and {len(blocking) - SHOWN} more")
    count = f"{len(blocking)} {'finding' if len(blocking) == 1 else 'findings'}"
    way = (
        "an exception was requested; an operator grants it by `tidegate skill exception grant "
        f"{package.digest} --reason WHY`"
        if asked
        else "mend them, or ask for an exception: `tidegate skill exception request PATH --reason WHY`"
    )
    return "\n".join([f"{package.manifest.name} is blocked by {count} of the scanner; {way}", *lines])
