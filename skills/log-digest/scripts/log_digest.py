"""Group the lines of log files by message pattern and print what each group amounts to."""

import argparse
import gzip
import json
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

LEVELS = ("trace", "debug", "info", "notice", "warning", "error", "critical")
MAX_GROUPS = 20_000
MAX_LINE = 4_000
OTHER = "(other messages)"

_LEVEL_NAMES = {
    "trace": "trace",
    "debug": "debug",
    "info": "info",
    "information": "info",
    "notice": "notice",
    "warn": "warning",
    "warning": "warning",
    "error": "error",
    "err": "error",
    "severe": "error",
    "critical": "critical",
    "crit": "critical",
    "fatal": "critical",
    "panic": "critical",
    "alert": "critical",
    "emerg": "critical",
}
_LEVEL = re.compile(rf"(?<![\w-])({'|'.join(_LEVEL_NAMES)})(?![\w-])", re.IGNORECASE)
_TIME = re.compile(
    r"(?P<date>\d{4}-\d{2}-\d{2})[T ](?P<time>\d{2}:\d{2}:\d{2})(?:[.,](?P<fraction>\d{1,9}))?"
    r"(?P<zone>Z|[+-]\d{2}:?\d{2})?"
)
_CLOCK = re.compile(r"(?<![\d:.])(?P<time>\d{2}:\d{2}:\d{2})(?:[.,](?P<fraction>\d{1,9}))?(?![\d:])")
_CONTINUATION = re.compile(r"\s|Traceback \(most recent|Caused by:|\.\.\. \d+ more")

_MASKS = (
    (re.compile(r"\"[^\"]{0,500}\"|(?<!\w)'[^']{0,500}'(?!\w)"), "<text>"),
    (re.compile(r"\b[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\b"), "<uuid>"),
    (re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b"), "<ip>"),
    (re.compile(r"\b[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+\b"), "<mail>"),
    (re.compile(r"\b0x[0-9a-fA-F]+\b|\b(?=[a-fA-F]*\d)[0-9a-fA-F]{8,}\b"), "<hex>"),
    (re.compile(r"[-+]?\d+(?:[.,]\d+)*"), "<n>"),
)


@dataclass
class Group:
    """All messages of one pattern; times are epoch seconds."""

    level: str
    pattern: str
    example: str
    count: int = 0
    first: float | None = None
    last: float | None = None
    buckets: Counter[int] = field(default_factory=Counter)

    def add(self, at: float | None, bucket: int) -> None:
        self.count += 1
        if at is None:
            return
        self.first = at if self.first is None else min(self.first, at)
        self.last = at if self.last is None else max(self.last, at)
        self.buckets[int(at // bucket) * bucket] += 1


@dataclass
class Digest:
    """What a log amounts to."""

    bucket: int
    lines: int = 0
    messages: int = 0
    levels: Counter[str] = field(default_factory=Counter)
    groups: dict[tuple[str, str], Group] = field(default_factory=dict)

    def add(self, level: str, message: str, example: str, at: float | None) -> None:
        pattern = mask(message)
        key = (level, pattern)
        if key not in self.groups and len(self.groups) >= MAX_GROUPS:
            key, pattern, example = (level, OTHER), OTHER, OTHER
        group = self.groups.setdefault(key, Group(level, pattern, example))
        group.add(at, self.bucket)
        self.messages += 1
        self.levels[level] += 1

    def top(self, most: int) -> list[Group]:
        """Groups by severity, then count."""
        return sorted(self.groups.values(), key=lambda group: (-rank(group.level), -group.count))[:most]


def rank(level: str) -> int:
    """How severe a level is; a line without one ranks below all."""
    return LEVELS.index(level) if level in LEVELS else -1


def mask(message: str) -> str:
    """The message with its variable parts replaced, so that equal messages read alike."""
    for pattern, placeholder in _MASKS:
        message = pattern.sub(placeholder, message)
    return " ".join(message.split())


def parse_time(text: str) -> tuple[float, int, int] | None:
    """Epoch seconds of the first time in the text and its span; a bare clock time counts from 1970-01-01."""
    found = _TIME.search(text)
    date = found["date"] if found else "1970-01-01"
    zone = (found["zone"] or "") if found else ""
    found = found or _CLOCK.search(text)
    if found is None:
        return None
    try:
        moment = datetime.fromisoformat(f"{date}T{found['time']}")
        offset = datetime.fromisoformat(f"{date}T00:00:00{zone}").tzinfo or UTC
    except ValueError:
        return None
    fraction = float(f"0.{found['fraction']}") if found["fraction"] else 0.0
    return moment.replace(tzinfo=offset).timestamp() + fraction, found.start(), found.end()


def messages(lines: Iterable[str]) -> Iterator[tuple[str, float | None, str, str]]:
    """Level, time, message and original of each message; continuation lines belong to the one before."""
    for number, raw in enumerate(lines):
        line = raw.rstrip("\r\n")[:MAX_LINE]
        if not line.strip() or (number and _CONTINUATION.match(line)):
            continue
        found = parse_time(line[:200])
        at, rest = (found[0], line[: found[1]] + line[found[2] :]) if found else (None, line)
        level = _LEVEL.search(rest[:200])
        name = _LEVEL_NAMES[level[1].lower()] if level else "none"
        message = rest[: level.start()] + rest[level.end() :] if level else rest
        yield name, at, message.strip(" []|:-"), line


def digest(lines: Iterable[str], bucket: int, least: int, since: float | None, until: float | None) -> Digest:
    """Group messages of at least a level within [since, until); untimed ones only where no bound is set."""
    result = Digest(bucket)

    def counted() -> Iterator[str]:
        for line in lines:
            result.lines += 1
            yield line

    for level, at, message, original in messages(counted()):
        if rank(level) < least or not within(at, since, until):
            continue
        result.add(level, message, original, at)
    return result


def within(at: float | None, since: float | None, until: float | None) -> bool:
    """Whether a message lies in the asked period."""
    if at is None:
        return since is None and until is None
    return (since is None or at >= since) and (until is None or at < until)


def shown(at: float | None) -> str:
    """A time for people; the date is left out where the log has none."""
    if at is None:
        return "-"
    text = datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S")
    return text[11:] if text.startswith("1970-01-01") else text


def as_document(result: Digest, most: int) -> dict[str, object]:
    """The digest for programs; times in epoch seconds."""
    return {
        "lines": result.lines,
        "messages": result.messages,
        "levels": dict(result.levels),
        "groups": [
            {
                "level": group.level,
                "count": group.count,
                "first": group.first,
                "last": group.last,
                "busiest": max(group.buckets.values(), default=0),
                "busiest_at": max(group.buckets, key=group.buckets.get, default=None),
                "pattern": group.pattern,
                "example": group.example,
            }
            for group in result.top(most)
        ],
    }


def as_text(result: Digest, most: int) -> str:
    """The digest for people."""
    by_severity = [level for level in (*LEVELS[::-1], "none") if result.levels[level]]
    levels = ", ".join(f"{level} {result.levels[level]}" for level in by_severity)
    rows = [f"{result.lines} lines, {result.messages} messages: {levels or 'none that was asked for'}"]
    for group in result.top(most):
        busiest = max(group.buckets.values(), default=0)
        period = f"{shown(group.first)} .. {shown(group.last)}  (at most {busiest} in {result.bucket} s)"
        rows.append(f"\n{group.level:8} {group.count:>7} x  {period}")
        rows.append(f"  {group.pattern}")
        rows.append(f"  e.g. {group.example[:300]}")
    left = len(result.groups) - most
    if left > 0:
        rows.append(f"\n{left} more patterns; --top shows more")
    return "\n".join(rows)


def read(paths: list[str]) -> Iterator[str]:
    """The lines of all files in turn; `-` is standard input, and what is not UTF-8 is replaced."""
    for path in paths or ["-"]:
        if path == "-":
            yield from sys.stdin
            continue
        with opened(path) as file:
            yield from file


def opened(path: str) -> TextIO:
    """The file as text, unpacked where its name ends in .gz."""
    if path.endswith(".gz"):
        return gzip.open(path, "rt", encoding="utf-8", errors="replace")
    return Path(path).open(encoding="utf-8", errors="replace")


def moment(text: str) -> float:
    """A --since or --until value."""
    found = parse_time(text)
    if found is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no time; write 2026-01-31T12:00:00Z or 12:00:00")
    return found[0]


def positive(text: str) -> int:
    """A whole number above 0."""
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0")
    return int(text)


def options(arguments: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*", metavar="FILE", help="logs, .gz too; - or none: standard input")
    parser.add_argument("--json", action="store_true", help="print JSON instead of text")
    parser.add_argument("--top", type=positive, default=25, help="groups to show (25)")
    parser.add_argument("--bucket", type=positive, default=60, help="seconds of the bucket for bursts (60)")
    parser.add_argument("--level", choices=LEVELS, help="only messages of at least this level")
    parser.add_argument("--since", type=moment, help="only messages from this time on")
    parser.add_argument("--until", type=moment, help="only messages before this time")
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    """Print the digest; 1 where a file cannot be read."""
    asked = options(arguments)
    least = rank(asked.level) if asked.level else -1
    try:
        result = digest(read(asked.files), asked.bucket, least, asked.since, asked.until)
    except (OSError, EOFError) as error:
        sys.stderr.write(f"log_digest: cannot read: {error}\n")
        return 1
    text = json.dumps(as_document(result, asked.top), indent=2) if asked.json else as_text(result, asked.top)
    sys.stdout.write(f"{text}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
