"""Values in a rollout spec: durations, percentages, counts, names, choices, each saying what it expects."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from difflib import get_close_matches
from typing import Generic, TypeVar

T = TypeVar("T")

_DURATION = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,3})?)(ms|s|m|h|d)")
_SECONDS = {
    "ms": Decimal("0.001"),
    "s": Decimal(1),
    "m": Decimal(60),
    "h": Decimal(3600),
    "d": Decimal(86400),
}
_PERCENT = re.compile(r"(-?[0-9]{1,6}(?:\.[0-9]{1,6})?) ?(%?)")
_NUMBER = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,6})?")
_COUNT = re.compile(r"[0-9]{1,12}")
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_LONGEST_SECONDS = Decimal(366 * 86400)


@dataclass(frozen=True, slots=True)
class Value(Generic[T]):
    """How one kind of value is read: `read` gives None where the text is not what it `expects`."""

    expects: str
    read: Callable[[str], T | None]
    words: tuple[str, ...] = ()
    """The allowed words, where there are only so many."""

    def refusal(self, found: str) -> str:
        """What is wrong with the text found."""
        near = get_close_matches(found, self.words, n=1)
        guess = f" (did you mean {near[0]!r}?)" if near else ""
        return f"found {found!r}{guess}; expected {self.expects}"


def duration(at_least: str = "0s") -> Value[float]:
    """A length of time in seconds, above zero or from `at_least` on, up to 366 days."""
    low = _seconds(at_least) or Decimal(0)

    def read(text: str) -> float | None:
        seconds = _seconds(text)
        fits = seconds is not None and max(low, Decimal("0.001")) <= seconds <= _LONGEST_SECONDS
        return float(seconds) if seconds is not None and fits else None

    return Value("a duration of more than nothing and at most 366d, such as 72h, 90d, 30s or 500ms", read)


def moment() -> Value[float]:
    """Seconds since a beginning, from none to 366 days."""

    def read(text: str) -> float | None:
        seconds = _seconds(text)
        return float(seconds) if seconds is not None and seconds <= _LONGEST_SECONDS else None

    return Value("a time since the beginning, at most 366d, such as 0h, 30h or 90m", read)


def basis_points(low: str, high: str) -> Value[int]:
    """A percentage of users as basis points; the sign may be left out: `5` and `5%` are 500."""

    def read(text: str) -> int | None:
        match = _PERCENT.fullmatch(text)
        if match is None:
            return None
        points = Decimal(match[1]) * 100
        fits = Decimal(low) * 100 <= points <= Decimal(high) * 100 and points == int(points)
        return int(points) if fits else None

    return Value(f"a percentage from {low} to {high} in steps of 0.01, such as 5 or 0.5%", read)


def ratio(low: str, high: str) -> Value[float]:
    """A percentage as a ratio; the sign is needed, since a bare 0.5 could mean either."""

    def read(text: str) -> float | None:
        match = _PERCENT.fullmatch(text)
        if match is None or not match[2]:
            return None
        percent = Decimal(match[1])
        return float(percent / 100) if Decimal(low) <= percent <= Decimal(high) else None

    return Value(f"a percentage from {low}% to {high}% with its sign, such as 2% or 0.5%", read)


def number(low: float, high: float) -> Value[float]:
    """A number within limits, as a decimal."""

    def read(text: str) -> float | None:
        found = _NUMBER.fullmatch(text)
        return float(text) if found and low <= float(text) <= high else None

    return Value(f"a number from {low:g} to {high:g}, such as {low:g} or 2.5", read)


def count(low: int, high: int) -> Value[int]:
    """A whole number within limits."""

    def read(text: str) -> int | None:
        digits = text.replace("_", "")
        return int(digits) if _COUNT.fullmatch(digits) and low <= int(digits) <= high else None

    return Value(f"a whole number from {low} to {high:,}", read)


def choice(*words: str) -> Value[str]:
    """One word of a few."""
    listed = ", ".join(words)
    expects = f"one of {listed}" if len(words) > 1 else listed
    return Value(expects, lambda text: text if text in words else None, words)


def exactly(word: str) -> Value[str]:
    """One fixed word."""
    return Value(f"{word!r}", lambda text: text if text == word else None, (word,))


NAME = Value(
    "1 to 63 characters of a-z, 0-9 and '-', neither first nor last a '-'",
    lambda text: text if _NAME.fullmatch(text) else None,
)

TEXT = Value(
    "text of 1 to 200 printable characters",
    lambda text: text if 0 < len(text) <= 200 and text.isprintable() and text == text.strip() else None,
)


def _version(text: str) -> int | None:
    if text == "latest":
        return 0
    return int(text) if _COUNT.fullmatch(text) and int(text) > 0 else None


VERSION = Value("a version number such as 3, or latest", _version, ("latest",))
"""A skill's version; 0 stands for the latest."""


def _seconds(text: str) -> Decimal | None:
    match = _DURATION.fullmatch(text)
    return Decimal(match[1]) * _SECONDS[match[2]] if match else None
