"""The command tree; a noun's module is imported when the noun is called, so start-up stays short."""

import importlib
from importlib.metadata import version
from typing import Annotated, NamedTuple

import typer
from typer.core import TyperGroup
from typer.main import get_group

from tidegate.cli.output import say


class Noun(NamedTuple):
    """Where a noun's commands are, and the line that says what they are for."""

    module: str
    help: str


NOUNS: dict[str, Noun] = {
    "audit": Noun("tidegate.cli.audit", "Try the attack catalogue on this installation."),
    "cache": Noun("tidegate.cli.cache", "The result cache: answers that are given again."),
    "config": Noun("tidegate.cli.configure", "Show the configuration."),
    "costs": Noun("tidegate.cli.costs", "What was used and what it cost, from the ledger."),
    "emulate": Noun(
        "tidegate.cli.emulate",
        "Run an emulated provider: Anthropic's Messages, Models and Skills APIs, OpenAI's chat completions.",
    ),
    "keys": Noun("tidegate.cli.keys", "Access keys: client, publisher, operator, viewer."),
    "load": Noun(
        "tidegate.cli.load",
        "Load a gateway, timed from when each request was due, and judge it by its promises.",
    ),
    "ledger": Noun("tidegate.cli.ledger", "The ledger: every exchange and what came of it."),
    "quota": Noun("tidegate.cli.quota", "Quotas: requests and tokens a minute, dollars a day."),
    "rehearse": Noun(
        "tidegate.cli.rehearse",
        "Rehearse a rollout: the real decisions on simulated traffic and a virtual clock.",
    ),
    "report": Noun("tidegate.cli.report", "Reports of a day, a stage, a whole rollout or a week."),
    "rollout": Noun("tidegate.cli.rollout", "Staged rollouts: start, watch, promote, undo."),
    "route": Noun("tidegate.cli.route", "Model routing by the skills' effectiveness."),
    "skill": Noun(
        "tidegate.cli.skill", "Skills: validate, scan, publish, list, revoke, sync, match and more."
    ),
    "switch": Noun("tidegate.cli.switch", "The kill switch: skills off at once, and on again."),
    "tune": Noun("tidegate.cli.tune", "Propose a variant's settings from the ledger, and rehearse them."),
    "up": Noun("tidegate.cli.up", "Run the gateway."),
}
"""Each module has an `app: typer.Typer` with the same help; one whose callback is its only command is a
plain command."""


class LazyNouns(TyperGroup):
    """Lists every noun by its line in NOUNS, and imports a noun's commands when it is called or completed."""

    def resolve_command(  # pyright: ignore[reportIncompatibleMethodOverride] the base names a private type
        self, ctx: typer.Context, args: list[str]
    ) -> tuple[str | None, TyperGroup | None, list[str]]:
        """As the group's own, with the noun's real commands in place of its line."""
        name, line, rest = super().resolve_command(ctx, args)
        if name is None or line is None:
            return None, None, rest
        return name, get_group(importlib.import_module(NOUNS[name].module).app), rest


def _print_version(asked: bool) -> None:
    if asked:
        say(f"tidegate {version('tidegate')}")
        raise typer.Exit


def tree() -> typer.Typer:
    """The command tree, whose nouns are still to be imported."""
    root = typer.Typer(
        cls=LazyNouns,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        help="Run LLM Agent Skills in production: staged rollout, automatic rollback.",
    )
    root.callback()(_options)
    for name, noun in NOUNS.items():
        root.add_typer(typer.Typer(help=noun.help), name=name)
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
    tree()()
