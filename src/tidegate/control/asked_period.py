"""A period as people ask for it: from a time, or for so long, until a time or now."""

from tidegate.control.spec_value import duration
from tidegate.control.timestamp import epoch
from tidegate.domain.errors import InvalidInput

USUAL = "7d"

_LENGTH = duration()


def asked_period(since: str | None, until: str | None, now: float) -> tuple[float, float]:
    """[since, until) in epoch seconds; `since` is a time, or a length such as 7d before `until` (else now).

    What has not come yet is no part of it. Raises InvalidInput.
    """
    end = now if until is None else min(now, epoch(until, name="until"))
    length = _LENGTH.read(since or USUAL)
    begin = epoch(since or USUAL, name="since (a length such as 7d, or)") if length is None else end - length
    if begin >= end:
        raise InvalidInput(f"since {since} is not before until {until or 'now'}; name an earlier time")
    return begin, end
