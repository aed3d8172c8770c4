"""`tidegate skill match` on a home and on files: what it explains, what it counts, what it refuses."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from tidegate.cli.main import tree

ROOT = Path(__file__).parents[2]
SET = ROOT / "tests/simulation/selection/descriptions.json"
REVIEW = "Review this contract for risky clauses."
SPEC = """\
apiVersion: tidegate/v1
kind: Rollout
metadata: {name: quiet}
spec:
  candidate: {skills: {release-notes: latest}, select: {lexical: off}}
  stages: [{name: full, weight: 100, bake: 1h, holdout: 0}]
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with two published skills."""
    monkeypatch.delenv("TIDEGATE_URL", raising=False)
    monkeypatch.setenv("TIDEGATE_HOME", str(tmp_path / "home"))
    for name in ("contract-analysis", "release-notes"):
        done = run("skill", "publish", ROOT / "skills" / name, "--reason", "a test")
        assert done.exit_code == 0, done.stderr
    return tmp_path / "home"


@pytest.fixture
def prompts(tmp_path: Path) -> Path:
    path = tmp_path / "prompts.jsonl"
    lines = [{"text": REVIEW, "skills": ["contract-analysis"]}, {"text": "Hello there!", "skills": []}]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def run(noun: str, *arguments: str | Path) -> Result:
    return CliRunner().invoke(tree(), [noun, *map(str, arguments)])


def match(*arguments: str | Path) -> Any:
    done = run("skill", "match", *arguments, "--json")
    assert done.exit_code == 0, done.stderr
    return json.loads(done.stdout)


def chosen(document: Any) -> list[tuple[str, str]]:
    return [(use["name"], use["reason"]) for use in document["explanation"]["chosen"]]


def test_a_text_is_explained_on_the_home(home: Path) -> None:
    found = match(REVIEW)
    assert chosen(found) == [("contract-analysis", "pattern")]
    first = found["explanation"]["candidates"][0]
    assert first["patterns"] and first["terms"] and first["outcome"] == "chosen (pattern)"
    told = run("skill", "match", REVIEW).stdout
    assert "contract-analysis" in told and "chosen (pattern)" in told and "clauses" in told


def test_a_conversation_is_explained_text_by_text_and_names_come_first(home: Path) -> None:
    found = match(
        "hello", "Which obligations and liability terms matter?", REVIEW, "--named", "release-notes"
    )
    assert chosen(found) == [("release-notes", "explicit"), ("contract-analysis", "pattern")]
    assert {each["text"] for each in found["explanation"]["candidates"]} == {None, 2, 3}


def test_the_catalogue_can_be_narrowed(home: Path) -> None:
    assert chosen(match(REVIEW, "--skills", "release-notes")) == []
    done = run("skill", "match", REVIEW, "--skills", "release-notes,ghost")
    assert done.exit_code == 1
    assert "no skill 'ghost' among the published skills: contract-analysis, release-notes" in done.stderr


def test_a_rollout_chooses_by_its_own_settings(home: Path, tmp_path: Path) -> None:
    (tmp_path / "spec.yaml").write_text(SPEC)
    assert run("rollout", "start", tmp_path / "spec.yaml", "--reason", "a test").exit_code == 0
    words = "What is new in this version for the changelog?"
    found = match(words, "--rollout", "quiet")
    assert (chosen(found), found["explanation"]["threshold"]) == ([], None)
    assert chosen(match(words, "--rollout", "quiet", "--threshold", "0.5")) == [("release-notes", "lexical")]
    assert chosen(match("release notes", "--rollout", "quiet")) == [("release-notes", "pattern")]
    assert chosen(match("release notes", "--rollout", "quiet", "--baseline")) == []
    assert run("skill", "match", words, "--rollout", "ghost").exit_code == 1


def test_a_chosen_skill_that_is_switched_off_is_marked(home: Path) -> None:
    assert run("switch", "off", "--skill", "contract-analysis", "--reason", "a test").exit_code == 0
    assert match(REVIEW)["switched_off"] == ["contract-analysis"]


def test_a_file_of_descriptions_needs_no_home(prompts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDEGATE_HOME", "/nowhere/at/all")
    assert chosen(match(REVIEW, "--descriptions", SET)) == [("contract-analysis", "lexical")]
    judged = match("--evaluate", prompts, "--descriptions", SET)
    assert judged["skills"] == len(json.loads(SET.read_text()))
    figures = judged["files"][str(prompts)]
    assert (figures["prompts"], figures["needing_none"]) == (2, 1)
    assert (figures["top1"], figures["none"], figures["misses"]) == (1.0, 1.0, [])


def test_published_skills_are_judged_too_each_file_and_together(home: Path, prompts: Path) -> None:
    other = prompts.with_name("other.jsonl")
    other.write_text('{"text": "Hello there!", "skills": ["release-notes"]}\n')
    judged = match("--evaluate", prompts, "--evaluate", other)["files"]
    assert list(judged) == [str(prompts), str(other), "together"]
    assert (judged[str(other)]["top1"], judged["together"]["top1"]) == (0.0, 0.5)
    assert judged[str(other)]["misses"] == [
        {"text": "Hello there!", "wanted": ["release-notes"], "chosen": []}
    ]
    table = run("skill", "match", "--evaluate", prompts, "--evaluate", other).stdout
    assert "together" in table and "50.0%" in table


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "holds no prompt"),
        ("nonsense\n", "prompts.jsonl:1"),
        ('{"text": "a"}\n', "prompts.jsonl:1"),
        ('{"text": "a", "skills": []}\n{"text": "b", "skills": [], "why": 1}\n', "prompts.jsonl:2"),
        ('{"text": "a", "skills": ["ghost"]}\n', "'ghost'"),
    ],
)
def test_a_file_of_prompts_that_cannot_be_read_is_refused_with_its_line(
    content: str, said: str, prompts: Path
) -> None:
    prompts.write_text(content)
    done = run("skill", "match", "--evaluate", prompts, "--descriptions", SET)
    assert done.exit_code == 1
    assert said in done.stderr


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{}", "descriptions.json: Expected `array`"),
        ('[{"name": "a", "description": "b", "keyword": []}]', "keyword"),
        ('[{"name": "a", "description": "b"}, {"name": "a", "description": "c"}]', "'a' is there twice"),
    ],
)
def test_a_file_of_descriptions_that_cannot_be_read_is_refused(
    content: str, said: str, tmp_path: Path
) -> None:
    path = tmp_path / "descriptions.json"
    path.write_text(content)
    done = run("skill", "match", "a text", "--descriptions", path)
    assert done.exit_code == 1
    assert said in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["a text", "--evaluate", "prompts.jsonl"],
        ["a text", "--rollout", "r", "--descriptions", "d.json"],
        ["a text", "--baseline"],
    ],
)
def test_what_does_not_go_together_exits_2(arguments: list[str]) -> None:
    assert run("skill", "match", *arguments).exit_code == 2


@pytest.mark.parametrize("threshold", ["0", "-1", "1000"])
def test_a_threshold_out_of_range_exits_2(threshold: str) -> None:
    assert run("skill", "match", "a text", "--threshold", threshold).exit_code == 2


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    done = run("skill", "match", "--evaluate", tmp_path / "none.jsonl", "--descriptions", SET)
    assert done.exit_code == 1
    assert "none.jsonl: cannot be read" in done.stderr
