"""Unit events of sticky users: the first error of a step, and the first time that 3 of the last 5 failed.

Only errors are drawn; how many good answers a user had between two of his errors is drawn when the second
comes, which gives the same sequences as drawing every request.
"""

from collections import Counter
from collections.abc import Mapping, Sequence

from tidegate.domain.evidence import SHORT_WINDOW_SECONDS, UnitEvent, UnitEvents
from tidegate.domain.exchange import Arm
from tidegate.domain.steps import NEVER
from tidegate.domain.unit_state import RECENT, STREAK
from tidegate.rehearsal.draws import Draws

_MASK = (1 << RECENT) - 1


class Streaks:
    """One arm's users in one stage; `shares` is each user's share of the expected traffic.

    `counted`: what happens to many users at once is told as counts, which are judged alike and far sooner.
    Only where evidence comes in its order: of what overtakes other evidence the controller has to count.
    """

    def __init__(
        self, draws: Draws, shares: Mapping[int, float], since: float, *, counted: bool = False
    ) -> None:
        self._draws = draws
        self._shares = shares
        self._since = since
        self._recent: dict[int, tuple[int, float]] = {}
        self._told: dict[tuple[str, int], int] = {}
        self._first: dict[str, tuple[int, set[int]]] = {}
        self._counted = counted
        self._last: dict[str, dict[int, int]] = {}

    def events(
        self,
        arm: Arm,
        times: Sequence[float],
        users: Sequence[int],
        *,
        told: Sequence[float],
        per_second: float,
    ) -> list[UnitEvent]:
        """The events of errors at these times (seconds after the start, in order), new in their step.

        `told` are the times that the events bear.
        """
        found: list[UnitEvent] = []
        known = self._told
        for at, user, said_at in zip(times, users, told, strict=True):
            step = max(0, int((at - self._since) // SHORT_WINDOW_SECONDS))
            for kind in ("bad", "streak") if self._streak(user, at, per_second) else ("bad",):
                if known.get((kind, user), -1) < step:
                    known[kind, user] = step
                    found.append(UnitEvent(unit=str(user), arm=arm, kind=kind, step=step, at=said_at))
        return found

    def first(self, arm: Arm, kind: str, users: Sequence[int], at: float) -> list[UnitEvent]:
        """The events of a kind that happened to these users by `at`, new in their step."""
        step = max(0, int((at - self._since) // SHORT_WINDOW_SECONDS))
        told_in, told = self._first.get(kind, (step, set[int]()))
        if told_in != step:
            told = set[int]()
        new = set(users).difference(told)
        told.update(new)
        self._first[kind] = step, told
        if not self._counted:
            return [UnitEvent(unit=str(user), arm=arm, kind=kind, step=step, at=at) for user in sorted(new)]
        last = self._last.setdefault(kind, {})
        counts = Counter([last.get(user, NEVER) for user in new])
        last.update(dict.fromkeys(new, step))
        return [
            UnitEvents(unit="", arm=arm, kind=kind, step=step, at=at, units=units, before=before)
            for before, units in sorted(counts.items())
        ]

    def _streak(self, user: int, at: float, per_second: float) -> bool:
        recent, before = self._recent.get(user, (0, self._since))
        if recent:
            good = self._draws.poisson(self._shares[user] * per_second * max(0.0, at - before))
            recent = recent << min(good, RECENT)
        recent = (recent << 1 | 1) & _MASK
        self._recent[user] = recent, at
        return recent.bit_count() >= STREAK
