"""Leave for one package to be published despite what the scanner found in it."""

from collections.abc import Iterable

import msgspec

from tidegate.domain.capability import Use


class Objection(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A finding as whoever decides is shown it; `line` from 1, 0 for a file as a whole."""

    rule: str
    severity: str
    path: str
    line: int
    title: str
    excerpt: str
    source: str
    """Whose finding it is: Tidegate's own scanner's, or another's by its name."""
    blocks: bool = False


class ScanException(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Asked for by a publisher, granted by an operator; it holds for the bytes of this digest alone."""

    digest: str
    name: str
    rules: tuple[str, ...]
    """Ids of the rules whose findings block the package."""
    findings: tuple[Objection, ...] = ()
    """What was found when it was asked for, what blocks first; of each rule the first few."""
    findings_in_all: int = 0
    uses: tuple[Use, ...] = ()
    """What the package's scripts make use of; of each capability the first few."""
    uses_in_all: int = 0
    asked_by: str
    asked_because: str
    asked_at: float
    granted_by: str = ""
    granted_because: str = ""
    granted_at: float | None = None

    @property
    def granted(self) -> bool:
        """Whether an operator has agreed."""
        return self.granted_at is not None

    def covers(self, rules: Iterable[str]) -> bool:
        """Whether it was granted for findings of all these rules: of others nobody was asked."""
        return self.granted and set(rules) <= set(self.rules)
