"""Times as the control API writes and reads them: RFC 3339 in UTC, to the millisecond."""

import math
from datetime import UTC, datetime

from tidegate.domain.errors import InvalidInput


def rfc3339(at: float) -> str:
    """Epoch seconds as `2026-01-31T12:00:00.000Z`."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def rfc3339_or_none(at: float | None) -> str | None:
    """The same, keeping None (and the 0 of a time that has not come) as None."""
    return rfc3339(at) if at else None


def epoch(text: str, *, name: str) -> float:
    """Epoch seconds from RFC 3339, a bare date (midnight UTC) or plain epoch seconds; raises InvalidInput."""
    number = _number(text)
    at = _moment(text) if number is None else number
    if at is None:
        raise InvalidInput(
            f"{name}: {text!r} is no time; write 2026-01-31T12:00:00Z, 2026-01-31 or epoch seconds"
        )
    return at


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _moment(text: str) -> float | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
