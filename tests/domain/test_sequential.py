"""The errors test by request: exact values, an oracle, and folding in pieces."""

import math

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from tidegate.domain.evidence import ArmBucket, Tally
from tidegate.domain.exchange import Arm
from tidegate.domain.measure import RATIOS
from tidegate.domain.prior import StagePrior, stage_prior
from tidegate.domain.rollout import Eligible, Gates, Phase, Plan, Rollout, Stage, Unit, Variant
from tidegate.domain.sequential import (
    ErrorsProcess,
    bad_counts,
    errors_process,
    likelihood_ratios,
)

DAY = 86_400.0
SINCE = 1_000_000.0
PRIOR = StagePrior(start=0.25, planned=0.2, extension=0.05, bake_seconds=3600.0)
PROCESS = ErrorsProcess(prior=PRIOR, share=0.05, since=SINCE)


def buckets(*counts: tuple[int, int, int]) -> list[ArmBucket]:
    return [
        ArmBucket(int(SINCE) + at, arm, Tally(triggered=n, faulted=n))
        for at, candidate, control in counts
        for arm, n in ((Arm.CANDIDATE, candidate), (Arm.CONTROL, control))
    ]


def plan(*bakes: float) -> Plan:
    stages = tuple(
        Stage(name=f"s{n}", weight=500 * (n + 1), bake_seconds=bake) for n, bake in enumerate(bakes)
    )
    return Plan(
        name="r",
        unit=Unit.REQUEST,
        eligible=Eligible(),
        baseline=Variant(),
        candidate=Variant(),
        stages=stages,
        gates=Gates(),
    )


@given(st.lists(st.floats(1, 30 * DAY), min_size=1, max_size=6))
def test_the_stages_share_a_mass_of_one(bakes: list[float]) -> None:
    priors = [stage_prior(plan(*bakes), stage) for stage in range(len(bakes))]
    assert math.isclose(sum(p.start for p in priors), 0.5)
    assert math.isclose(sum(p.planned for p in priors), 0.4)
    assert math.isclose(sum(p.extension for p in priors), 0.1)
    assert sum(p.start + p.spent(1e4 * DAY) for p in priors) <= 1


def test_mass_is_spent_evenly_over_the_bake_and_then_by_days() -> None:
    assert PRIOR.spent(-5) == PRIOR.spent(0) == 0
    assert PRIOR.spent(900) == pytest.approx(0.05)
    assert PRIOR.spent(3600) == pytest.approx(0.2)
    assert PRIOR.spent(3600 + DAY / 2) == pytest.approx(0.2 + 0.05 / 4)
    assert PRIOR.spent(3600 + DAY) == pytest.approx(0.2 + 0.05 / 2)
    assert PRIOR.spent(3600 + 2 * DAY) == pytest.approx(0.2 + 0.05 * (1 / 2 + 1 / 6))


@given(st.floats(0, 100 * DAY), st.floats(0, 100 * DAY))
def test_mass_spent_never_falls(a: float, b: float) -> None:
    low, high = sorted((a, b))
    assert PRIOR.spent(low) <= PRIOR.spent(high) <= PRIOR.planned + PRIOR.extension


def test_one_bucket_by_hand() -> None:
    state = PROCESS.fold(PROCESS.begin(), buckets((0, 2, 1)))
    begun = 0.25 + 0.2 * 5 / 3600
    by_hand = [
        begun * (r / 1.1) ** 2 * ((1 + 0.05 * (r - 1)) / (1 + 0.05 * 0.1)) ** -3
        for r in (1.25, 1.5, 2, 3, 5, 8, 16, 40, 120)
    ]
    assert state.wealth == pytest.approx(by_hand)
    assert PROCESS.e_values(state) == pytest.approx((sum(by_hand) / 9, sum(by_hand) / 9))


def test_e_begins_at_the_stage_starts_mass() -> None:
    assert PROCESS.e_values(PROCESS.begin()) == (0.25, 0.25)


def test_the_peak_stays_when_e_falls() -> None:
    state = PROCESS.fold(PROCESS.begin(), buckets((0, 5, 0), (5, 0, 400)))
    e_value, peak = PROCESS.e_values(state)
    assert peak > 200
    assert e_value < 1


@given(st.integers(0, 30), st.integers(0, 200), st.floats(0.01, 0.99))
def test_the_factors_are_ratios_of_binomial_likelihoods(candidate: int, control: int, share: float) -> None:
    def log_pmf(ratio: float) -> float:
        p = share * ratio / (1 - share + share * ratio)
        return float(binom.logpmf(candidate, candidate + control, p))

    expected = [log_pmf(r) - log_pmf(1.1) for r in RATIOS]
    assert likelihood_ratios(share, candidate, control) == pytest.approx(
        np.exp(expected).tolist(), rel=1e-6, abs=1e-300
    )


@given(st.integers(1, 40), st.floats(0.01, 0.95), st.floats(0.2, 1.1))
def test_no_factor_is_expected_above_one_while_the_candidate_is_not_worse(x, share, ratio) -> None:
    p = share * ratio / (1 - share + share * ratio)
    weights = binom.pmf(np.arange(x + 1), x, p)
    factors = np.array([likelihood_ratios(share, k, x - k) for k in range(x + 1)])
    assert (weights @ factors <= 1 + 1e-9).all()


counts = st.lists(
    st.tuples(st.integers(0, 3000), st.integers(0, 40), st.integers(0, 80)),
    max_size=25,
    unique_by=lambda row: row[0],
).map(lambda rows: sorted((5 * at, c, k) for at, c, k in rows))


@given(counts)
def test_the_fold_equals_the_formula_summed_over_beginnings(rows) -> None:
    state = PROCESS.fold(PROCESS.begin(), buckets(*rows))
    expected, ends = np.full(9, PRIOR.start), 0.0
    for at, candidate, control in rows:
        mass = PRIOR.spent(at + 5) - ends
        ends = PRIOR.spent(at + 5)
        r = np.array(RATIOS)
        log_factor = candidate * np.log(r / 1.1) - (candidate + control) * np.log(
            (1 + 0.05 * (r - 1)) / 1.005
        )
        with np.errstate(over="ignore"):
            expected = np.minimum((expected + mass) * np.exp(np.minimum(log_factor, 690)), 1e300)
    assert state.wealth == pytest.approx(expected.tolist(), rel=1e-9)


@given(counts, st.lists(st.integers(0, 25), max_size=4))
def test_folding_in_pieces_is_folding_at_once(rows, cuts) -> None:
    state, done = PROCESS.begin(), 0
    for cut in [*sorted(cuts), len(rows)]:
        state = PROCESS.fold(state, buckets(*rows[done:cut]))
        done = max(done, cut)
    assert state == PROCESS.fold(PROCESS.begin(), buckets(*rows))


@given(counts, st.randoms(use_true_random=False))
def test_the_order_in_which_replicas_report_does_not_matter(rows, shuffle) -> None:
    whole = buckets(*rows)
    split = [ArmBucket(b.start, b.arm, Tally(faulted=n)) for b in whole for n in _halves(b)]
    shuffle.shuffle(split)
    assert PROCESS.fold(PROCESS.begin(), split) == PROCESS.fold(PROCESS.begin(), whole)


def _halves(bucket: ArmBucket) -> tuple[int, int]:
    n = bucket.tally.faulted
    return n // 2, n - n // 2


def test_outside_traffic_is_no_evidence() -> None:
    outside = [ArmBucket(int(SINCE), Arm.OUTSIDE, Tally(faulted=50))]
    assert list(bad_counts(outside)) == []


def test_huge_counts_neither_overflow_nor_raise() -> None:
    state = PROCESS.fold(PROCESS.begin(), buckets((0, 100_000, 0), (5, 0, 1_000_000), (10, 100_000, 0)))
    assert all(math.isfinite(each) and each >= 0 for each in state.wealth)
    assert 1e290 < PROCESS.e_values(state)[1] <= 1e300


def test_without_control_errors_say_nothing() -> None:
    alone = ErrorsProcess(prior=PRIOR, share=1.0, since=SINCE)
    state = alone.fold(alone.begin(), buckets((0, 500, 0)))
    assert state.e_value == pytest.approx(PRIOR.start + PRIOR.spent(5))


def test_a_restart_drops_wealth_and_spends_no_mass_twice() -> None:
    restarted = ErrorsProcess(prior=PRIOR, share=0.05, since=SINCE, restart=SINCE + 102)
    before, after = buckets((0, 9, 0), (95, 9, 0)), buckets((105, 1, 0))
    fired = PROCESS.fold(PROCESS.begin(), before)
    assert restarted.e_values(fired) == (0.0, 0.0)
    state = restarted.fold(fired, after)
    factors = likelihood_ratios(0.05, 1, 0)
    assert state.wealth == pytest.approx([(PRIOR.spent(110) - PRIOR.spent(102)) * f for f in factors])
    assert state == restarted.fold(restarted.begin(), before + after)
    assert state == restarted.fold(restarted.fold(fired, []), after)


def test_the_process_of_a_rollout_takes_share_and_start_from_its_stage() -> None:
    rollout = Rollout(
        name="r",
        plan=plan(60, 120),
        phase=Phase.PROGRESSING,
        stage=1,
        salt="0" * 32,
        created_at=0,
        created_by="ada",
        stage_since=77.0,
    )
    made = errors_process(rollout)
    assert (made.share, made.since, made.restart) == (0.1, 77.0, None)
    assert made.prior == stage_prior(rollout.plan, 1)
    assert msgspec.structs.replace(made.prior, bake_seconds=1).start == 0.25
