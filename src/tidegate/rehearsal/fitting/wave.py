"""The height of the daily wave: the first harmonic of when requests came, over whole days (UTC)."""

import cmath
import math
from collections import defaultdict
from collections.abc import Sequence

from tidegate.domain.census import Hour
from tidegate.rehearsal.profile import DAY

_HOURS = 24


def whole_days(hours: Sequence[Hour], since: float, until: float) -> dict[int, list[Hour]]:
    """By day, the hours of every day that lies within [since, until); one without a request is empty."""
    first, end = math.ceil(since / DAY), math.floor(until / DAY)
    found: dict[int, list[Hour]] = {day: [] for day in range(first, end)}
    for hour in hours:
        day = int(hour.start // DAY)
        if day in found:
            found[day].append(hour)
    return found


def fit_wave(days: dict[int, list[Hour]]) -> float:
    """The height, from 0 to 1, whenever of the day its top is.

    Twice the length of the mean direction (Fisher, "Statistical Analysis of Circular Data", 1993), less what
    chance alone gives so many requests, and made up for what an hour's width takes.
    """
    by_hour: dict[int, int] = defaultdict(int)
    for hours in days.values():
        for hour in hours:
            by_hour[int(hour.start % DAY) // 3600] += hour.requests
    total = sum(by_hour.values())
    if not total:
        return 0.0
    turn = 2 * math.pi / _HOURS
    direction = sum(count * cmath.exp(1j * turn * (at + 0.5)) for at, count in by_hour.items())
    width = math.sin(turn / 2) / (turn / 2)
    square = max(0.0, abs(direction) ** 2 - total) / total**2
    return min(1.0, 2 * math.sqrt(square) / width)
