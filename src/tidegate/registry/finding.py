"""A finding: one thing that is wrong with a package, and where."""

from collections.abc import Sequence
from dataclasses import dataclass

from tidegate.domain.errors import InvalidInput, TooLarge

SHOWN = 100
"""Findings listed in one refusal; a hostile package could cause any number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What is wrong in `path` (below the package); `line` and `column` from 1, None for a whole file."""

    path: str
    message: str
    line: int | None = None
    column: int | None = None
    too_large: bool = False

    def __str__(self) -> str:
        """`path:line:column: message`, as compilers print it."""
        place = [self.path, *(str(part) for part in (self.line, self.column) if part is not None)]
        return f"{':'.join(place)}: {self.message}"

    def document(self) -> dict[str, object]:
        """The finding for programs."""
        return {"path": self.path, "line": self.line, "column": self.column, "message": self.message}


def ordered(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Findings by file, line and column, the first SHOWN of them."""
    by_place = sorted(findings, key=lambda finding: (finding.path, finding.line or 0, finding.column or 0))
    return tuple(by_place[:SHOWN])


def refusal(findings: Sequence[Finding]) -> InvalidInput:
    """The error that carries all findings, a line each; TooLarge where a limit was one of them."""
    kind = TooLarge if any(finding.too_large for finding in findings) else InvalidInput
    return kind("\n".join(str(finding) for finding in findings))
