"""How commands speak: results on stdout (text or JSON), reasons on stderr, exit 0, 1 or 2."""

import asyncio
import sys
from collections.abc import Callable, Coroutine
from typing import TypeVar

import msgspec
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from tidegate.domain.errors import TidegateError

T = TypeVar("T")

_UNBOUNDED = 10_000
"""Columns of a console that is no terminal; a table takes only what it needs."""


def emit_json(value: object) -> None:
    """Print one JSON document, indented for people, stable for programs."""
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(value), indent=2).decode() + "\n")


def emit_table(title: str, columns: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    """Print rows under named columns; an empty list still says what was looked for.

    Cells are text, never markup: reasons and names are people's own. What is too long is folded, not cut.
    """
    table = Table(title=Text(title), title_justify="left", header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    paper().print(table)


def paper() -> Console:
    """What tables are printed on; into a pipe nothing is shortened to a width: another program reads it."""
    return Console(soft_wrap=True, width=None if sys.stdout.isatty() else _UNBOUNDED)


def say(text: str) -> None:
    """Print one line of result for a person."""
    sys.stdout.write(text + "\n")


def run(
    work: Coroutine[object, object, T], *, loop_factory: Callable[[], asyncio.AbstractEventLoop] | None = None
) -> T:
    """Run a command to its end; a refusal is one line on stderr and exit 1; servers bring a faster loop."""
    try:
        with asyncio.Runner(loop_factory=loop_factory) as runner:
            return runner.run(work)
    except TidegateError as refusal:
        sys.stderr.write(f"tidegate: {refusal}\n")
        raise typer.Exit(1) from refusal
