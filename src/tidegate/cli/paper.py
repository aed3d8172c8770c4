"""What tables are printed on."""

import sys

from rich.console import Console
from rich.table import Table
from rich.text import Text

_UNBOUNDED = 10_000
"""Columns of a console that is no terminal; a table takes only what it needs."""


def print_table(title: str, columns: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    """Print rows under named columns.

    Cells are text, never markup: reasons and names are people's own. What is too long is folded, not cut.
    """
    table = Table(title=Text(title), title_justify="left", header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    paper().print(table)


def paper() -> Console:
    """A console; into a pipe nothing is shortened to a width: another program reads it."""
    return Console(soft_wrap=True, width=None if sys.stdout.isatty() else _UNBOUNDED)
