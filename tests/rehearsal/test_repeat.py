"""Repetitions: the same whoever runs them, kept as they end, gone on with."""

from pathlib import Path

import pytest

from tidegate.domain.errors import Conflict, InvalidInput
from tidegate.domain.rollout import Plan
from tidegate.rehearsal.repeat import Work, repeat
from tidegate.rehearsal.scenario_file import read_scenario

FAILING = "faults: [{arm: candidate, at: 0h, errors: 100%}]"


@pytest.fixture
def work(by_request: Plan) -> Work:
    return Work(plan=by_request, scenario=read_scenario(FAILING))


def test_several_processes_find_what_one_finds(work: Work) -> None:
    assert repeat(work, 3, workers=2) == repeat(work, 3, workers=1)


def test_what_is_kept_is_not_run_again(work: Work, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    first = repeat(work, 2, workers=1, kept=kept)
    with kept.open("ab") as file:
        file.write(b'{"number": 2, "outc')  # the run was killed here
    more = repeat(work, 3, workers=1, kept=kept)
    assert more[:2] == first
    lines = kept.read_bytes().splitlines()
    assert len(lines) == 4
    before = kept.read_bytes()
    assert repeat(work, 3, workers=1, kept=kept) == more
    assert kept.read_bytes() == before


def test_the_file_of_another_work_is_refused(work: Work, by_request: Plan, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    repeat(work, 1, workers=1, kept=kept)
    with pytest.raises(Conflict, match="another plan, scenario or seed"):
        repeat(Work(plan=by_request, scenario=work.scenario, seed=2), 1, workers=1, kept=kept)
    kept.write_text("a poem\n")
    with pytest.raises(InvalidInput, match="no file of rehearsals"):
        repeat(work, 1, workers=1, kept=kept)
