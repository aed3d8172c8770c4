"""The time zone that days are counted in."""

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tidegate.domain.errors import InvalidInput


def zone_of(name: str) -> ZoneInfo:
    """The zone of that name in the IANA data base; raises InvalidInput."""
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, ZoneInfoNotFoundError):
        raise InvalidInput(f'timezone {name!r}: write it as in "UTC" or "Europe/Berlin"') from None
