"""A finding of a scanner: which rule, where, and the text that it saw."""

from dataclasses import dataclass, replace

from tidegate.registry.scan.rule import Rule
from tidegate.registry.scan.severity import Severity

MAX_EXCERPT = 120
OWN = "tidegate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What was seen in `path` at `line` (from 1; 0 for a file as a whole); `excerpt` is safe to print."""

    rule: str
    severity: Severity
    path: str
    line: int
    title: str
    excerpt: str
    tags: tuple[str, ...]
    quoted: bool = False
    """Seen in a text that warns of it, or under `evals/`: noted as low, what is critical as medium."""
    source: str = ""
    """Who found it, where that is not Tidegate's own scanner."""

    def __str__(self) -> str:
        """`path:line: severity rule: title: excerpt`, one line."""
        place = f"{self.path}:{self.line}" if self.line else self.path
        seen = f": {self.excerpt}" if self.excerpt else ""
        return f"{place}: {self.severity} {self.rule}: {self.title}{seen}"

    def document(self) -> dict[str, object]:
        """The finding for programs."""
        return {
            "source": self.source or OWN,
            "rule": self.rule,
            "severity": self.severity.value,
            "path": self.path,
            "line": self.line or None,
            "title": self.title,
            "excerpt": self.excerpt,
            "tags": list(self.tags),
            "quoted": self.quoted,
        }


def found(
    rule: Rule,
    path: str,
    line: int,
    seen: str = "",
    *,
    severity: Severity | None = None,
    quoted: bool = False,
) -> Found:
    """A finding by `rule`, of its severity where no other is given; quoted ones are notes."""
    return Found(
        rule=rule.id,
        severity=_noted(severity or rule.severity) if quoted else severity or rule.severity,
        path=path,
        line=line,
        title=rule.title,
        excerpt=excerpt(seen),
        tags=rule.tags,
        quoted=quoted,
    )


def as_note(finding: Found) -> Found:
    """The finding as one of a quotation."""
    return finding if finding.quoted else replace(finding, severity=_noted(finding.severity), quoted=True)


def _noted(severity: Severity) -> Severity:
    """A quotation is a note; of the worst it is one that a policy may still block."""
    return Severity.MEDIUM if severity is Severity.CRITICAL else Severity.LOW


def excerpt(text: str) -> str:
    """The text on one line, cut to MAX_EXCERPT; what is no printable character becomes its number."""
    cut = text.strip()[: MAX_EXCERPT + 1]
    shown = "".join(char if char.isprintable() else _number(char) for char in cut)
    return shown if len(shown) <= MAX_EXCERPT else f"{shown[:MAX_EXCERPT]}…"


def _number(char: str) -> str:
    return " " if char in "\n\t" else f"<U+{ord(char):04X}>"
