"""Where units come from: counted, so that an operator hears of clients that do not say whose requests they
send. What falls back to the key is one unit however many users are behind it, and is assigned as one.
"""

import logging
from collections.abc import Sequence

_log = logging.getLogger("tidegate.identity")

WINDOW_SECONDS = 600.0
ENOUGH_REQUESTS = 100
TOLERATED_SHARE = 0.2


class UnitSources:
    """Warns, once in a window, where more than the tolerated share of requests falls back to the key."""

    def __init__(self, rule: Sequence[str]) -> None:
        self._silent = all(place == "key" for place in rule)
        """The operator wants the key as the unit."""
        self._until = float("-inf")
        self._seen = 0
        self._by_key = 0
        self._told = False

    def note(self, source: str, now: float) -> None:
        """Count one request's source (`metadata`, `header` or `key`) at a time in seconds."""
        if now >= self._until:
            self._until = now + WINDOW_SECONDS
            self._seen = self._by_key = 0
            self._told = self._silent
        self._seen += 1
        if source == "key":
            self._by_key += 1
            if not self._told and self._seen >= ENOUGH_REQUESTS:
                self._judge()

    def _judge(self) -> None:
        if self._by_key <= self._seen * TOLERATED_SHARE:
            return
        self._told = True
        _log.warning(
            "many requests do not say whose they are, and all of a key's are then one unit: send "
            "`metadata.user_id` or the header `tidegate-unit`, or set identity.unit to what clients send",
            extra={"requests": self._seen, "by_key": self._by_key},
        )
