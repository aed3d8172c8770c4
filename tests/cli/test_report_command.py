"""`tidegate report` on a home: to the terminal, into files and folders, and what is refused."""

import asyncio
import json
from pathlib import Path

import pytest
from reported import NAME, reported
from typer.testing import CliRunner

from tidegate.cli.main import tree

DAY = ("--day", "2025-11-27")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "home"
    folder.mkdir(mode=0o700)
    asyncio.run(_fill(folder))
    monkeypatch.setenv("TIDEGATE_HOME", str(folder))
    monkeypatch.delenv("TIDEGATE_URL", raising=False)
    monkeypatch.delenv("TIDEGATE_KEY", raising=False)
    return folder


async def _fill(folder: Path) -> None:
    await (await reported(folder / "tidegate.db")).store.close()


def report(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(tree(), ["report", *arguments])
    return done.exit_code, done.output


def test_a_report_is_markdown_on_the_terminal() -> None:
    code, said = report("daily", NAME, *DAY)
    assert code == 0, said
    assert said.startswith("# contract-skills: daily report, 2025-11-27\n")


@pytest.mark.parametrize("asked", [("--json",), ("--format", "json")])
def test_a_report_is_json_where_that_is_asked_for(asked: tuple[str, ...]) -> None:
    code, said = report("final", NAME, *asked)
    found = json.loads(said)
    assert (code, found["report"], found["rollout"], found["state"]) == (0, "final", NAME, "completed")


@pytest.mark.parametrize(
    ("file", "begin"), [("a.html", "<!doctype html>"), ("a.md", "# contract-skills"), ("a.json", "{")]
)
def test_a_files_ending_says_the_format(tmp_path: Path, file: str, begin: str) -> None:
    out = tmp_path / file
    code, said = report("stage", NAME, "--stage", "canary", "--out", str(out))
    assert (code, said) == (0, f"{out}\n")
    assert out.read_text().startswith(begin)


def test_the_format_may_be_named_for_any_file(tmp_path: Path) -> None:
    out = tmp_path / "page"
    assert report("final", NAME, "--out", str(out), "--format", "html")[0] == 0
    assert out.read_text().startswith("<!doctype html>")


def test_a_folder_gets_all_three_named_for_the_report(tmp_path: Path) -> None:
    out = tmp_path / "of" / "contracts"  # made with the first of them
    for asked in (("daily", NAME, *DAY), ("stage", NAME, "--stage", "canary"), ("final", NAME)):
        assert report(*asked, "--out", str(out))[0] == 0
    assert report("weekly", "--week", "2025-W48", "--out", str(out))[0] == 0
    stems = (
        *("contract-skills-daily-2025-11-27", "contract-skills-final", "contract-skills-stage-canary"),
        "tidegate-weekly-2025-W48",
    )
    assert sorted(file.name for file in out.iterdir()) == [
        f"{stem}.{form}" for stem in stems for form in ("html", "json", "md")
    ]
    code, said = report("daily", NAME, *DAY, "--out", str(out), "--format", "md")
    assert (code, said) == (0, f"{out}/contract-skills-daily-2025-11-27.md\n")


def test_the_same_is_written_twice(tmp_path: Path) -> None:
    first, second = tmp_path / "a.html", tmp_path / "b.html"
    for out in (first, second):
        assert report("final", NAME, "--out", str(out))[0] == 0
    assert first.read_bytes() == second.read_bytes()


def test_days_are_those_of_a_zone() -> None:
    _, said = report("daily", NAME, *DAY, "--timezone", "Asia/Tokyo", "--json")
    assert json.loads(said)["period"]["since"] == "2025-11-26T15:00:00.000Z"


@pytest.mark.parametrize(
    ("asked", "code", "says"),
    [
        (("daily", "nobody"), 1, "no rollout 'nobody'; `tidegate rollout list` shows"),
        (("daily", NAME, "--day", "2999-01-01"), 1, "it has not begun"),
        (("daily", NAME, "--day", "2025-11-01"), 1, "began at 2025-11-26T06:00:00.000Z, after that day"),
        (("daily", NAME, "--day", "noon"), 1, "write 2026-11-28, today or yesterday"),
        (("stage", NAME, "--stage", "beta"), 1, "its stages are canary, full"),
        (("weekly", "--week", "48"), 1, "write it as 2026-W48"),
        (("weekly", "--week", "2999-W01"), 1, "it has not begun"),
        (("final", NAME, "--timezone", "Moon"), 1, "write it as in"),
        (("final", NAME, "--json", "--format", "md"), 2, "not both"),
        (("final", NAME, "--format", "pdf"), 2, "pdf"),
        (("final", NAME, "--out", "/nowhere/a.md"), 1, "/nowhere/a.md cannot be written"),
        (("final", NAME, "--out", "a.pdf"), 2, "say which by --format"),
    ],
)
def test_what_cannot_be_told_is_refused_in_a_line(asked: tuple[str, ...], code: int, says: str) -> None:
    done, said = report(*asked)
    assert done == code
    plain = " ".join(said.replace("│", " ").split())
    assert says in plain
    assert "Traceback" not in said
