"""How commands speak: results on stdout (text or JSON), reasons on stderr, exit 0, 1 or 2."""

import asyncio
import sys
from collections.abc import Callable, Coroutine
from typing import TypeVar

import msgspec
import typer

from tidegate.domain.errors import TidegateError

T = TypeVar("T")


def emit_json(value: object) -> None:
    """Print one JSON document, indented for people, stable for programs."""
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(value), indent=2).decode() + "\n")


def emit_table(title: str, columns: tuple[str, ...], rows: list[tuple[str, ...]], *, empty: str) -> None:
    """Print rows under named columns; without any the line `empty` says so, and how to get the first."""
    if not rows:
        say(empty)
        return
    from tidegate.cli.paper import print_table  # noqa: PLC0415 (drawing takes long to load; JSON needs none)

    print_table(title, columns, rows)


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
