"""The command tree; a noun's module is imported only when that noun is called, so start-up stays short."""

import importlib
import sys

import typer

_NOUNS: dict[str, str] = {
    "config": "tidegate.cli.configure",
    "emulate": "tidegate.cli.emulate",
    "keys": "tidegate.cli.keys",
    "ledger": "tidegate.cli.ledger",
    "rollout": "tidegate.cli.rollout",
    "skill": "tidegate.cli.skill",
    "switch": "tidegate.cli.switch",
    "up": "tidegate.cli.up",
}
"""Each module has an `app: typer.Typer`; one whose callback is its only command is a plain command."""


def tree(called: str | None) -> typer.Typer:
    """The command tree: the called noun alone, or all of them where none is named (for --help)."""
    root = typer.Typer(
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        help="Run LLM Agent Skills in production: staged rollout, automatic rollback.",
    )
    for noun in [called] if called in _NOUNS else _NOUNS:
        root.add_typer(importlib.import_module(_NOUNS[noun]).app, name=noun)
    return root


def main() -> None:
    """Entry point of the `tidegate` command."""
    tree(sys.argv[1] if len(sys.argv) > 1 else None)()
