"""What an audit says of an attack, and of all of them."""

from collections.abc import Awaitable, Callable, Sequence
from enum import StrEnum

import msgspec


class Verdict(StrEnum):
    """Whether the installation held; what could not be tried is as bad as what failed."""

    HELD = "held"
    FAILED = "failed"
    NOT_SHOWN = "not-shown"


class Area(StrEnum):
    """The parts of the catalogue."""

    UPLOAD = "upload"
    EXECUTION = "execution"
    INJECTION = "injection and gateway"


class Question(StrEnum):
    """What an auditor asks; each attack answers to one."""

    SANDBOXING = "sandboxing"
    UPLOADS = "upload validation"
    INJECTION = "injection"
    KEYS = "API keys"
    ISOLATION = "isolation"


class Grade(StrEnum):
    """How bad it would be if the attack succeeded."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"


class Attack(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the catalogue; `tags` are those of the OWASP Agentic Skills Top 10."""

    id: str
    area: Area
    question: Question
    tried: str
    expected: str
    grade: Grade
    tags: tuple[str, ...]


class Outcome(msgspec.Struct, frozen=True):
    """What came of an attack, in words."""

    verdict: Verdict
    seen: str


Try = Callable[[], Awaitable[Outcome]]


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One attack and what came of it."""

    attack: Attack
    outcome: Outcome
    seconds: float


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What an operator has to see to; `owner` is theirs to fill in, `state` open or mended."""

    id: str
    title: str
    severity: Grade
    owner: str
    state: str
    seen: str


class Audit(msgspec.Struct, frozen=True, kw_only=True):
    """The whole result; `installation` says what was audited, `at` when (RFC 3339)."""

    version: str
    at: str
    seconds: float
    installation: dict[str, str]
    lines: tuple[Line, ...]
    findings: tuple[Finding, ...]

    @property
    def held(self) -> bool:
        """Whether every attack was shown to fail."""
        return all(line.outcome.verdict is Verdict.HELD for line in self.lines)


def held(seen: str) -> Outcome:
    """The attack failed."""
    return Outcome(Verdict.HELD, seen)


def failed(seen: str) -> Outcome:
    """The attack succeeded."""
    return Outcome(Verdict.FAILED, seen)


def not_shown(why: str) -> Outcome:
    """The attack could not be tried."""
    return Outcome(Verdict.NOT_SHOWN, why)


def judged(succeeded: bool, seen: str) -> Outcome:
    """By whether the attack succeeded."""
    return failed(seen) if succeeded else held(seen)


UNASSIGNED = "unassigned"
OPEN, MENDED = "open", "mended"


def findings(lines: Sequence[Line], before: Sequence[Finding] = ()) -> tuple[Finding, ...]:
    """A finding for each line that did not hold; owners stay, and what holds now is mended.

    A former finding that no line of this run is about stays as it was.
    `before` are the findings of the last report in the same folder.
    """
    owners = {finding.id: finding.owner for finding in before}
    found = tuple(
        Finding(
            id=line.attack.id,
            title=line.attack.tried,
            severity=line.attack.grade,
            owner=owners.get(line.attack.id, UNASSIGNED),
            state=OPEN,
            seen=line.outcome.seen,
        )
        for line in lines
        if line.outcome.verdict is not Verdict.HELD
    )
    still = {finding.id for finding in found}
    shown = {line.attack.id for line in lines if line.outcome.verdict is Verdict.HELD}
    others = (finding for finding in before if finding.id not in still)
    mended = (
        msgspec.structs.replace(finding, state=MENDED) if finding.id in shown else finding
        for finding in others
    )
    return (*found, *mended)
