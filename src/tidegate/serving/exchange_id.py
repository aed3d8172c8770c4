"""Exchange ids: unique over processes, ordered by time."""

import base64
import os

PREFIX = "tgx_"


def exchange_id(now: float) -> str:
    """`tgx_` and 26 characters of 0-9a-v: 48 bits of milliseconds, then 80 random bits (as RFC 9562 UUIDv7).

    Text order is time order; `now` in epoch seconds.
    """
    raw = int(now * 1000).to_bytes(6, "big") + os.urandom(10)
    return PREFIX + base64.b32hexencode(raw)[:26].decode().lower()


def spread(identifier: str) -> float:
    """A number in [0, 1) fixed by the id, to keep exchanges from retrying in step."""
    return int(identifier[-4:], 32) / 32**4
