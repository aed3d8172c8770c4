"""The gate before publishing: what scanners find, what the policy says, who made an exception."""

import logging
from collections.abc import Awaitable, Callable, Sequence

from tidegate.domain.errors import InvalidInput
from tidegate.domain.scan_exception import ScanException
from tidegate.domain.skill import SkillPackage
from tidegate.ports import ScanExceptions
from tidegate.registry.scan.found import Found
from tidegate.registry.scan.policy import Policy

_log = logging.getLogger("tidegate.skills")

SHOWN = 20
"""Blocking findings that a refusal lists."""


Scan = Callable[[SkillPackage], Awaitable[tuple[Found, ...]]]
"""Every finding of a package, the worst first."""


class Gate:
    """Judges packages by what `scan` finds, and `second` where there is one."""

    def __init__(
        self, policy: Policy, exceptions: ScanExceptions, scan: Scan, second: Scan | None = None
    ) -> None:
        self.policy = policy
        self.scan = scan
        self._second = second
        self._exceptions = exceptions

    def over(self, exceptions: ScanExceptions) -> "Gate":
        """The same judges, with other exceptions."""
        return Gate(self.policy, exceptions, self.scan, self._second)

    async def admit(self, package: SkillPackage) -> tuple[Found, ...] | None:
        """The second opinion on a package that may be published, None where none was asked for.

        Raises InvalidInput with what blocks it. What the own scanner blocks is handed to another only once an
        exception covers it.
        """
        await self._pass(package, self.policy.blocking(await self.scan(package)))
        opinion = await self._opinion(package)
        await self._pass(package, self.policy.blocking(opinion or ()))
        return opinion

    async def _pass(self, package: SkillPackage, blocking: Sequence[Found]) -> None:
        """Raise InvalidInput with what blocks, unless an exception covers all of it."""
        if not blocking:
            return
        exception = await self._exceptions.get(package.digest)
        if exception is None or not exception.covers(each.rule for each in blocking):
            waits = exception is not None and not exception.granted
            raise InvalidInput(refusal(package, blocking, asked=waits))

    async def objections(self, package: SkillPackage) -> tuple[tuple[Found, ...], tuple[Found, ...]]:
        """All that either scanner finds, and what of it blocks, as somebody is shown who is to decide."""
        opinion = await self._opinion(package) or ()
        found = (*await self.scan(package), *opinion)
        return found, self.policy.blocking(found)

    async def ask(self, asked: ScanException) -> tuple[ScanException, int]:
        """Ask an operator to let a package pass; raises Conflict where that was granted before."""
        return await self._exceptions.ask(asked)

    async def _opinion(self, package: SkillPackage) -> tuple[Found, ...] | None:
        """Also in the log: not every client shows it."""
        if self._second is None:
            return None
        opinion = await self._second(package)
        _log.info(
            "second opinion",
            extra={
                "skill": package.manifest.name,
                "digest": package.digest,
                "findings": len(opinion),
                "worst": str(opinion[0]) if opinion else "",
            },
        )
        return opinion


def refusal(package: SkillPackage, blocking: Sequence[Found], *, asked: bool) -> str:
    """What blocks, a line each, and what can be done."""
    lines = [str(each) for each in blocking[:SHOWN]]
    if len(blocking) > SHOWN:
        lines.append(f"… and {len(blocking) - SHOWN} more")
    count = f"{len(blocking)} {'finding' if len(blocking) == 1 else 'findings'}"
    way = (
        "an exception was requested; an operator looks at it by `tidegate skill exception show "
        f"{package.digest}` and grants it by `tidegate skill exception grant {package.digest} --reason WHY`"
        if asked
        else "mend them, or ask for an exception: `tidegate skill exception request PATH --reason WHY`"
    )
    return "\n".join([f"{package.manifest.name} is blocked by {count} of the scanner; {way}", *lines])
