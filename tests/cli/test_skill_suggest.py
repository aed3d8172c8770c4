"""`tidegate skill suggest`: a model proposes example requests; SKILL.md gets them and stays what it was."""

import asyncio
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tidegate.cli.main import tree
from tidegate.harness.emulator import Profile, start_emulator
from tidegate.registry.validate import inspect_folder

ANSWER = {
    "examples": ["When is it safe to cross?", "how high at noon: 3 m?", "  how high at  noon: 3 m? ", ""],
    "keywords": ["Ebb", "spring-tide", "two words"],
}
SKILL = """\
---
name: tide-table
description: >-
  Reads tide tables. %s
metadata:
    author: me
---
# Tides
"""


def folder(at: Path, says: str, skill: str = SKILL) -> Path:
    path = at / "tide-table"
    path.mkdir()
    (path / "SKILL.md").write_text(skill.replace("%s", f"[[echo: {says}]]"))
    return path


async def suggest(monkeypatch: pytest.MonkeyPatch, *arguments: str | Path) -> Result:
    """With an emulated provider in the gateway's place: both speak the Messages API."""
    emulator = await start_emulator(Profile())
    try:
        monkeypatch.setenv("TIDEGATE_URL", emulator.url)
        monkeypatch.setenv("TIDEGATE_KEY", "k")
        command = ["skill", "suggest", *map(str, arguments)]
        return await asyncio.to_thread(CliRunner().invoke, tree(), command)
    finally:
        await emulator.close()


async def test_what_the_model_proposes_is_written_and_all_else_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = folder(tmp_path, json.dumps(ANSWER))
    before = (path / "SKILL.md").read_text()
    done = await suggest(monkeypatch, path, "--write", "--json")
    assert done.exit_code == 0, done.stderr
    expected = {
        "examples": ["When is it safe to cross?", "how high at noon: 3 m?"],
        "keywords": ["ebb", "spring-tide"],
    }
    assert json.loads(done.stdout) == expected
    added = (
        "    tidegate.examples: |\n      When is it safe to cross?\n      how high at noon: 3 m?\n"
        '    tidegate.keywords: "ebb, spring-tide"\n'
    )
    assert (path / "SKILL.md").read_text() == before.replace("metadata:\n", f"metadata:\n{added}")
    package = inspect_folder(path).package
    assert package is not None
    assert list(package.manifest.examples) == expected["examples"]
    assert list(package.manifest.keywords) == expected["keywords"]


async def test_without_write_the_file_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = folder(tmp_path, json.dumps(ANSWER))
    before = (path / "SKILL.md").read_bytes()
    done = await suggest(monkeypatch, path)
    assert done.exit_code == 0, done.stderr
    assert done.stdout.splitlines() == [
        "When is it safe to cross?",
        "how high at noon: 3 m?",
        "keywords: ebb, spring-tide",
    ]
    assert (path / "SKILL.md").read_bytes() == before


@pytest.mark.parametrize(
    ("says", "told"),
    [
        ("I cannot help with that.", "is not the JSON asked for"),
        ('{"examples": "one"}', "is not the JSON asked for"),
        ('{"examples": [" "], "keywords": []}', "has no example request"),
    ],
)
async def test_a_bad_answer_is_an_error_and_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, says: str, told: str
) -> None:
    path = folder(tmp_path, says)
    before = (path / "SKILL.md").read_bytes()
    done = await suggest(monkeypatch, path, "--write")
    assert done.exit_code == 1
    assert told in done.stderr
    assert (path / "SKILL.md").read_bytes() == before


async def test_examples_that_are_there_are_not_written_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = SKILL.replace("    author: me\n", "    tidegate.examples: mine\n")
    done = await suggest(monkeypatch, folder(tmp_path, json.dumps(ANSWER), own), "--write")
    assert done.exit_code == 1
    assert "has tidegate.examples already" in done.stderr


def test_without_a_gateway_it_says_what_to_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TIDEGATE_URL", raising=False)
    done = CliRunner().invoke(tree(), ["skill", "suggest", str(folder(tmp_path, "x"))])
    assert done.exit_code == 1
    assert "set TIDEGATE_URL and TIDEGATE_KEY" in done.stderr
