"""The score from which words choose a skill is raised where votes speak against low ones."""

from random import Random

import pytest

from tidegate.domain.evaluation import Case
from tidegate.domain.tuning.answers import Band
from tidegate.domain.tuning.threshold import Judged, advise_by_labels, advise_by_votes


def bands(low: float, high: float, without: float | None = None, each: int = 40, seed: int = 1) -> list[Band]:
    """Votes on scores from 1.5 to 3.4: below 2.0 `low` are down, above `high`; in control `without`."""
    draw, found = Random(seed), []
    for tenths in range(15, 35):
        share = low if tenths < 20 else high
        down = sum(draw.random() < share for _ in range(each))
        found.append(Band(True, tenths, each - down, down))
        if without is not None:
            down = sum(draw.random() < without for _ in range(each))
            found.append(Band(False, tenths, each - down, down))
    return found


def test_low_scores_that_are_voted_down_more_than_control_are_left_out() -> None:
    found = advise_by_votes(bands(0.5, 0.1, without=0.1), 1.5)
    assert found.proposed is not None
    assert 1.9 <= found.proposed <= 2.2
    assert found.n == 800
    assert "precision by votes" in found.effect
    assert found.effect.endswith("of the thumbs up keep their skill")


def test_without_votes_in_control_low_scores_are_compared_with_higher_ones() -> None:
    found = advise_by_votes(bands(0.5, 0.1), 1.5)
    assert found.proposed is not None
    assert 1.9 <= found.proposed <= 2.2


def test_answers_that_are_as_bad_without_the_skill_raise_nothing() -> None:
    found = advise_by_votes(bands(0.5, 0.1, without=0.5), 1.5)
    assert (found.proposed, found.missing) == (None, 0)
    assert "no score is found below which answers are voted down more often" in found.why


def test_where_all_scores_are_alike_one_in_twenty_ledgers_raises_it() -> None:
    raised = sum(advise_by_votes(bands(0.15, 0.15, seed=n), 1.5).proposed is not None for n in range(60))
    assert raised <= 5


def test_the_figures_are_those_of_the_votes() -> None:
    votes = [Band(True, 15, 5, 25), Band(True, 25, 90, 10), Band(True, 14, 0, 100)]
    found = advise_by_votes(votes, 1.5)
    assert found.proposed == 1.6  # below it no different set of votes
    assert "130 votes on answers with a skill that words chose, 35 down" in found.evidence
    assert "below 1.6 25 of 30 were down, beside 10 of 100" in found.evidence
    assert found.effect == "precision by votes 73.1 % to 90.0 %; 94.7 % of the thumbs up keep their skill"


@pytest.mark.parametrize(
    ("votes", "missing", "said"),
    [
        ((), 40, "40 more votes are needed"),
        ((Band(True, 20, 30, 3),), 7, "7 more votes are needed"),
        ((Band(True, 15, 50, 3), Band(True, 30, 2, 1)), 20, "no score divides them"),
    ],
)
def test_too_few_votes_say_how_many_are_missing(votes: tuple[Band, ...], missing: int, said: str) -> None:
    found = advise_by_votes(votes, 1.5)
    assert (found.proposed, found.missing) == (None, missing)
    assert said in found.why


def test_a_variant_whose_words_choose_nothing_has_no_threshold_to_tune() -> None:
    assert "`select.lexical` is off" in advise_by_votes(bands(0.5, 0.1), 1.5, lexical=False).why


def labelled(count: int) -> list[Case]:
    """Every third needs none."""
    return [Case(text=str(n), skills=() if n % 3 == 0 else ("a",)) for n in range(count)]


def chosen(cases: list[Case], wrong: int) -> list[list[str]]:
    """Right but for the first `wrong` of those that need none."""
    found = []
    for case in cases:
        too_many = not case.skills and wrong > 0
        wrong -= too_many
        found.append(["a"] if too_many else list(case.skills))
    return found


def test_the_threshold_with_the_best_balance_on_labelled_prompts_is_proposed() -> None:
    cases = labelled(90)
    judged = [Judged(1.5, chosen(cases, 20)), Judged(2.0, chosen(cases, 0)), Judged(3.0, [[] for _ in cases])]
    found = advise_by_labels(cases, judged, 1.5)
    assert (found.proposed, found.n) == (2.0, 90)
    assert "at 1.5 precision 75.0 %, recall 100.0 %; at 2 precision 100.0 %, recall 100.0 %" in found.evidence
    assert found.effect == "20 prompts would have got the right skills that did not, 0 no longer"


def test_a_difference_on_a_few_prompts_is_chance() -> None:
    cases = labelled(90)
    found = advise_by_labels(cases, [Judged(1.5, chosen(cases, 3)), Judged(2.0, chosen(cases, 0))], 1.5)
    assert (found.proposed, found.missing) == (None, 0)
    assert "none of 2 thresholds is surely better (3 prompts better, 0 worse)" in found.why


def test_too_few_prompts_say_how_many_are_missing() -> None:
    cases = labelled(12)
    found = advise_by_labels(cases, [Judged(1.5, chosen(cases, 0))], 1.5)
    assert (found.proposed, found.missing) == (None, 18)


def test_an_acceptable_skill_is_neither_wrong_nor_needed() -> None:
    cases = [Case(text=str(n), skills=(), acceptable=("a",)) for n in range(40)]
    judged = [Judged(1.5, [["a"]] * 40), Judged(2.0, [[]] * 40)]
    assert advise_by_labels(cases, judged, 1.5).proposed is None


@pytest.mark.parametrize(("tried", "proposed"), [(2, True), (5, False)])
def test_the_more_thresholds_are_tried_the_more_prompts_have_to_say_so(tried: int, proposed: bool) -> None:
    cases = labelled(90)
    others = [Judged(2.0 + n, chosen(cases, 0 if n == 0 else 12)) for n in range(tried - 1)]
    found = advise_by_labels(cases, [Judged(1.5, chosen(cases, 6)), *others], 1.5)
    assert (found.proposed == 2.0) is proposed  # six better and none worse: 1 of 64
