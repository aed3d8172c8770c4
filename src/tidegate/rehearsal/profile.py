"""When requests come: the expected number between two moments."""

import math
from bisect import bisect_left
from collections.abc import Sequence
from typing import Protocol

from tidegate.rehearsal.scenario import Traffic

DAY = 86_400.0


class Profile(Protocol):
    """Arrivals by time; seconds after the start."""

    def between(self, begin: float, end: float) -> float:
        """How many requests are expected in [begin, end)."""
        ...


class Wave:
    """A steady rate, with a daily wave of height `diurnal`: the day begins at its mean, rising."""

    def __init__(self, traffic: Traffic) -> None:
        self._per_second = traffic.per_minute / 60
        self._height = traffic.diurnal * DAY / (2 * math.pi)

    def between(self, begin: float, end: float) -> float:
        """Where nothing waves, rate times time."""
        seconds = end - begin
        if self._height:
            turn = 2 * math.pi / DAY
            seconds += self._height * (math.cos(turn * begin) - math.cos(turn * end))
        return self._per_second * seconds


class Repeated:
    """A trace's arrivals over and over, scaled to a mean rate: `times` in any order, in seconds."""

    def __init__(self, traffic: Traffic, times: Sequence[float]) -> None:
        first = min(times)
        self._times = sorted(each - first for each in times)
        count = len(self._times)
        self._period = self._times[-1] * (1 + 1 / max(1, count - 1)) or 1.0
        self._scale = traffic.per_minute / 60 * self._period / count

    def between(self, begin: float, end: float) -> float:
        """The trace's own count there, scaled."""
        return self._scale * (self._until(end) - self._until(begin))

    def _until(self, at: float) -> int:
        rounds, rest = divmod(at, self._period)
        return int(rounds) * len(self._times) + bisect_left(self._times, rest)


def profile(traffic: Traffic, times: Sequence[float] = ()) -> Profile:
    """The trace's, where there is one."""
    return Repeated(traffic, times) if times else Wave(traffic)
