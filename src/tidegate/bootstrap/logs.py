"""Logs go to stderr: as text for people on a terminal, as JSON lines elsewhere."""

import logging
import sys
from typing import TextIO

from pythonjsonlogger.core import RESERVED_ATTRS, LogData
from pythonjsonlogger.json import JsonFormatter

_FIELDS = {
    "message": "event",
    "levelname": "level",
    "name": "logger",
    "exc_info": "exception",
    "stack_info": "stack",
}
"""What a record's own attributes are called in a line."""


def configure_logs(level: str, *, worker: int | None = None, into: TextIO | None = None) -> None:
    """Have all loggers write to stderr from this level on, as in "info".

    Each line of one of several workers says which. `into` takes the place of stderr.
    """
    stream = into or sys.stderr
    handler = logging.StreamHandler(stream)
    handler.setFormatter((TextLines if stream.isatty() else JsonLines)(worker))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for talkative in ("alembic", "asyncio", "uvicorn"):
        logging.getLogger(talkative).setLevel(logging.WARNING)


class JsonLines(JsonFormatter):
    """One JSON object a line: event, level, logger, timestamp (ISO, UTC), and all of the call's `extra`."""

    def __init__(self, worker: int | None = None) -> None:
        super().__init__(  # pyright: ignore[reportUnknownMemberType] its callables are typed bare
            ("message", "levelname", "name"),
            rename_fields=_FIELDS,
            static_fields={} if worker is None else {"worker": worker},
            reserved_attrs=[*RESERVED_ATTRS, "color_message"],  # uvicorn's same message once more, coloured
            timestamp=True,
            json_default=repr,
        )

    def process_log_record(self, log_data: LogData) -> LogData:
        """Write level and time as these logs always have."""
        log_data["level"] = log_data["level"].lower()
        log_data["timestamp"] = log_data["timestamp"].isoformat(timespec="microseconds")[:-6] + "Z"
        return log_data


class TextLines(JsonLines):
    """One line for people: time, level, event, all else as key=value; an exception stands below it."""

    def jsonify_log_record(self, log_data: LogData) -> str:
        """The same fields as text."""
        below = [log_data.pop(name) for name in ("exception", "stack") if name in log_data]
        first = [log_data.pop("timestamp"), f"{log_data.pop('level'):<7}", _one_line(log_data.pop("event"))]
        pairs = [f"{key}={_shown(value)}" for key, value in log_data.items()]
        return "\n".join([" ".join([*first, *pairs]), *below])


def _one_line(event: object) -> str:
    """What the event says, with what would move a terminal's cursor escaped."""
    return "".join(each if each.isprintable() else repr(each)[1:-1] for each in str(event))


def _shown(value: object) -> str:
    """Bare where that can be read as nothing else, quoted and escaped elsewhere."""
    bare = isinstance(value, str) and value.isprintable() and value and not set(value) & set(" '\"=")
    return str(value) if bare else repr(value)
