"""A value in the words of the configuration: with the unit that its setting is written with."""

import re

from tidegate.config.settings import Entry

_DURATION = re.compile(r"\d+(?:\.\d+)?(?:ms|s|m|h|d)")
_SIZE = re.compile(r"\d+(?:B|KiB|MiB|GiB|kB|KB|MB|GB)")
_SECONDS = (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000))
_BYTES = (("GiB", 2**30), ("GB", 10**9), ("MiB", 2**20), ("MB", 10**6), ("KiB", 2**10), ("kB", 10**3))


def as_written(entry: Entry, value: object) -> object:
    """A duration or a size as a text that the setting would take; anything else as it is."""
    if isinstance(value, float) and _DURATION.fullmatch(entry.written):
        return duration_text(value)
    if isinstance(value, int) and _SIZE.fullmatch(entry.written):
        return size_text(value)
    return value


def duration_text(seconds: float) -> str:
    """The largest unit that says it in whole numbers."""
    milliseconds = round(seconds * 1000)
    if abs(milliseconds / 1000 - seconds) > 1e-9:
        return f"{seconds!r}s"
    for unit, size in _SECONDS:
        if milliseconds and milliseconds % size == 0:
            return f"{milliseconds // size}{unit}"
    return f"{milliseconds}ms" if milliseconds else "0s"


def size_text(count: int) -> str:
    """The largest unit that says it in whole numbers."""
    for unit, size in _BYTES:
        if count and count % size == 0:
            return f"{count // size}{unit}"
    return f"{count}B"
