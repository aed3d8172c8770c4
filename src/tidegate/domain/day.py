"""Days as budgets count them: from midnight to midnight of a zone, 23 or 25 hours where clocks change."""

from datetime import datetime, timedelta, tzinfo

import msgspec


class Day(msgspec.Struct, frozen=True):
    """Half-open, epoch seconds."""

    start: float
    end: float


def day_of(now: float, zone: tzinfo) -> Day:
    """The day that `now` falls into."""
    midnight = datetime.fromtimestamp(now, zone).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    tomorrow = (midnight.replace(tzinfo=None) + timedelta(days=1)).replace(tzinfo=zone)
    return Day(midnight.timestamp(), tomorrow.timestamp())
