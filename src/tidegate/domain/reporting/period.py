"""The times that reports are of: days, and ISO weeks, from midnight to midnight of a zone."""

import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta, tzinfo

import msgspec

from tidegate.domain.day import day_of
from tidegate.domain.errors import InvalidInput

_WEEK = re.compile(r"(\d{4})-W(\d{2})")


class Period(msgspec.Struct, frozen=True, kw_only=True):
    """Whole days; `edges` (epoch seconds) has one more than `days`, their dates."""

    label: str
    edges: tuple[float, ...]
    days: tuple[str, ...]
    timezone: str

    @property
    def since(self) -> float:
        return self.edges[0]

    @property
    def until(self) -> float:
        return self.edges[-1]


def day_period(text: str, now: float, zone: tzinfo, name: str) -> Period:
    """The day that `text` names: `today`, `yesterday` or a date. Raises InvalidInput, also for the future."""
    today = datetime.fromtimestamp(now, zone).date()
    named = {"today": today, "yesterday": today - timedelta(days=1)}
    try:
        day = named.get(text) or date.fromisoformat(text)
    except ValueError:
        raise InvalidInput(f"day {text!r}: write 2026-11-28, today or yesterday") from None
    if day > today:
        raise InvalidInput(
            f"day {text}: it has not begun; it is {today} in {name}, so name that or one before"
        )
    return _days_from(day, 1, zone, name, day.isoformat())


def week_period(text: str | None, now: float, zone: tzinfo, name: str) -> Period:
    """An ISO week, Monday to Sunday; None: this one. Raises InvalidInput, also for the future."""
    today = datetime.fromtimestamp(now, zone).date()
    iso = today.isocalendar()
    label = text or f"{iso.year}-W{iso.week:02d}"
    found = _WEEK.fullmatch(label)
    try:
        monday = date.fromisocalendar(int(found[1]), int(found[2]), 1) if found else None
    except ValueError:
        monday = None
    if monday is None:
        raise InvalidInput(f"week {label!r}: write it as 2026-W48; a year has 52 or 53")
    if monday > today:
        raise InvalidInput(f"week {label}: it has not begun; it is {today} in {name}")
    return _days_from(monday, 7, zone, name, label)


def spanned(since: float, last: float, zone: tzinfo, name: str, label: str) -> Period:
    """The whole days from that of `since` to that of `last`."""
    first, end = (datetime.fromtimestamp(at, zone).date() for at in (since, max(since, last)))
    return _days_from(first, (end - first).days + 1, zone, name, label)


def within(period: Period, since: float, until: float) -> Period:
    """The days of the period that overlap [since, until], at least one."""
    places = [
        place
        for place, start in enumerate(period.edges[:-1])
        if start <= until and since < period.edges[place + 1]
    ]
    first, last = (places[0], places[-1]) if places else (0, 0)
    return msgspec.structs.replace(
        period, edges=period.edges[first : last + 2], days=period.days[first : last + 1]
    )


def _days_from(first: date, count: int, zone: tzinfo, name: str, label: str) -> Period:
    days = [first + timedelta(days=number) for number in range(count)]
    return Period(
        label=label,
        edges=(*(_midnight(day, zone) for day in days), _midnight(days[-1] + timedelta(days=1), zone)),
        days=tuple(day.isoformat() for day in days),
        timezone=name,
    )


def _midnight(day: date, zone: tzinfo) -> float:
    """When the day begins; where clocks change at midnight, the first moment that there is."""
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=zone)
    return day_of(noon.timestamp(), zone).start


def overlap(period: Sequence[float], since: float, until: float) -> float:
    """Seconds of [since, until] between the first and the last edge."""
    return max(0.0, min(until, period[-1]) - max(since, period[0]))
