"""The score of a skill version: hand-computed parts, decay, and what says nothing of a skill."""

import msgspec
import pytest
from exchanges import make_exchange
from hypothesis import given
from hypothesis import strategies as st

from tidegate.domain.effectiveness import (
    HALF_LIFE_SECONDS,
    HOUR,
    NO_SUMS,
    WEIGHTS,
    SkillCell,
    SkillSums,
    effectiveness,
    sum_skills,
    vote_cells,
)
from tidegate.domain.exchange import Arm, Exchange, Outcome, SkillUse

USE = SkillUse("contract-analysis", 3, "pattern", 1.0)
NOW = 999_000.0
"""The middle of the hour that begins at 997,200: its sums weigh 1."""
THIS_HOUR = 997_200


def served(number: int = 1, **changes: object) -> Exchange:
    base = {"arm": Arm.CANDIDATE, "skills": (USE,), "skill_outcome": Outcome.OK}
    return make_exchange(number, **{**base, **changes})


def wanting(number: int = 2, **changes: object) -> Exchange:
    return make_exchange(number, **{"arm": Arm.CONTROL, "skills": (), "wanted": (USE,), **changes})


def parts(sums: dict[tuple[int, bool], SkillSums], now: float = NOW) -> dict[str, float | None]:
    return {part.name: part.value for part in effectiveness(sums, now).parts}


def test_the_parts_and_the_score_are_as_computed_by_hand() -> None:
    sums = {
        (THIS_HOUR, True): SkillSums(100, 90, 100, 70 * 10**12, 90, 90_000, 18, 2),
        (THIS_HOUR, False): SkillSums(1000, 990, 1000, 1000 * 10**12, 1000, 800_000, 0, 0),
    }
    made = effectiveness(sums, THIS_HOUR + HOUR / 2)
    found = {part.name: part.value for part in made.parts}
    assert found["success"] == pytest.approx(100 / 120)  # (90 + 10) / (100 + 20)
    assert found["savings"] == pytest.approx(0.3 / 0.35)  # 0.70 against 1.00 dollars
    assert found["speed"] == pytest.approx(0.8)  # 0.8 s against 1.0 s
    assert found["feedback"] == pytest.approx(23 / 30)  # (18 + 5) / (20 + 10)
    assert made.score == pytest.approx(0.5 * 100 / 120 + 0.2 * 0.3 / 0.35 + 0.1 * 0.8 + 0.2 * 23 / 30)


def test_weights_add_up_to_one() -> None:
    assert sum(WEIGHTS.values()) == pytest.approx(1.0)


def test_too_few_requests_give_no_score_whatever_else_is_known() -> None:
    sums = {(THIS_HOUR, True): SkillSums(29, 29, 29, 1, 29, 1, 500, 0), (THIS_HOUR, False): SkillSums(9999)}
    assert effectiveness(sums, NOW).score is None


def test_a_part_without_evidence_leaves_its_weight_to_the_others() -> None:
    alone = effectiveness({(THIS_HOUR, True): SkillSums(180, 180)}, THIS_HOUR + HOUR / 2)
    assert alone.score == pytest.approx(190 / 200)
    assert parts({(THIS_HOUR, True): SkillSums(180, 180)})["savings"] is None


def test_free_answers_on_the_other_side_tell_no_savings() -> None:
    sums = {
        (THIS_HOUR, True): SkillSums(100, 100, 100, 5, 100, 5),
        (THIS_HOUR, False): SkillSums(100, 100, 100, 0, 100, 5),
    }
    assert parts(sums)["savings"] is None


def test_old_hours_fade_by_half_a_day_and_at_last_are_left_out() -> None:
    then = int(THIS_HOUR - HALF_LIFE_SECONDS)
    half = effectiveness({(then, True): SkillSums(200, 200)}, THIS_HOUR + HOUR / 2)
    assert half.parts[0].count == pytest.approx(100)
    assert effectiveness({(0, True): SkillSums(10**9, 10**9)}, 10 * 86400.0 * 2).parts[0].count == 0


def test_what_a_batch_adds_goes_to_the_hour_and_the_side() -> None:
    sums = sum_skills(
        [served(1), served(2, skill_outcome=Outcome.SKILL_ERROR, fallback="status"), wanting(3)]
    )
    with_skill = sums[SkillCell("contract-analysis", 3, THIS_HOUR, True)]
    assert (with_skill.requests, with_skill.ok, with_skill.priced) == (2, 1, 2)
    assert with_skill.cost_picos == 2 * 200_000_000
    assert with_skill.milliseconds == 1000
    assert sums[SkillCell("contract-analysis", 3, THIS_HOUR, False)].requests == 1


@pytest.mark.parametrize(
    "silent",
    [
        served(outcome=Outcome.CLIENT_ERROR),
        served(outcome=Outcome.CLIENT_CLOSED),
        served(outcome=Outcome.POLICY_DENIED),
        served(cache="hit"),
        served(cache="shared"),
        served(skill_outcome=None, fallback="switch"),
        make_exchange(1, skills=()),
    ],
)
def test_what_says_nothing_of_a_skill_is_left_out(silent: Exchange) -> None:
    assert sum_skills([silent]) == {}


def test_a_vote_counts_for_the_skills_that_made_the_answer() -> None:
    cell = SkillCell("contract-analysis", 3, THIS_HOUR, True)
    assert vote_cells(served(), "up", NOW) == {cell: SkillSums(up=1)}
    assert vote_cells(served(), "down", NOW) == {cell: SkillSums(down=1)}
    assert vote_cells(served(fallback="status"), "down", NOW) == {}


counts = st.builds(SkillSums, *[st.integers(0, 10**6)] * 8)
hours = st.dictionaries(
    st.tuples(st.integers(0, 400).map(lambda hour: THIS_HOUR - hour * HOUR), st.booleans()),
    counts,
    max_size=6,
)


@given(hours)
def test_a_score_and_its_parts_stay_between_nought_and_one_where_sums_make_sense(sums) -> None:
    sane = {
        place: msgspec.structs.replace(each, ok=min(each.ok, each.requests)) for place, each in sums.items()
    }
    made = effectiveness(sane, NOW)
    told = [part.value for part in made.parts if part.value is not None]
    assert all(0.0 <= value <= 1.0 for value in told)
    assert made.score is None or min(told) - 1e-9 <= made.score <= max(told) + 1e-9


@given(st.lists(st.tuples(st.booleans(), st.booleans(), st.integers(0, 7200)), max_size=20), st.randoms())
def test_sums_are_the_same_in_any_order_and_any_batches(drawn, random) -> None:
    batch = [
        (served if skilled else wanting)(
            number, finished_at=NOW + after, skill_outcome=Outcome.OK if good else Outcome.SKILL_ERROR
        )
        for number, (skilled, good, after) in enumerate(drawn)
    ]
    whole = sum_skills(batch)
    shuffled = random.sample(batch, len(batch))
    split: dict[SkillCell, SkillSums] = {}
    for each in shuffled:
        for cell, added in sum_skills([each]).items():
            split[cell] = split.get(cell, NO_SUMS) + added
    assert split == whole
