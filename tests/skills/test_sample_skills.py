"""The skills we ship: accepted, selected for what their evals say and for nothing else."""

import json
from pathlib import Path
from typing import Any

import pytest
import re2

from tidegate.domain.skill import SkillPackage
from tidegate.registry.validate import validate_folder

SKILLS = Path(__file__).parents[2] / "skills"
NAMES = sorted(path.name for path in SKILLS.iterdir() if path.is_dir())
KINDS = {
    "incident-summary": set[str](),
    "contract-analysis": {"references"},
    "log-digest": {"scripts"},
    "release-notes": {"assets"},
}


@pytest.fixture(scope="module")
def packages() -> dict[str, SkillPackage]:
    return {name: validate_folder(SKILLS / name) for name in NAMES}


def evals(name: str) -> dict[str, Any]:
    return json.loads((SKILLS / name / "evals" / "evals.json").read_text())


def selects(package: SkillPackage, prompt: str) -> bool:
    return any(re2.search(pattern, prompt) for pattern in package.manifest.match)


def test_there_is_one_skill_of_each_kind(packages: dict[str, SkillPackage]) -> None:
    folders = {
        name: {file.path.split("/")[0] for file in package.files if "/" in file.path} - {"evals"}
        for name, package in packages.items()
    }
    assert folders == KINDS


@pytest.mark.parametrize("name", NAMES)
def test_every_file_a_skill_names_is_in_it(name: str, packages: dict[str, SkillPackage]) -> None:
    package = packages[name]
    files = {file.path for file in package.files}
    named = set(re2.findall(r"\b(?:references|scripts|assets)/[\w.-]+\w", package.body))
    assert named <= files
    assert {path for path in files if not path.startswith("evals/")} - {"SKILL.md"} == named


@pytest.mark.parametrize("name", NAMES)
def test_evals_have_the_documented_form(name: str) -> None:
    document = evals(name)
    assert document["skill_name"] == name
    cases = document["evals"]
    assert len(cases) >= 8
    assert [case["id"] for case in cases] == list(range(1, len(cases) + 1))
    assert {case["should_trigger"] for case in cases} == {True, False}
    for case in cases:
        assert set(case) == {"id", "prompt", "should_trigger", "expected_output", "assertions"}
        assert case["prompt"]
        assert case["expected_output"]
        assert case["assertions"]


CASES = [
    (name, case["id"], case["prompt"], case["should_trigger"])
    for name in NAMES
    for case in evals(name)["evals"]
]


@pytest.mark.parametrize(
    ("name", "prompt", "wanted"),
    [(name, prompt, wanted) for name, _, prompt, wanted in CASES],
    ids=[f"{name}-{number}" for name, number, _, _ in CASES],
)
def test_patterns_select_a_skill_for_its_own_prompts_alone(
    name: str, prompt: str, wanted: bool, packages: dict[str, SkillPackage]
) -> None:
    selected = {other for other, package in packages.items() if selects(package, prompt)}
    assert selected == ({name} if wanted else set())
