"""What every part of a report is read with."""

from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from tidegate.control.services import Store
from tidegate.domain.reporting.period import Period, spanned
from tidegate.domain.reporting.sums import Line


@dataclass(frozen=True, slots=True)
class View:
    """Store, period, zone, the rollout's lines in the period, and when its record had its last entry."""

    store: Store
    period: Period
    zone: ZoneInfo
    lines: Sequence[Line]
    newest: float

    def days(self, since: float, until: float | None) -> Period:
        """Whole days from that of `since` to that of `until`, or to the period's last."""
        last = self.period.until - 1
        end = last if until is None else min(until, last)
        return spanned(since, end, self.zone, self.zone.key, self.period.label)
