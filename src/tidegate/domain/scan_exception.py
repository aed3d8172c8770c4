"""Leave for one package to be published despite what the scanner found in it."""

from collections.abc import Iterable

import msgspec


class ScanException(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Asked for by a publisher, granted by an operator; it holds for the bytes of this digest alone."""

    digest: str
    name: str
    rules: tuple[str, ...]
    """Ids of the rules whose findings block the package."""
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
