"""Savings by sticky unit: exact values, an oracle, and what a unit's state keeps for them."""

import math

import msgspec
import numpy as np
import pytest
from exchanges import SINCE, make_exchange
from hypothesis import given
from hypothesis import strategies as st
from stages import make_evidence, make_rollout, pair

from tidegate.domain.evidence import Tally
from tidegate.domain.exchange import Arm, Stakes
from tidegate.domain.observation import begin, observe
from tidegate.domain.processes import processes
from tidegate.domain.rollout import ExpectedCost, Gates, SavingsGate, Unit
from tidegate.domain.savings import UNIT
from tidegate.domain.tallying import LEVELS, UnitKey, fold
from tidegate.domain.unit_savings import LEAST_LEVEL, MILESTONES, PARTS, UNIT_BETS, milestone_at, unit_bets
from tidegate.domain.unit_state import UnitState

STAKES = Stakes(expected=0.02, cap=0.4, share=0.05, min=0.35, floor=0.3)
GATE = SavingsGate(
    min=0.35, floor=0.3, worse="rollback", expected=ExpectedCost(base=0.02, per_byte=0.0, cap=0.4)
)
WIDTH = len(UNIT_BETS)


def test_a_candidates_twentieth_request_by_hand() -> None:
    found = unit_bets(STAKES, Arm.CANDIDATE, 2, 0.24, 0.4)
    d, most = (0.24 / (0.65 * 0.4) - 1) / 0.05, 0.5 / 0.05
    assert [found[24 + place] / UNIT for place in range(WIDTH)] == pytest.approx(
        [math.log(1 - bet / most * d) for bet in UNIT_BETS]
    )
    d, most = (0.24 / (0.7 * 0.4) - 1) / 0.05, 1 / 0.05
    assert [found[30 + place] / UNIT for place in range(WIDTH)] == pytest.approx(
        [math.log(1 + bet / most * d) for bet in UNIT_BETS]
    )
    assert set(found) == set(range(24, 36))


def test_a_control_units_first_request_by_hand() -> None:
    found = unit_bets(STAKES, Arm.CONTROL, 0, 0.05, 0.02)
    d, most = -1.5 / 0.95, 2 / 0.05
    assert found[0] / UNIT == pytest.approx(math.log(1 - 0.03 / most * d))
    floorless = msgspec.structs.replace(STAKES, floor=None)
    assert set(unit_bets(floorless, Arm.CONTROL, 0, 1.0, 1.0)) == set(range(WIDTH))


def test_what_costs_more_than_the_cap_counts_as_the_cap() -> None:
    for number, milestone in enumerate(MILESTONES):
        capped = unit_bets(STAKES, Arm.CANDIDATE, number, milestone.cap, 1.0)
        assert unit_bets(STAKES, Arm.CANDIDATE, number, 1e9, 1.0) == capped
        assert unit_bets(STAKES, Arm.CANDIDATE, number, 1.0, 0.0) == capped
        free = msgspec.structs.replace(STAKES, min=1.0, floor=None)
        assert unit_bets(free, Arm.CANDIDATE, number, 0.0, 1.0) == unit_bets(
            free, Arm.CANDIDATE, number, 9.0, 1.0
        )


def test_the_milestones_share_alpha() -> None:
    assert sum(PARTS) == pytest.approx(1.0)
    assert [milestone_at(count) for count in (1, 2, 5, 19, 20, 21)] == [0, None, 1, None, 2, None]


@given(
    st.lists(st.floats(0, 10), min_size=3, max_size=8),
    st.floats(0.02, 0.95),
    st.floats(0.0, 0.9),
    st.floats(0, 0.5),
    st.sampled_from(range(len(MILESTONES))),
)
def test_no_factor_is_expected_above_one_while_savings_are_just_what_is_asked(
    ratios, share, savings, more, number
) -> None:
    """Over two arms whose ratios differ by the savings exactly, or more: the mean over arm and unit."""
    stakes = Stakes(expected=1.0, cap=9.0, share=share, min=savings, floor=savings)
    first = 2 * WIDTH * number

    def factor(arm: Arm, ratio: float, place: int) -> float:
        return math.exp(unit_bets(stakes, arm, number, ratio, 1.0)[first + place] / UNIT)

    for place in range(2 * WIDTH):
        dearer = more if place < WIDTH else -more
        factors = [
            share * factor(Arm.CANDIDATE, max(0.0, (1 - savings) * (ratio + dearer)), place)
            + (1 - share) * factor(Arm.CONTROL, ratio, place)
            for ratio in ratios
        ]
        assert np.mean(factors) <= 1 + 1e-9


def requests(count: int, **changes: object) -> list:
    kept = {"stakes": STAKES, "unit_hash": "u", "arm": Arm.CANDIDATE, "cost_usd": 0.012}
    return [make_exchange(n, **(kept | changes)) for n in range(count)]


def level(at: float, units: int = LEAST_LEVEL, stages: tuple[int, ...] = (0, 1)) -> dict[UnitKey, UnitState]:
    """So many control units were read at each milestone before, with a mean R of `at`."""
    state = UnitState(arm=Arm.CONTROL, priced=units, paid=round(units * at * 10**12))
    return {UnitKey("contract-skills", 1, name, stage): state for name in LEVELS for stage in stages}


def bets_of(exchanges, known=None) -> dict[int, int]:
    found: dict[int, int] = {}
    for sums in fold(exchanges, level(1.0) if known is None else known).sums.values():
        for place, added in sums.bets.items():
            found[place] = found.get(place, 0) + added
    return found


def test_a_units_requests_are_read_at_each_milestone_once() -> None:
    assert bets_of(requests(4)) == unit_bets(STAKES, Arm.CANDIDATE, 0, 0.012, 0.02)
    expected: dict[int, int] = {}
    for number, count in enumerate((1, 5, 20)):
        expected |= unit_bets(STAKES, Arm.CANDIDATE, number, 12 * count, 20 * count)
    assert bets_of(requests(19)) == {place: each for place, each in expected.items() if place < 24}
    assert bets_of(requests(20)) == bets_of(requests(60)) == expected


def test_what_has_no_price_or_no_stakes_is_not_counted() -> None:
    assert bets_of(requests(30, cost_usd=None)) == {}
    assert bets_of(requests(30, stakes=None)) == {}
    mixed = [*requests(1, cost_usd=None), *requests(3, stakes=None)[1:], *requests(4)[3:]]
    assert bets_of(mixed) == unit_bets(STAKES, Arm.CANDIDATE, 0, 0.012, 0.02)


def test_before_a_unit_has_triggered_its_costs_do_not_count() -> None:
    untouched = requests(3, triggered=False)
    assert bets_of(untouched) == {}
    assert set(bets_of([*untouched, *requests(4)[3:]])) == set(range(2 * WIDTH))


def test_each_stage_reads_a_unit_anew() -> None:
    later = [msgspec.structs.replace(each, id=f"{each.id}b", stage=1) for each in requests(20)]
    once = bets_of(requests(20))
    assert bets_of([*requests(20), *later]) == {place: 2 * added for place, added in once.items()}


def test_e_is_the_best_milestones_by_its_part_and_never_a_mean() -> None:
    rollout = make_rollout(Gates(savings=GATE), Unit.USER)
    bets = {24 + place: 3 * UNIT for place in range(WIDTH)} | {0: UNIT, 6: 9 * UNIT, 35: UNIT}
    found = observe(begin(rollout), rollout, make_evidence(pair(0, Tally(bets=bets), Tally())))
    assert found.test("savings").e_value == pytest.approx(0.6 * math.exp(3))
    first = 0.2 * (math.exp(9) + 5) / 6
    assert found.test("floor").e_value == pytest.approx(first)


def test_a_rollout_by_user_has_both_tests() -> None:
    rollout = make_rollout(Gates(savings=GATE), Unit.CONVERSATION)
    assert {"savings", "floor"} <= set(processes(rollout))
    assert rollout.stage_since == SINCE


def test_what_is_usual_is_the_mean_of_the_control_units_that_were_read_before() -> None:
    doubled = bets_of(requests(1, cost_usd=0.024), level(2.0))
    assert doubled == bets_of(requests(1, cost_usd=0.012), level(1.0))
    assert bets_of(requests(60), level(1.0, units=LEAST_LEVEL - 1)) == {}


def test_a_control_unit_is_judged_by_the_level_before_it_and_raises_it_for_the_next() -> None:
    first, second = (requests(1, unit_hash=name, arm=Arm.CONTROL, cost_usd=0.04)[0] for name in "ab")
    second = msgspec.structs.replace(second, id="other")
    folded = fold([first, second], level(1.0))
    one, two = unit_bets(STAKES, Arm.CONTROL, 0, 2.0, 1.0), unit_bets(STAKES, Arm.CONTROL, 0, 2.0, 52 / 51)
    (sums,) = folded.sums.values()
    assert sums.bets == {place: one[place] + two[place] for place in one}
    read = folded.units[UnitKey("contract-skills", 1, LEVELS[0], 0)]
    assert (read.priced, read.paid) == (LEAST_LEVEL + 2, 54 * 10**12)


def test_a_candidate_moves_no_level() -> None:
    assert not set(LEVELS) & {key.unit for key in fold(requests(20), level(1.0)).units}
