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
from tidegate.domain.unit_savings import MOST_REQUESTS
from tidegate.rehearsal.answers import SIZE, Answers, Shapes
from tidegate.rehearsal.draws import Draws
from tidegate.rehearsal.past import past
from tidegate.rehearsal.plan import plan_of
from tidegate.rehearsal.scenario import CANDIDATE, CONTROL, USERS_ALIKE
from tidegate.rehearsal.scenario_file import read_scenario
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


UNLIKE = msgspec.structs.replace(CONTROL.cost, user_spread=0.7)


def test_users_costs_are_a_factor_on_what_is_left_of_sigma() -> None:
    factors = UNLIKE.factors()
    assert sum(factors) / len(factors) == pytest.approx(1.0)
    assert statistics.pstdev(math.log(each) for each in factors) == pytest.approx(0.7, rel=0.1)
    assert UNLIKE.within().sigma ** 2 + 0.7**2 == pytest.approx(UNLIKE.sigma**2)
    assert CONTROL.cost.factors() == (1.0,)
    assert CONTROL.cost.within() is CONTROL.cost


@pytest.mark.parametrize("spread", [0.0, 0.5, 1.0, 1.2])
def test_the_pool_keeps_mean_sigma_and_correlation_whatever_lies_between_users(spread: float) -> None:
    cost = msgspec.structs.replace(CONTROL.cost, user_spread=spread)
    pool = Shapes(Draws("pool"), cost)
    for mean, sigma in ((0.02, 1.2), (0.012, 1.3)):
        other = msgspec.structs.replace(cost, mean=mean, sigma=sigma)
        assert sum(pool.dollars(other)) / SIZE == pytest.approx(mean)
    logs = [math.log(each) for each in pool.dollars(cost)]
    assert statistics.pstdev(logs) == pytest.approx(1.2, rel=0.04)
    sizes = [math.log(each) for each in pool.asked]
    # With little left within users their sizes cannot tell all of it; with nothing left they tell nothing.
    most = min(0.8, math.sqrt(1.2**2 - spread**2) / 1.2)
    assert statistics.correlation(logs, sizes) == pytest.approx(most, abs=0.03)


def test_a_users_twenty_requests_have_their_factor_in_common() -> None:
    pool = Shapes(Draws("pool"), UNLIKE)
    plain = [math.exp(UNLIKE.within().sigma * z) for z in pool.cost]
    ratios = [paid / alone for paid, alone in zip(pool.dollars(UNLIKE), plain, strict=True)]
    users = [ratios[n : n + MOST_REQUESTS] for n in range(0, SIZE, MOST_REQUESTS)]
    assert all(max(each) == pytest.approx(min(each)) for each in users)
    assert len({round(each[0], 9) for each in users}) == USERS_ALIKE


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
