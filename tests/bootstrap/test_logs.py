"""Lines of the log: JSON for programs, text for people, nothing lost in either."""

import io
import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.bootstrap.logs import JsonLines, TextLines, configure_logs

MOMENT = 1_790_000_000.25


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def record(event: str = "it rains", /, **extra: object) -> logging.LogRecord:
    """A warning of `tidegate.sky` at MOMENT, as a logger makes it."""
    made = logging.getLogger("tidegate.sky").makeRecord(
        "tidegate.sky", logging.WARNING, "sky.py", 1, event, (), None, extra=extra
    )
    made.created = MOMENT
    return made


def failed(event: str = "it rains") -> logging.LogRecord:
    """The same, of an exception."""
    made = record(event)
    try:
        int("no umbrella")
    except ValueError:
        made.exc_info = sys.exc_info()
    return made


@pytest.fixture
def restored() -> Iterator[None]:
    """Leave the loggers as they were."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    root.handlers = handlers
    root.setLevel(level)


def test_a_line_is_one_json_object_with_every_key() -> None:
    said = JsonLines().format(record(drops=7, why="a cloud\nover us"))
    assert "\n" not in said
    assert json.loads(said) == {
        "event": "it rains",
        "level": "warning",
        "logger": "tidegate.sky",
        "timestamp": "2026-09-21T14:13:20.250000Z",
        "drops": 7,
        "why": "a cloud\nover us",
    }


def test_a_line_of_one_of_several_workers_says_which() -> None:
    assert json.loads(JsonLines(worker=0).format(record()))["worker"] == 0
    assert "worker=3" in TextLines(worker=3).format(record())


def test_an_exception_goes_with_its_line() -> None:
    told = json.loads(JsonLines().format(failed()))["exception"]
    assert told.startswith("Traceback (most recent call last):")
    assert told.endswith("'no umbrella'")
    first, second, *_, last = TextLines().format(failed()).splitlines()
    assert first == "2026-09-21T14:13:20.250000Z warning it rains logger=tidegate.sky"
    assert (second, last[-13:]) == ("Traceback (most recent call last):", "'no umbrella'")


@pytest.mark.parametrize(
    "value", [Path("/sky"), Decimal("0.1"), b"\xff", {1}, datetime(2026, 1, 1, tzinfo=UTC), object, 1j]
)
def test_what_json_has_no_type_for_is_told_as_python_writes_it(value: object) -> None:
    line = json.loads(JsonLines().format(record(value=value, values=[value])))
    assert (line["value"], line["values"]) == (repr(value), [repr(value)])


KEYS = st.from_regex(r"x[a-z_]{0,8}", fullmatch=True)
TEXT = st.text(st.characters())  # of lone surrogates too: names of files that are no UTF-8 have them
PLAIN = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT


@given(TEXT, st.dictionaries(KEYS, PLAIN | st.lists(PLAIN) | st.dictionaries(st.text(), PLAIN)))
def test_nothing_is_lost(event: str, extra: dict[str, object]) -> None:
    said = JsonLines().format(record(event, **extra))
    assert said.isascii()
    assert "\n" not in said
    line = json.loads(said)
    assert {key: line[key] for key in ("event", *extra)} == {"event": event, **extra}


@given(st.dictionaries(KEYS, PLAIN | st.lists(PLAIN)))
def test_a_value_neither_breaks_a_persons_line_nor_reaches_the_terminal_as_a_control(
    extra: dict[str, object],
) -> None:
    said = TextLines().format(record(**extra))
    assert said.isprintable()
    assert all(f" {key}=" in said for key in extra)


def test_an_event_reaches_no_terminal_as_a_control() -> None:
    line = TextLines().format(record("\x1b[2J wiped\nand forged"))
    assert "\\x1b[2J wiped\\nand forged" in line
    assert line.isprintable()


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("a-b.c", "a-b.c"),
        ("a b", "'a b'"),
        ("", "''"),
        ("a=b", "'a=b'"),
        ("\x1b[31m", r"'\x1b[31m'"),
        (7, "7"),
    ],
)
def test_people_see_values_bare_where_that_is_plain(value: object, shown: str) -> None:
    assert TextLines().format(record(value=value)).endswith(f" value={shown}")


@pytest.mark.usefixtures("restored")
@pytest.mark.parametrize(("stream", "start"), [(io.StringIO(), '{"event": "seen"'), (Terminal(), "20")])
def test_terminals_get_text_and_all_else_json(
    monkeypatch: pytest.MonkeyPatch, stream: io.StringIO, start: str
) -> None:
    monkeypatch.setattr(sys, "stderr", stream)
    configure_logs("info")
    logging.getLogger("tidegate.sky").debug("not seen")
    logging.getLogger("asyncio").info("not seen either")
    logging.getLogger("tidegate.sky").info("seen", extra={"drops": 7})
    (line,) = stream.getvalue().splitlines()
    assert line.startswith(start)
    assert "drops" in line


def test_what_a_gateway_imports_draws_nothing_on_terminals() -> None:
    """A renderer of terminals costs each process memory and start-up for not one line."""
    code = (
        "import sys, tidegate.cli.main, tidegate.cli.up, tidegate.cli.worker\n"
        "import tidegate.bootstrap.gateway, tidegate.bootstrap.workers.run\n"
        "print(sorted({'rich', 'pygments', 'structlog'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
