"""Stretches of a pool of answers add up to what their requests would have added one by one."""

import math
import statistics
from collections import Counter
from functools import partial

import msgspec
import pytest

from tidegate.domain.certifying import seconds_to_certify
from tidegate.domain.exchange import Arm, Stakes
from tidegate.domain.past import with_past as by_past
from tidegate.domain.rollout import ExpectedCost, Plan, SavingsGate
from tidegate.domain.savings import bets
from tidegate.rehearsal.answers import SIZE, Answers, Shapes
from tidegate.rehearsal.draws import Draws
from tidegate.rehearsal.past import past
from tidegate.rehearsal.plan import plan_of
from tidegate.rehearsal.scenario import CANDIDATE, CONTROL
from tidegate.rehearsal.scenario_file import read_scenario
from tidegate.rehearsal.staked import Staked, StakedUnits

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


def test_users_whose_costs_differ_are_units_of_every_factor_on_what_is_left_of_sigma(shapes: Shapes) -> None:
    cost = msgspec.structs.replace(CONTROL.cost, user_spread=0.7)
    factors = cost.factors()
    assert sum(factors) / len(factors) == pytest.approx(1.0)
    assert statistics.pstdev(math.log(each) for each in factors) == pytest.approx(0.7, rel=0.1)
    assert cost.within().sigma ** 2 + 0.7**2 == pytest.approx(cost.sigma**2)
    assert CONTROL.cost.factors() == (1.0,)
    assert CONTROL.cost.within() is CONTROL.cost
    costs = shapes.dollars(cost.within())
    units = StakedUnits(Arm.CONTROL, costs, shapes.asked, GATE, share=0.05, factors=factors)
    alike = StakedUnits(Arm.CONTROL, costs, shapes.asked, GATE, share=0.05)

    def spread_of(staked: StakedUnits) -> float:
        draws = Draws("units")
        found = [staked.units(draws, 2, 1) for _ in range(400)]
        return statistics.pstdev(each[min(each)] for each in found)

    assert spread_of(units) > 2 * spread_of(alike)


def test_savings_by_user_take_longer_to_certify_where_users_costs_differ() -> None:
    """The same plan and the same mean; only the share of the scatter that lies between users is another."""
    plan = plan_of(STICKY)
    alike = seconds_of(plan, "control: {cost: {sigma: 1.2}}")
    unlike = seconds_of(plan, "control: {cost: {sigma: 1.2, user_spread: 1.0}}")
    assert alike < unlike < 30 * alike


def seconds_of(plan: Plan, text: str) -> float:
    scenario = read_scenario(text)
    before = past(scenario, Shapes(Draws("past"), scenario.control.cost))
    return seconds_to_certify(by_past(plan, before), 0, before, 0.6)


STICKY = """\
apiVersion: tidegate/v1
kind: Rollout
metadata: {name: sticky}
spec:
  unit: user
  candidate: {skills: {contract-analysis: latest}}
  stages:
    - {name: canary, weight: 25, bake: 72h, promote: auto}
    - {name: full, weight: 100, bake: 20m, promote: auto, holdout: 5}
  gates:
    savings: {min: 35%}
"""
