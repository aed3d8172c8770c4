"""The command tree; a noun's module is imported only when that noun is called, so start-up stays short."""

import importlib
import sys
from importlib.metadata import version
from typing import Annotated

import typer

from tidegate.cli.output import say

_NOUNS: dict[str, str] = {
    "cache": "tidegate.cli.cache",
    "config": "tidegate.cli.configure",
    "costs": "tidegate.cli.costs",
    "emulate": "tidegate.cli.emulate",
    "keys": "tidegate.cli.keys",
    "load": "tidegate.cli.load",
    "ledger": "tidegate.cli.ledger",
    "quota": "tidegate.cli.quota",
    "rollout": "tidegate.cli.rollout",
    "route": "tidegate.cli.route",
    "skill": "tidegate.cli.skill",
    "switch": "tidegate.cli.switch",
    "up": "tidegate.cli.up",
}
"""Each module has an `app: typer.Typer`; one whose callback is its only command is a plain command."""


def _print_version(asked: bool) -> None:
    if asked:
        say(f"tidegate {version('tidegate')}")
        raise typer.Exit


def tree(called: str | None) -> typer.Typer:
    """The command tree: the called noun alone, or all of them where none is named (for --help)."""
    root = typer.Typer(
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        help="Run LLM Agent Skills in production: staged rollout, automatic rollback.",
    )
    root.callback()(_options)
    for noun in [called] if called in _NOUNS else _NOUNS:
        root.add_typer(importlib.import_module(_NOUNS[noun]).app, name=noun)
    return root


def _options(
    *,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """Run LLM Agent Skills in production: staged rollout, automatic rollback."""


def main() -> None:
    """Entry point of the `tidegate` command."""
    tree(sys.argv[1] if len(sys.argv) > 1 else None)()
