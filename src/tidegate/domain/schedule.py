"""When a rollout may go on by a stage: within hours of the week, and not while changes are frozen.

Taking users back is never bound by it. Hours are those of clocks in a zone: where clocks change, a window is
an hour longer or shorter, as a working day is.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
DAY_MINUTES = 24 * 60
_LOOKS = 1000
"""Windows and freezes that are gone through at most: years of them."""


class Hours(msgspec.Struct, frozen=True):
    """From `since` to before `until`, in minutes of the day, on those days of the week (0 is Monday)."""

    days: tuple[int, ...]
    since: int
    until: int


class Freeze(msgspec.Struct, frozen=True):
    """From `since` to before `until`, epoch seconds; `why` may be empty."""

    since: float
    until: float
    why: str = ""


class Schedule(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """No hours are all hours. `origin` is what a clock that begins at 0, as a rehearsal's does, calls 0."""

    hours: tuple[Hours, ...] = ()
    freezes: tuple[Freeze, ...] = ()
    timezone: str = "UTC"
    origin: float = 0.0


ALWAYS = Schedule()


def opens(schedule: Schedule, now: float) -> float | None:
    """When a closed schedule next opens, epoch seconds (after its origin); None where it is open `now`."""
    if not schedule.hours and not schedule.freezes:
        return None
    begun = schedule.origin + now
    zone, at = ZoneInfo(schedule.timezone), begun
    for _ in range(_LOOKS):
        frozen = _frozen(schedule, at)
        later = frozen.until if frozen else _next_hours(schedule.hours, at, zone)
        if later is None:
            break
        at = later
    return at - schedule.origin if at > begun else None


def closed_reason(schedule: Schedule, now: float) -> str | None:
    """Why it is closed, and until when, in the zone's time; None where it is open."""
    until = opens(schedule, now)
    if until is None:
        return None
    frozen = _frozen(schedule, schedule.origin + now)
    why = f": {frozen.why}" if frozen and frozen.why else ""
    what = f"changes are frozen{why}" if frozen else "it is outside the plan's hours"
    local = datetime.fromtimestamp(schedule.origin + until, ZoneInfo(schedule.timezone))
    return f"{what}; it opens on {DAYS[local.weekday()]} {local:%Y-%m-%d %H:%M} {schedule.timezone}"


def _frozen(schedule: Schedule, at: float) -> Freeze | None:
    return next((each for each in schedule.freezes if each.since <= at < each.until), None)


def _next_hours(hours: tuple[Hours, ...], at: float, zone: ZoneInfo) -> float | None:
    """When the next window begins; None where one is open, or there are none."""
    if not hours:
        return None
    today = datetime.fromtimestamp(at, zone).date()
    windows = [window for days in range(-1, 9) for window in _windows(hours, today, days, zone)]
    if any(since <= at < until for since, until in windows):
        return None
    return min(since for since, _ in windows if since > at)


def _windows(
    hours: tuple[Hours, ...], today: date, days: int, zone: ZoneInfo
) -> Iterator[tuple[float, float]]:
    """The windows of the day that is so many days from today, epoch seconds."""
    day = today + timedelta(days=days)
    for each in hours:
        if day.weekday() in each.days:
            yield _at(day, each.since, zone), _at(day, each.until, zone)


def _at(day: date, minutes: int, zone: ZoneInfo) -> float:
    """What clocks show then; 24:00 is the next day's midnight."""
    whole, rest = divmod(minutes, DAY_MINUTES)
    local = datetime(day.year, day.month, day.day, rest // 60, rest % 60) + timedelta(days=whole)  # noqa: DTZ001 (its zone is set next)
    return local.replace(tzinfo=zone).timestamp()
