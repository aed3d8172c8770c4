"""What a configured value may look like: each parser takes TOML's value or an environment's text.

A parser raises ValueError with what is allowed, worded to follow "must be".
"""

import re
from collections.abc import Callable
from typing import TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

V = TypeVar("V", int, float)

_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_SIZE = re.compile(r"(\d+)(B|KiB|MiB|GiB|kB|KB|MB|GB)")
_BYTES = {
    "B": 1,
    "KiB": 2**10,
    "MiB": 2**20,
    "GiB": 2**30,
    "kB": 10**3,
    "KB": 10**3,
    "MB": 10**6,
    "GB": 10**9,
}
_TRUTH = {"true": True, "on": True, "1": True, "false": False, "off": False, "0": False}


def text(value: object) -> str:
    """Any text."""
    if isinstance(value, str):
        return value
    raise ValueError('a text in quotes, as in "…"')


def duration(value: object) -> float:
    """Seconds, from a text with its unit; a bare number is refused, since its unit would be a guess."""
    match = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError('a duration with its unit, as in "250ms", "10s", "5m", "72h" or "30d"')
    return float(match[1]) * _SECONDS[match[2]]


def size(value: object) -> int:
    """Bytes, from a text with its unit."""
    match = _SIZE.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError('a size with its unit, as in "64KiB", "32MB" or "1GB"')
    return int(match[1]) * _BYTES[match[2]]


def whole(value: object) -> int:
    """A whole number; text of digits where it comes from the environment or a flag."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,18}", value):
        return int(value)
    raise ValueError("a whole number")


def truth(value: object) -> bool:
    """true or false."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in _TRUTH:
        return _TRUTH[value.lower()]
    raise ValueError("true or false")


def names(value: object) -> tuple[str, ...]:
    """A list of texts; from the environment they are separated by commas."""
    if isinstance(value, str):
        return tuple(item.strip() for item in value.split(",") if item.strip())
    if isinstance(value, list):
        items: list[object] = list(value)  # pyright: ignore[reportUnknownArgumentType] TOML lists are untyped
        return tuple(text(item) for item in items)
    raise ValueError('a list of texts, as in ["a", "b"]')


def argv(value: object) -> tuple[str, ...]:
    """A program and its arguments as a list of texts; nothing where it is empty text. No shell reads it."""
    if isinstance(value, str):
        if value:
            raise ValueError(
                'a list of program and arguments, as in ["vault", "read", "…"]: no shell reads it'
            )
        return ()
    words = names(value)
    if not words or not words[0] or any("\0" in word for word in words):
        raise ValueError("a list that begins with a program, without NUL characters")
    return words


def choice(*allowed: str) -> Callable[[object], str]:
    """One of a closed set."""

    def parse(value: object) -> str:
        if value not in allowed:
            raise ValueError("one of " + ", ".join(f'"{item}"' for item in allowed))
        return str(value)

    return parse


def some_of(*allowed: str) -> Callable[[object], tuple[str, ...]]:
    """A list without repetition out of a closed set."""

    def parse(value: object) -> tuple[str, ...]:
        chosen = names(value)
        if not chosen or len(set(chosen)) != len(chosen) or not set(chosen) <= set(allowed):
            raise ValueError("a list of one or more of " + ", ".join(f'"{item}"' for item in allowed))
        return chosen

    return parse


def between(low: V, high: V, parse: Callable[[object], V]) -> Callable[[object], V]:
    """Bounds on top of another parser, both included."""

    def bounded(value: object) -> V:
        number = parse(value)
        if not low <= number <= high:
            raise ValueError(f"between {low:g} and {high:g}")
        return number

    return bounded


def sized(low: str, high: str) -> Callable[[object], int]:
    """A size between two written ones, both included."""
    least, most = size(low), size(high)

    def bounded(value: object) -> int:
        number = size(value)
        if not least <= number <= most:
            raise ValueError(f"between {low} and {high}")
        return number

    return bounded


def lasting(low: str, high: str) -> Callable[[object], float]:
    """A duration between two written ones, both included."""
    shortest, longest = duration(low), duration(high)

    def bounded(value: object) -> float:
        seconds = duration(value)
        if not shortest <= seconds <= longest:
            raise ValueError(f"between {low} and {high}")
        return seconds

    return bounded


def url(*schemes: str) -> Callable[[object], str]:
    """An absolute URL with one of these schemes and a host."""

    def parse(value: object) -> str:
        given = text(value)
        parts = urlsplit(given)
        if parts.scheme not in schemes or not parts.hostname:
            raise ValueError("a URL as in " + " or ".join(f'"{scheme}://host"' for scheme in schemes))
        return given.rstrip("/")

    return parse


def valkey_url(value: object) -> str:
    """The address of a Valkey server, or nothing; its path is the number of a database."""
    given = text(value)
    if not given:
        return ""
    try:
        parts = urlsplit(given)
        known = parts.scheme in ("valkey", "valkeys") and parts.hostname and (parts.port or 1)
    except ValueError:
        known = False
    else:
        known = known and re.fullmatch(r"(/[0-9]{0,6})?", parts.path) and not parts.query
    if not known:
        raise ValueError('an address as in "valkey://host:6379" or "valkeys://user:password@host/0"')
    return given


def rate(value: object) -> float:
    """A price: US dollars per million tokens, not negative."""
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e6:
        return float(value)
    raise ValueError("a number of US dollars per million tokens, as in 3.0")


def limit(parse: Callable[[object], V], least: V) -> Callable[[object], V | None]:
    """A number from `least` on, or `none` for no limit, which is None."""

    def limited(value: object) -> V | None:
        if value == "none":
            return None
        try:
            number = parse(value)
        except ValueError as wrong:
            raise ValueError(f'{wrong}, or "none"') from None
        if number < least:
            raise ValueError(f'{least:g} or more, or "none"')
        return number

    return limited


def dollars(value: object) -> float:
    """An amount of US dollars; text where it comes from the environment."""
    text_of = value if isinstance(value, str) else None
    if text_of is not None and re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", text_of):
        return float(text_of)
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e9:
        return float(value)
    raise ValueError("an amount of US dollars, as in 25 or 0.5")


def clock_time(value: object) -> str:
    """A time of day as a clock shows it, or `off`; kept as it is written."""
    given = text(value)
    if given != "off" and not re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]", given):
        raise ValueError('a time of day, as in "07:00", or "off"')
    return given


def timezone(value: object) -> str:
    """A name of the IANA time zone database."""
    name = text(value)
    try:
        ZoneInfo(name)
    except (ValueError, OSError, ZoneInfoNotFoundError):
        raise ValueError('a time zone, as in "UTC" or "Europe/Berlin"') from None
    return name
