"""Exchange ids: unique over processes, ordered by time."""

import os

PREFIX = "tgx_"
_RANDOM_BYTES = 10
_FETCHED = 400
"""Ids that bytes are fetched for at once."""


def exchange_id(now: float) -> str:
    """`tgx_` and 32 hex digits: 48 bits of milliseconds, then 80 random bits (as UUIDv7, RFC 9562).

    Text order is time order; `now` in epoch seconds.
    """
    return _worded(now, os.urandom(_RANDOM_BYTES).hex())


class ExchangeIds:
    """`exchange_id` for the request path.

    Random bytes are fetched for many ids at once: fetching lets go of the interpreter's lock, and a request
    would wait until the thread that took it, the ledger's for one, lets go of it again.
    """

    __slots__ = ("_at", "_random")

    def __init__(self) -> None:
        self._random, self._at = "", 0

    def __call__(self, now: float) -> str:
        """The next id; `now` in epoch seconds."""
        if self._at == len(self._random):
            self._random, self._at = os.urandom(_FETCHED * _RANDOM_BYTES).hex(), 0
        begin = self._at
        self._at = begin + 2 * _RANDOM_BYTES
        return _worded(now, self._random[begin : self._at])


def spread(identifier: str) -> float:
    """A number in [0, 1) fixed by the id, to keep exchanges from retrying in step."""
    return int(identifier[-4:], 16) / 16**4


def _worded(now: float, random: str) -> str:
    return f"{PREFIX}{int(now * 1000):012x}{random}"
