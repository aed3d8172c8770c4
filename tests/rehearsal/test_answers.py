"""Stretches of a pool of answers add up to what their requests would have added one by one."""

from collections import Counter
from functools import partial

import pytest

from tidegate.domain.exchange import Arm, Stakes
from tidegate.domain.rollout import ExpectedCost, SavingsGate
from tidegate.domain.savings import bets
from tidegate.rehearsal.answers import SIZE, Answers, Shapes
from tidegate.rehearsal.draws import Draws
from tidegate.rehearsal.scenario import CANDIDATE, CONTROL
from tidegate.rehearsal.staked import Staked

GATE = SavingsGate(min=0.35, floor=0.3, expected=ExpectedCost(base=0.01, per_byte=1e-6, cap=0.4))


@pytest.fixture(scope="module")
def shapes() -> Shapes:
    return Shapes(Draws("pool"), CONTROL.cost)


def test_the_pools_costs_have_the_wanted_mean_exactly(shapes: Shapes) -> None:
    for variant in (CONTROL, CANDIDATE):
        assert sum(shapes.dollars(variant.cost)) / SIZE == pytest.approx(variant.cost.mean)


def test_a_stretch_adds_what_its_requests_add(shapes: Shapes) -> None:
    costs, asked = shapes.dollars(CANDIDATE.cost)[:50], shapes.asked[:50]
    staked = Staked(Arm.CANDIDATE, costs, asked, GATE, share=0.05)
    one_by_one = Counter[int]()
    for place in (*range(40, 50), *range(5)):
        stakes = Stakes(GATE.expected.of(asked[place]), GATE.expected.cap, 0.05, GATE.min, GATE.floor)
        one_by_one.update(bets(stakes, Arm.CANDIDATE, costs[place]))
    assert staked.between(40, 55) == dict(one_by_one)
    assert set(staked.between(7, 7).values()) == {0}


def test_more_answers_than_the_pool_has_are_taken_in_several(shapes: Shapes) -> None:
    answers = Answers(shapes, CANDIDATE, slower=2.0, dearer=1.5)
    answers.stake(partial(Staked, Arm.CANDIDATE, gate=GATE, share=0.05))
    taken = answers.take(Draws("take"), 2 * SIZE + 10)
    assert sum(taken.cells.values()) == 2 * SIZE + 10
    assert taken.usd / (2 * SIZE + 10) == pytest.approx(answers.mean_usd, rel=0.01)
    assert len(taken.bets) == 10
    assert answers.take(Draws("take"), 0).usd == 0.0
