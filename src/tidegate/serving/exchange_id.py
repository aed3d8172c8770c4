"""Exchange ids: unique over processes, ordered by time."""

import os

PREFIX = "tgx_"


def exchange_id(now: float) -> str:
    """`tgx_` and 32 hex digits: 48 bits of milliseconds, then 80 random bits (as UUIDv7, RFC 9562).

    Text order is time order; `now` in epoch seconds.
    """
    return f"{PREFIX}{int(now * 1000):012x}{os.urandom(10).hex()}"


def spread(identifier: str) -> float:
    """A number in [0, 1) fixed by the id, to keep exchanges from retrying in step."""
    return int(identifier[-4:], 16) / 16**4
