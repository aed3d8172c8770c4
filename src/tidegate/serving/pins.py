"""Conversations that a step must not move: which side each one is on, remembered for a while."""

from collections import OrderedDict

_Pin = tuple[str, int, int, str]


class Pins:
    """A bounded map from (rollout, attempt, stage, conversation) to its side; times in epoch seconds."""

    def __init__(self, *, at_most: int, seconds: float) -> None:
        self._at_most = at_most
        self.seconds = seconds
        self._pins: OrderedDict[_Pin, tuple[bool, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._pins)

    def side(self, pin: _Pin, now: float) -> bool | None:
        """True where it is on the new side, False on the old one, None where nothing is known any more."""
        found = self._pins.get(pin)
        return found[0] if found is not None and now < found[1] else None

    def put(self, pin: _Pin, new_side: bool, now: float) -> None:
        """Remember a side from now on; the pin that was put longest ago gives way beyond the bound."""
        self._pins[pin] = (new_side, now + self.seconds)
        self._pins.move_to_end(pin)
        while self._pins and self._past(now):
            self._pins.popitem(last=False)

    def _past(self, now: float) -> bool:
        """The oldest pin has to go: there are too many, or its time is over."""
        return len(self._pins) > self._at_most or next(iter(self._pins.values()))[1] <= now
