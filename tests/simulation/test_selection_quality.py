"""How well words choose skills, by prompts of somebody who saw only the skills' descriptions.

The locked half is packed, and its hash was committed before any tuning: look at its figures, not its prompts.
The goals are 90 % for top-1 and 95 % of prompts that need none. What was reached is held, less two prompts
(docs/explanation/selection.md has the figures). With users' words as keywords the open half says nothing:
who wrote them had read it.
"""

import gzip
import hashlib
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from tidegate.registry.hints import MAX_EXAMPLE, MAX_EXAMPLES

HERE = Path(__file__).parent / "selection"
TIDEGATE = Path(sys.executable).with_name("tidegate")


Figures = dict[str, dict[str, float]]


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("locked") / "locked"
    path.write_bytes(gzip.decompress((HERE / "prompts_locked.jsonl.gz").read_bytes()))
    return path


@pytest.fixture(scope="module")
def judged(locked: Path) -> Figures:
    return judge("descriptions.json", HERE / "prompts_open.jsonl", locked)


def judge(descriptions: str, *prompts: Path, options: Sequence[str] = ()) -> Figures:
    files = [part for each in prompts for part in ("--evaluate", str(each))]
    command = [TIDEGATE, "skill", "match", "--descriptions", HERE / descriptions, *files, *options, "--json"]
    done = subprocess.run(command, check=True, capture_output=True)
    found = msgspec.json.decode(done.stdout)["files"]
    return {Path(file).stem.removeprefix("prompts_"): figures for file, figures in found.items()}


def test_the_locked_half_is_the_one_whose_hash_was_committed() -> None:
    content = gzip.decompress((HERE / "prompts_locked.jsonl.gz").read_bytes())
    committed = (HERE / "prompts_locked.jsonl.sha256").read_text().split()[0]
    assert hashlib.sha256(content).hexdigest() == committed
    assert content.count(b"\n") == 130


@pytest.mark.parametrize("half", ["open", "locked"])
def test_prompts_that_need_no_skill_get_none(judged: Figures, half: str) -> None:
    assert judged[half]["none"] >= 0.95


@pytest.mark.parametrize("half", ["open", "locked"])
def test_what_was_reached_at_top_one_is_not_lost(judged: Figures, half: str) -> None:
    assert judged[half]["top1"] >= 0.46


def test_users_words_as_keywords_find_more_and_are_wrong_less_often(judged: Figures, locked: Path) -> None:
    found = judge("descriptions_users_words.json", locked, options=("--threshold", "2.2"))["locked"]
    assert found["top1"] >= 0.55
    assert found["none"] >= 0.95
    assert found["precision"] > judged["locked"]["precision"] + 0.1


def test_everyday_requests_that_were_never_learned_get_no_skill() -> None:
    """Six lots of 100, of 14 to 40 words, by somebody who had seen neither prompts nor skills."""
    found = judge("descriptions_examples.json", HERE / "prompts_everyday.jsonl")["everyday"]
    assert found["prompts"] == 600
    assert found["none"] >= 0.98


@pytest.mark.parametrize("lengths", [range(1, 15), range(15, 100)], ids=["terse", "long"])
def test_examples_of_either_length_alone_keep_them_quiet_too(lengths: range, tmp_path: Path) -> None:
    skills = msgspec.json.decode((HERE / "descriptions_examples.json").read_bytes())
    for each in skills:
        each["examples"] = [one for one in each["examples"] if len(one.split()) in lengths]
        assert len(each["examples"]) >= 30
    (tmp_path / "skills.json").write_bytes(msgspec.json.encode(skills))
    found = judge(str(tmp_path / "skills.json"), HERE / "prompts_everyday.jsonl")["everyday"]
    assert found["none"] >= 0.97


def test_example_requests_choose_the_right_skill_for_nine_of_ten(locked: Path) -> None:
    """Both goals: nine of ten right first, and 95 % of those that need none get none."""
    found = judge("descriptions_examples.json", HERE / "prompts_open.jsonl", locked)
    assert found["locked"]["top1"] >= 0.90
    assert found["locked"]["none"] >= 0.95
    assert found["locked"]["precision"] >= 0.93
    assert found["open"]["top1"] >= 0.89
    assert found["open"]["none"] >= 0.95


def test_a_second_set_stays_quiet_and_is_right_as_often_as_it_was(tmp_path: Path) -> None:
    """It was locked once, and is used for choosing since: its figures flatter."""
    content = gzip.decompress((HERE / "prompts_second.jsonl.gz").read_bytes())
    committed = (HERE / "prompts_second.jsonl.sha256").read_text().split()[0]
    assert hashlib.sha256(content).hexdigest() == committed
    (tmp_path / "second").write_bytes(content)
    found = judge("descriptions_examples.json", tmp_path / "second")["second"]
    assert (found["prompts"], found["needing_none"]) == (200, 100)
    assert found["none"] >= 0.98
    assert found["top1"] >= 0.94
    assert found["precision"] >= 0.92


def test_examples_are_all_that_was_added() -> None:
    plain, more = (
        msgspec.json.decode((HERE / name).read_bytes())
        for name in ("descriptions.json", "descriptions_examples.json")
    )
    assert [{key: value for key, value in each.items() if key != "examples"} for each in more] == plain
    assert all(
        60 <= len(set(each["examples"])) <= MAX_EXAMPLES
        and all(len(example) <= MAX_EXAMPLE for example in each["examples"])
        for each in more
    )


def test_users_words_are_all_that_was_added() -> None:
    plain, more = (
        msgspec.json.decode((HERE / name).read_bytes())
        for name in ("descriptions.json", "descriptions_users_words.json")
    )
    assert [each | {"keywords": own["keywords"]} for each, own in zip(more, plain, strict=True)] == plain
    assert all(
        each["keywords"][: len(own["keywords"])] == own["keywords"] and len(each["keywords"]) <= 64
        for each, own in zip(more, plain, strict=True)
    )
