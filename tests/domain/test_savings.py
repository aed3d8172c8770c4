"""The savings tests by request: exact values, an oracle, validity, and what the gate does with them."""

import math

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from stages import SINCE, make_evidence, make_rollout, pair

from tidegate.domain.decision import Kind, decide
from tidegate.domain.evidence import ArmBucket, Tally
from tidegate.domain.exchange import Arm, Stakes
from tidegate.domain.observation import Evidence, Found, begin, observe, settle
from tidegate.domain.rollout import ExpectedCost, Gates, Rollout, SavingsGate, Unit
from tidegate.domain.savings import (
    ALPHA_CERTIFICATE,
    ALPHA_FLOOR,
    BETS,
    RESERVE,
    UNIT,
    SavingsProcess,
    bets,
    bets_by_place,
    stage_bound,
    wealth,
)

STAKES = Stakes(expected=0.02, cap=0.4, share=0.05, min=0.35, floor=0.3)
GATE = SavingsGate(
    min=0.35, floor=0.3, worse="rollback", expected=ExpectedCost(base=0.02, per_byte=0.0, cap=0.4)
)


def test_one_request_of_each_arm_by_hand() -> None:
    candidate = bets(STAKES, Arm.CANDIDATE, 0.01)
    d = (0.01 - 0.65 * 0.02) / 0.05
    assert [candidate[place] / UNIT for place in range(5)] == pytest.approx(
        [math.log(1 - bet / 8 * d) for bet in BETS]
    )
    d = (0.01 - 0.7 * 0.02) / 0.05
    assert [candidate[5 + place] / UNIT for place in range(5)] == pytest.approx(
        [math.log(1 + bet / (0.7 * 8) * d) for bet in BETS]
    )
    control = bets(STAKES, Arm.CONTROL, 0.05)
    d = -0.65 * (0.05 - 0.02) / 0.95
    assert [control[place] / UNIT for place in range(5)] == pytest.approx(
        [math.log(1 - bet / 8 * d) for bet in BETS]
    )
    assert set(bets(msgspec.structs.replace(STAKES, floor=None), Arm.CONTROL, 0.05)) == set(range(5))


@given(
    requests=st.lists(st.tuples(st.floats(0, 2), st.floats(0, 2)), max_size=20),
    floor=st.none() | st.floats(-1, 0.99),
    arm=st.sampled_from([Arm.CANDIDATE, Arm.CONTROL]),
)
def test_many_requests_at_once_add_what_they_add_one_by_one(
    requests: list[tuple[float, float]], floor: float | None, arm: Arm
) -> None:
    stakes = msgspec.structs.replace(STAKES, floor=floor)
    rows = bets_by_place(stakes, arm, [cost for cost, _ in requests], [usual for _, usual in requests])
    for number, (cost, usual) in enumerate(requests):
        alone = bets(msgspec.structs.replace(stakes, expected=usual), arm, cost)
        assert {place: row[number] for place, row in enumerate(rows)} == alone


@given(
    share=st.floats(0.001, 0.999),
    least=st.floats(-1, 0.99),
    floor=st.floats(-1, 0.99),
    expected=st.floats(0, 50),
    cost=st.floats(0, 50),
    arm=st.sampled_from([Arm.CANDIDATE, Arm.CONTROL]),
)
def test_no_cost_is_so_high_or_low_that_a_factor_is_not_above_zero(
    *, share, least, floor, expected, cost, arm
) -> None:
    stakes = Stakes(expected=expected, cap=1.0, share=share, min=least, floor=floor)
    assert all(each / UNIT >= math.log(0.05) - 1e-6 for each in bets(stakes, arm, cost).values())


@given(
    st.lists(st.floats(0, 0.6), min_size=2, max_size=6),
    st.floats(0.02, 0.95),
    st.floats(0.0, 0.6),
    st.floats(0, 0.5),
    st.floats(0, 0.1),
)
def test_no_factor_is_expected_above_one_while_savings_are_just_what_is_asked(
    costs, share, savings, expected, more
) -> None:
    """Over two arms whose capped costs differ by the savings exactly: the mean over arm and cost."""
    stakes = Stakes(expected=expected, cap=0.4, share=share, min=savings, floor=savings)
    control = np.minimum(costs, 0.4)
    kept = (1 - savings) * control
    for place in range(10):
        dearer = (1 - savings) * np.array(costs) if place >= 5 else np.minimum(kept + more, 0.4)
        factors = [
            share * math.exp(bets(stakes, Arm.CANDIDATE, float(c))[place] / UNIT)
            + (1 - share) * math.exp(bets(stakes, Arm.CONTROL, float(k))[place] / UNIT)
            for c, k in zip(dearer, control, strict=True)
        ]
        assert np.mean(factors) <= 1 + 1e-9


def test_a_candidate_that_saves_just_the_floor_of_every_request_is_not_below_it_beyond_the_cap_either() -> (
    None
):
    dear = 1.0  # beyond the cap of 0.4 in both arms
    factors = [
        0.05 * math.exp(bets(STAKES, Arm.CANDIDATE, 0.7 * dear)[place] / UNIT)
        + 0.95 * math.exp(bets(STAKES, Arm.CONTROL, dear)[place] / UNIT)
        for place in range(5, 10)
    ]
    assert factors == pytest.approx([1.0] * 5)


def drawn(rng: np.random.Generator, requests: int, savings: float, stakes: Stakes) -> tuple[Tally, Tally]:
    """Both arms' bucket of requests with lognormal costs around what was expected of them."""
    sums: list[dict[int, int]] = [{}, {}]
    for _ in range(requests):
        expected = 0.02 * rng.lognormal(-(0.96**2) / 2, 0.96)
        candidate = rng.random() < stakes.share
        cost = expected * rng.lognormal(-(0.72**2) / 2, 0.72) * ((1 - savings) if candidate else 1.0)
        staked = msgspec.structs.replace(stakes, expected=min(stakes.cap, expected))
        side = sums[not candidate]
        for place, added in bets(staked, Arm.CANDIDATE if candidate else Arm.CONTROL, cost).items():
            side[place] = side.get(place, 0) + added
    return Tally(bets=sums[0]), Tally(bets=sums[1])


def run(seed: int, savings: float, requests: int) -> tuple[float, float]:
    rng = np.random.default_rng(seed)
    certificate, floor = SavingsProcess(name="savings"), SavingsProcess(name="floor")
    states = certificate.begin(), floor.begin()
    for n in range(requests // 500):
        buckets = pair(5 * n, *drawn(rng, 500, savings, STAKES))
        states = certificate.fold(states[0], buckets), floor.fold(states[1], buckets)
    return states[0].peak, states[1].peak


def test_savings_of_40_percent_are_certified_and_of_20_found_below_the_floor() -> None:
    assert run(1, 0.4, 120_000)[0] >= 100
    assert run(2, 0.2, 60_000)[1] >= 500


def test_savings_of_just_the_least_are_not_certified_nor_below_the_floor() -> None:
    peaks = [run(seed, 0.35, 20_000) for seed in range(3, 9)]
    assert max(each[0] for each in peaks) < 100
    assert max(each[1] for each in peaks) < 500


tallies = st.builds(
    lambda one, other: Tally(requests=1, bets={0: one, 3: other, 7: one}),
    st.integers(-UNIT, UNIT),
    st.integers(-UNIT, UNIT),
)
rows = st.lists(
    st.tuples(st.integers(0, 100).map(lambda n: 5 * n), tallies), max_size=10, unique_by=lambda row: row[0]
)


@given(rows, st.floats(0, 600), st.randoms(use_true_random=False))
def test_pieces_late_pieces_and_any_order_give_the_same(rows, cut: float, shuffle) -> None:
    rollout = make_rollout(Gates(savings=GATE))
    buckets = [each for at, tally in rows for each in pair(at, tally, tally)]
    seen = make_evidence(buckets)
    whole = observe(begin(rollout), rollout, seen)
    assert observe(settle(begin(rollout), rollout, seen, SINCE + cut), rollout, seen) == whole
    shuffled = [*buckets]
    shuffle.shuffle(shuffled)
    process = SavingsProcess(name="floor")
    assert process.fold(process.begin(), shuffled) == process.fold(process.begin(), buckets)
    by_hand = [sum(tally.bets.get(5 + place, 0) * 2 for _, tally in rows) for place in range(5)]
    assert process.fold(process.begin(), buckets).e_value == pytest.approx(
        np.mean(np.exp(np.minimum(690, np.array(by_hand) / UNIT)))
    )
    assert wealth((0,) * 5) == 1.0


def judged(rollout: Rollout, certificate: float, floor: float):
    tests = {"savings": Found(certificate, certificate), "floor": Found(floor, floor)}
    tally = Tally(requests=9, triggered=9, priced=9, cost_usd=0.6)
    evidence = Evidence(candidate=tally, control=msgspec.structs.replace(tally, cost_usd=0.9), tests=tests)
    return decide(rollout, evidence, SINCE + 300 * 3600)


def test_the_gate_holds_until_certified_and_rolls_back_below_the_floor() -> None:
    rollout = make_rollout(Gates(savings=GATE))
    unsure = judged(rollout, 105.0, 1.0)
    assert (unsure.kind, unsure.cause) == (Kind.HOLD, "savings")
    assert "not certified yet (E 105 of 105.3); the point value is 33.33 %" in unsure.reason
    assert judged(rollout, 106.0, 1.0).kind is Kind.ADVANCE
    assert judged(rollout, 106.0, 526.0).kind is Kind.ADVANCE
    below = judged(rollout, 106.0, 527.0)
    assert (below.kind, below.cause) == (Kind.ROLLBACK, "savings")
    assert "savings are below 30 %" in below.reason
    gentle = make_rollout(Gates(savings=msgspec.structs.replace(GATE, worse="hold")))
    assert judged(gentle, 106.0, 527.0).kind is Kind.HOLD


def test_a_later_stage_asks_for_more() -> None:
    later = msgspec.structs.replace(make_rollout(Gates(savings=GATE)), stage=1)
    assert judged(later, 2499.0, 12499.0).kind is Kind.HOLD
    assert judged(later, 2500.1, 12499.0).kind is Kind.COMPLETE
    assert judged(later, 2500.1, 12501.0).kind is Kind.ROLLBACK


@given(st.integers(1, 20), st.sampled_from([ALPHA_CERTIFICATE, ALPHA_FLOOR]))
def test_all_stages_together_spend_alpha(stages: int, alpha: float) -> None:
    bounds = [stage_bound(alpha, stage, stages) for stage in range(stages)]
    assert sum(1 / bound for bound in bounds) == pytest.approx(alpha * (1 - RESERVE))


def test_a_past_without_prices_leaves_a_point_value_alone() -> None:
    unpriced = Gates(savings=msgspec.structs.replace(GATE, expected=None))
    for rollout in (make_rollout(unpriced, Unit.USER), make_rollout(unpriced)):
        decision = judged(rollout, 1e9, 1e9)
        assert (decision.kind, decision.cause) == (Kind.HOLD, "savings")
        assert "a point value has no error control" in decision.reason
        assert set(observe(begin(rollout), rollout, make_evidence([])).tests) == set()


def test_after_a_resume_a_floor_that_pauses_judges_anew() -> None:
    before = ArmBucket(int(SINCE), Arm.CANDIDATE, Tally(bets={5: 9 * UNIT}))
    after = ArmBucket(int(SINCE) + 50, Arm.CANDIDATE, Tally(bets={5: UNIT}))
    process = SavingsProcess(name="floor", restart=SINCE + 20)
    found = process.fold(process.begin(), [before, after])
    assert found.e_value == pytest.approx((math.e + 4) / 5)
