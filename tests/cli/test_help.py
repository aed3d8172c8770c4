"""Every `--help` reads right: what may be given, and no command where there is none."""

import importlib

import pytest
from typer.core import TyperGroup
from typer.main import get_group
from typer.testing import CliRunner

from tidegate.cli.main import NOUNS, tree


def commands(group: TyperGroup, path: tuple[str, ...]) -> list[tuple[str, ...]]:
    """The group, and everything below it."""
    found = [path]
    for name, each in group.commands.items():
        below = isinstance(each, TyperGroup)
        found += commands(each, (*path, name)) if below else [(*path, name)]
    return found


ALL = [
    path
    for noun, line in NOUNS.items()
    for path in commands(get_group(importlib.import_module(line.module).app), (noun,))
]


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_the_usage_line_says_what_may_be_given(path: tuple[str, ...]) -> None:
    done = CliRunner().invoke(tree(), [*path, "--help"], env={"COLUMNS": "200"})
    assert done.exit_code == 0
    (usage,) = [line.strip() for line in done.stdout.splitlines() if "Usage:" in line]
    told = usage.split("[OPTIONS]")[1]
    below = any(other[: len(path)] == path and other != path for other in ALL)
    assert ("COMMAND" in told) == below
    assert told == told.upper()
    assert "[[" not in told and "......" not in told


@pytest.mark.parametrize(
    ("noun", "said"),
    [
        ("emulate", "chat completions"),
        ("emulate", "Skills"),
        ("load", "TIDEGATE_CLIENT_KEY"),
        ("up", "SIGHUP"),
    ],
)
def test_help_says_what_it_is_for(noun: str, said: str) -> None:
    shown = CliRunner().invoke(tree(), [noun, "--help"], env={"COLUMNS": "200"}).stdout
    assert said in shown
