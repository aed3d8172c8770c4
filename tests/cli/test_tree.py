"""The command tree knows its nouns by a table, and imports only the one that is called."""

import importlib
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tidegate.cli.main import NOUNS, tree

TIDEGATE = Path(sys.executable).with_name("tidegate")


@pytest.mark.parametrize("noun", NOUNS)
def test_the_line_of_a_noun_is_its_own_help(noun: str) -> None:
    assert importlib.import_module(NOUNS[noun].module).app.info.help == NOUNS[noun].help


def test_help_lists_every_noun_and_imports_none() -> None:
    code = (
        "import sys; from tidegate.cli.main import NOUNS, main; sys.argv = ['tidegate', '--help']\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "sys.exit(any(noun.module in sys.modules for noun in NOUNS.values()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert [noun for noun in NOUNS if f" {noun} " not in done.stdout] == []


@pytest.mark.parametrize(
    ("typed", "offered"),
    [("tidegate ro", {"rollout", "route"}), ("tidegate rollout st", {"start", "status"})],
)
def test_nouns_and_their_verbs_are_completed(typed: str, offered: set[str]) -> None:
    done = CliRunner().invoke(
        tree(),
        prog_name="tidegate",
        env={
            "_TIDEGATE_COMPLETE": "complete_bash",
            "COMP_WORDS": typed,
            "COMP_CWORD": str(len(typed.split()) - 1),
        },
    )
    assert set(done.output.split()) == offered


def test_a_noun_that_is_near_is_named() -> None:
    done = CliRunner().invoke(tree(), ["rolout", "list"])
    assert done.exit_code == 2
    assert "Did you mean 'rollout'" in done.output


def test_the_program_is_the_tree() -> None:
    done = subprocess.run([TIDEGATE, "switch"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert NOUNS["switch"].help in done.stdout + done.stderr
