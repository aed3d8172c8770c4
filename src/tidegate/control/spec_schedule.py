"""The schedule of a rollout spec: working hours and freezes, in a time zone."""

import re
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from yaml.nodes import Node

from tidegate.control.spec_node import Block, Problems
from tidegate.control.spec_value import TEXT, Value
from tidegate.domain.schedule import ALWAYS, DAY_MINUTES, DAYS, Freeze, Hours, Schedule

MOST_FREEZES = 100
MOST_HOURS = 50
LAST_YEAR = 9000
"""Later than this no calendar is asked for; nobody plans so far."""

_HOURS = re.compile(
    r"([A-Z][a-z]{2})(?:-([A-Z][a-z]{2}))? ([0-2][0-9]):([0-5][0-9])-([0-2][0-9]):([0-5][0-9])"
)


def read_schedule(body: Block, problems: Problems) -> Schedule:
    """When the rollout may go on; always, where the spec has none."""
    block = body.block("schedule")
    if block is None:
        return ALWAYS
    block.only("hours", "timezone", "freeze")
    zone = block.read("timezone", ZONE, "UTC")
    nodes = block.nodes("freeze")
    if len(nodes) > MOST_FREEZES:
        problems.add(block.where("freeze"), f"has {len(nodes)} entries; expected at most {MOST_FREEZES}")
    hours = block.texts("hours", HOURS, ())
    if len(hours) > MOST_HOURS:
        problems.add(block.where("hours"), f"has {len(hours)} entries; expected at most {MOST_HOURS}")
    return Schedule(
        hours=tuple(found for text in hours[:MOST_HOURS] if (found := hours_of(text))),
        freezes=tuple(_freeze(node, path, zone, problems) for path, node in nodes[:MOST_FREEZES]),
        timezone=zone,
    )


def hours_of(text: str) -> Hours | None:
    """Hours as `Mon-Fri 09:00-17:00`; a week may be gone round (`Sat-Mon`), a day may not."""
    found = _HOURS.fullmatch(text)
    if found is None:
        return None
    first, last = found[1], found[2] or found[1]
    if first not in DAYS or last not in DAYS:
        return None
    count = (DAYS.index(last) - DAYS.index(first)) % 7 + 1
    days = tuple(sorted((DAYS.index(first) + n) % 7 for n in range(count)))
    since, until = (60 * int(found[n]) + int(found[n + 1]) for n in (3, 5))
    return Hours(days, since, until) if since < until <= DAY_MINUTES else None


def _hours_text(text: str) -> str | None:
    return text if hours_of(text) else None


def _zone(text: str) -> str | None:
    try:
        ZoneInfo(text)
    except (ValueError, OSError, ZoneInfoNotFoundError):
        return None
    return text


HOURS = Value("days and hours, such as Mon-Fri 09:00-17:00 or Sat 10:00-24:00", _hours_text)
ZONE = Value("a name of the IANA time zone data base, such as UTC or Europe/Berlin", _zone)


def _freeze(node: Node, path: str, zone: str, problems: Problems) -> Freeze:
    block = Block(node, path, problems)
    block.only("from", "until", "why")
    when = Value(
        "a day or a minute, such as 2026-12-19 or 2026-12-19 18:00", lambda text: _moment(text, zone)
    )
    since = block.read("from", when, 0.0, required=True)
    until = block.read("until", when, 0.0, required=True)
    if since and until and until <= since:
        problems.add(block.where("until"), "is not after `from`: it is the first moment that is free again")
    return Freeze(since, until, block.read("why", TEXT, ""))


def _moment(text: str, zone: str) -> float | None:
    for form in ("%Y-%m-%d", "%Y-%m-%d %H:%M"):
        try:
            found = datetime.strptime(text, form).replace(tzinfo=ZoneInfo(zone))
            return found.timestamp() if 1970 < found.year < LAST_YEAR else None
        except (ValueError, OverflowError):
            continue
    return None
