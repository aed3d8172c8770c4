"""What the scanner says of one package, for people and for programs."""

import sys
from dataclasses import dataclass

from tidegate.cli.output import say
from tidegate.config import load
from tidegate.domain.skill import SkillPackage
from tidegate.registry.archive import files_of
from tidegate.registry.scan.found import Found
from tidegate.registry.scan.inspect import Scanner
from tidegate.registry.scan.policy import policy_of


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the scanner found in a package, and what of it blocks by this machine's setting."""

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
                say(f"note: {each}")
        if self.blocking:
            count = len(self.blocking)
            findings = "finding" if count == 1 else "findings"
            sys.stderr.write(f"tidegate: {self.name} is blocked by {count} {findings} of the scanner:\n")
            sys.stderr.write("".join(f"  {each}\n" for each in self.blocking))


def judged(package: SkillPackage, scanner: Scanner | None = None) -> Judgement:
    """Scan the package here; who has many of them gives the scanner."""
    findings = (scanner or Scanner()).scan(package.manifest, files_of(package.archive))
    policy = policy_of(load().settings.scan.block)
    return Judgement(package.manifest.name, findings, policy.blocking(findings))
