"""What the record says already: a hold is written when it says something new, and not every minute anew."""

from dataclasses import dataclass

from tidegate.control.decided import last_decided
from tidegate.domain.decision import Decision
from tidegate.domain.rollout import Rollout
from tidegate.ports import Rollouts

HOLD_SECONDS = 60.0
"""The least time between two holds on record of one stage: a cause that flips would fill the history."""

_Place = tuple[int, int]


@dataclass(frozen=True, slots=True)
class _Last:
    """The newest decision on record: its place (attempt, stage), what it said, and when."""

    place: _Place
    said: tuple[str, str]
    at: float


class Told:
    """The newest recorded decision of each running rollout, read from the store where it is not known."""

    def __init__(self, rollouts: Rollouts) -> None:
        self._rollouts = rollouts
        self._last: dict[str, _Last] = {}

    async def is_news(self, rollout: Rollout, decision: Decision, now: float) -> bool:
        """Whether a decision that changes nothing is to be recorded; numbers in its reason are no news."""
        last = self._last.get(rollout.name) or await self._read(rollout.name)
        if last is None or last.place != _place(rollout):
            return True
        return last.said != _said(decision) and not 0 <= now - last.at < HOLD_SECONDS

    def tell(self, rollout: Rollout, decision: Decision, now: float) -> None:
        """Remember what was recorded."""
        self._last[rollout.name] = _Last(_place(rollout), _said(decision), now)

    def forget(self, name: str | None = None) -> None:
        """Read the record again: of one rollout, or of all where another process has led meanwhile."""
        if name is None:
            self._last.clear()
        else:
            self._last.pop(name, None)

    async def _read(self, name: str) -> _Last | None:
        found = await last_decided(self._rollouts, name)
        if found is None:
            return None
        place = found.before.attempt, found.before.stage
        self._last[name] = _Last(place, _said(found.decision), found.at)
        return self._last[name]


def _place(rollout: Rollout) -> _Place:
    return rollout.attempt, rollout.stage


def _said(decision: Decision) -> tuple[str, str]:
    return decision.kind, decision.cause
