"""What scanners say of one package, for people and for programs."""

import sys
from dataclasses import dataclass

from tidegate.bootstrap.scanning import scan_policy, second_opinion
from tidegate.cli.output import say
from tidegate.config import load
from tidegate.domain.skill import SkillPackage
from tidegate.registry.scan.found import Found
from tidegate.registry.scan.gate import Scan
from tidegate.registry.scan.here import ScanningHere
from tidegate.registry.scan.policy import Policy


@dataclass(frozen=True, slots=True)
class Judgement:
    """What was found in a package, and what of it blocks by this machine's setting."""

    name: str
    findings: tuple[Found, ...]
    blocking: tuple[Found, ...]

    def document(self) -> dict[str, object]:
        """For programs."""
        return {
            "blocked": bool(self.blocking),
            "scan": [each.document() for each in self.findings],
        }

    def tell(self) -> None:
        """A line for each finding, the blocking ones on stderr."""
        for each in self.findings:
            if each not in self.blocking:
                say(f"{'second opinion' if each.source else 'note'}: {each}")
        if self.blocking:
            count = len(self.blocking)
            findings = "finding" if count == 1 else "findings"
            sys.stderr.write(f"tidegate: {self.name} is blocked by {count} {findings} of the scanner:\n")
            sys.stderr.write("".join(f"  {each}\n" for each in self.blocking))


@dataclass(frozen=True, slots=True)
class Judge:
    """Judges packages here: by the own scanner, and by a second one where it is set."""

    policy: Policy
    scan: Scan
    second: Scan | None

    async def judged(self, package: SkillPackage) -> Judgement:
        """Both opinions, the own first."""
        findings = await self.scan(package)
        if self.second is not None:
            findings += await self.second(package)
        return Judgement(package.manifest.name, findings, self.policy.blocking(findings))


def judge_here() -> Judge:
    """By this machine's configuration."""
    settings = load().settings
    return Judge(scan_policy(settings), ScanningHere().scan, second_opinion(settings))
