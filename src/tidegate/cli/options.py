"""Options that many commands share, and how the result of a change is told."""

import sys
from collections.abc import Mapping
from typing import Annotated, cast

import msgspec
import typer

from tidegate.cli.output import emit_json, say

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; kept in the history.")]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Tell what it would do, or be refused for; keep nothing.")
]


def say_listening(program: str, url: str, emulator: str = "", *, as_json: bool) -> None:
    """Print at once where a server listens: whoever started it waits for that line.

    `emulator` is where its emulated provider does, in the same document or on a line of its own.
    """
    document = {"url": url} | ({"emulator": emulator} if emulator else {})
    if as_json:
        say(msgspec.json.encode(document).decode())
    else:
        say(f"{program} listening on {url}")
        if emulator:
            say(f"the emulated provider is {emulator} (faults: PUT {emulator}/emulator/faults)")
    sys.stdout.flush()


class Laggard(msgspec.Struct, frozen=True):
    """A live process that did not confirm a change within the wait."""

    id: str
    revision: int
    seen_seconds_ago: float


def tell(document: object, text: str, *, as_json: bool) -> None:
    """Print a change's result; exit 1, naming them, where live processes have not taken it."""
    told = cast("Mapping[str, object]", document)
    text = f"dry run, nothing was changed; it would be: {text}" if told.get("dry_run") else text
    processes = told.get("processes")
    if as_json:
        emit_json(document)
    elif processes and not told.get("laggards"):
        say(f"{text}; confirmed by {processes} process{'es' if processes != 1 else ''}")
    else:
        say(text)
    for warning in msgspec.convert(told.get("warnings", []), list[str]):
        sys.stderr.write(f"tidegate: note: {warning}\n")
    laggards = told.get("laggards", [])
    slow = msgspec.convert(laggards, list[Laggard])
    for process in slow:
        sys.stderr.write(
            f"tidegate: process {process.id} has not confirmed it (serves revision {process.revision}, "
            f"seen {process.seen_seconds_ago:.1f} s ago); stop it if it must not serve the old state\n"
        )
    if slow:
        raise typer.Exit(1)
