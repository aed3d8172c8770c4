"""When an upstream's key is read anew: before it ends, soon after a failure, early after a refusal.

And what an upstream said, without its key.
"""

from collections.abc import Iterable

REFRESH_SHARE = 0.8
"""Of its time: then a key is read anew, so that a new one is there before the old one ends."""

FIRST_WAIT_SECONDS = 1.0
LONGEST_WAIT_SECONDS = 60.0
"""After a failed reading: doubled with each further one."""

EARLY_SECONDS = 30.0
"""A refusal by the upstream causes one reading in so long, however many requests are refused."""

RENEWED_WITHIN_SECONDS = 5.0
"""So long after such a reading began, asking again may help."""


def next_reading(refresh: float | None, failures: int) -> float | None:
    """Seconds from a reading to the next; None: when the source has changed.

    `failures` is how many in a row have failed, this one included.
    """
    if failures:
        wait = min(FIRST_WAIT_SECONDS * 2.0 ** min(failures - 1, 30), LONGEST_WAIT_SECONDS)
        return wait if refresh is None else min(wait, refresh * REFRESH_SHARE)
    return None if refresh is None else refresh * REFRESH_SHARE


def may_read_early(now: float, asked_at: float | None) -> bool:
    """Whether a refusal may cause a reading; `asked_at` is when one last did."""
    return asked_at is None or now - asked_at >= EARLY_SECONDS


def without_keys(text: str, values: Iterable[bytes]) -> str:
    """What an upstream said, without the keys that these values of headers show to it.

    Whoever shortens the text does so afterwards: a part of a key is found no more.
    """
    for value in values:
        key = value.removeprefix(b"Bearer ").decode("latin-1")
        text = text.replace(key, "(the key)") if key else text
    return text
