"""How many requests count in a window step, at most so many a user: when heavy users reach the cap."""

from collections.abc import Sequence

from tidegate.domain.evidence import CAP_PER_UNIT, LONG_WINDOW_SECONDS, SHORT_WINDOW_SECONDS
from tidegate.rehearsal.draws import Draws

_HEAVY = 0.4
"""Users of whom fewer than this part of the cap is expected in a step do not reach it (once in 10⁸)."""


class Capped:
    """One arm in one stage; `shares` of its users in the expected traffic, the busiest first."""

    def __init__(self, draws: Draws, shares: Sequence[float], since: float) -> None:
        self._steps = tuple(
            _Step(draws, shares, since, seconds) for seconds in (SHORT_WINDOW_SECONDS, LONG_WINDOW_SECONDS)
        )

    def of(self, count: int, at: float, per_second: float) -> tuple[int, int]:
        """Of `count` requests at `at`, those that count in the short and in the long step."""
        short, long = self._steps
        return short.of(count, at, per_second), long.of(count, at, per_second)


class _Step:
    """The newest step of one length."""

    def __init__(self, draws: Draws, shares: Sequence[float], since: float, seconds: int) -> None:
        self._draws = draws
        self._shares = shares
        self._total = sum(shares)
        self._since = since
        self._seconds = seconds
        self._step = -1
        self._reaching: list[tuple[float, float]] = []
        self._over = 0.0

    def of(self, count: int, at: float, per_second: float) -> int:
        """How many of `count` requests are of users that have not reached the cap in this step."""
        step, within = divmod(max(0.0, at - self._since), self._seconds)
        if step != self._step:
            self._step = step
            self._open(per_second)
        while self._reaching and self._reaching[-1][0] <= within:
            self._over += self._reaching.pop()[1]
        return self._draws.binomial(count, 1 - self._over / self._total) if self._over else count

    def _open(self, per_second: float) -> None:
        """Draw when each heavy user will reach the cap: the time of his last request that counts."""
        self._over, reaching = 0.0, list[tuple[float, float]]()
        for share in self._shares:
            rate = share * per_second
            if rate * self._seconds < _HEAVY * CAP_PER_UNIT:
                break
            reached = self._draws.gamma(CAP_PER_UNIT) / rate
            if reached < self._seconds:
                reaching.append((reached, share))
        self._reaching = sorted(reaching, reverse=True)
