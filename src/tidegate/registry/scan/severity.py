"""How bad a finding is, from a note to certain malice."""

from enum import StrEnum


class Severity(StrEnum):
    """Ordered by `rank`; `low` is worth knowing, `critical` has no honest use in a skill."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 for low to 3 for critical."""
        return _ORDER.index(self)


_ORDER = tuple(Severity)
