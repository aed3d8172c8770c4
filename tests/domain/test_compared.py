"""The gates latency, feedback, slo and ratio: exact values, oracles, and what each does."""

import math

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import betaln
from scipy.stats import binom
from stages import HOUR, SINCE, make_event, make_evidence, make_rollout, pair

from tidegate.domain.decision import Kind, decide
from tidegate.domain.evidence import Tally, latency_cell
from tidegate.domain.exchange import Arm
from tidegate.domain.measure import FEEDBACK, Measure
from tidegate.domain.measure import latency as latency_measure
from tidegate.domain.observation import Evidence, Found, begin, observe, settle
from tidegate.domain.prior import StagePrior
from tidegate.domain.rollout import (
    ErrorsGate,
    FeedbackGate,
    Gates,
    LatencyGate,
    Move,
    RatioGate,
    Rollout,
    SloGate,
    Unit,
)
from tidegate.domain.sample_ratio import RatioProcess, bayes_factor
from tidegate.domain.sequential import ErrorsProcess, likelihood_ratios
from tidegate.domain.slo import SloProcess
from tidegate.domain.slo import likelihood_ratios as slo_ratios
from tidegate.domain.transition import apply

LIMITS = (2.1, 2.6, 3.0, 4.0, 5.0, 8.0)
LATENCY = LatencyGate(p95=5.0, limits=LIMITS)
PRIOR = StagePrior(start=0.25, planned=0.2, extension=0.05, bake_seconds=3600.0)
SLO_ODDS = (1.25, 1.5, 2, 3, 5, 8, 16, 40, 120)


def looked(rollout: Rollout, *rows, events=()) -> Evidence:
    buckets = [each for row in rows for each in pair(*row)]
    return observe(begin(rollout), rollout, make_evidence(buckets, list(events)))


def said(rollout: Rollout, evidence: Evidence, gate: str):
    return next(each for each in decide(rollout, evidence, SINCE + 60).verdicts if each.name == gate)


# ---- latency --------------------------------------------------------------------------------------------


def test_latency_by_hand_averages_over_limits_and_ratios() -> None:
    process = ErrorsProcess(prior=PRIOR, share=0.05, since=SINCE, measure=latency_measure(2))
    state = process.fold(process.begin(), pair(0, Tally(slow={1: 2, 2: 1}), Tally(slow={1: 4})))
    begun = 0.25 + 0.2 * 5 / 3600
    by_hand = [
        begun * (r / 1.05) ** x_c * ((1 + 0.05 * (r - 1)) / (1 + 0.05 * 0.05)) ** -(x_c + x_k)
        for x_c, x_k in ((3, 4), (1, 0))
        for r in (1.1, 1.25, 1.5, 2, 3, 6, 15, 40)
    ]
    assert state.wealth == pytest.approx(by_hand)
    assert process.e_values(state)[0] == pytest.approx(sum(by_hand) / 16)


measures = st.sampled_from([latency_measure(1), FEEDBACK])


@given(measures, st.integers(0, 30), st.integers(0, 200), st.floats(0.01, 0.99))
def test_every_measures_factors_are_ratios_of_binomial_likelihoods(
    measure: Measure, candidate: int, control: int, share: float
) -> None:
    def log_pmf(ratio: float) -> float:
        p = share * ratio / (1 - share + share * ratio)
        return float(binom.logpmf(candidate, candidate + control, p))

    expected = np.exp([log_pmf(r) - log_pmf(measure.tolerated) for r in measure.ratios]).tolist()
    assert likelihood_ratios(share, candidate, control, measure) == pytest.approx(
        expected, rel=1e-6, abs=1e-300
    )


def test_a_slower_candidate_is_rolled_back_and_an_equal_one_is_not() -> None:
    rollout = make_rollout(Gates(latency=LATENCY))
    calm = Tally(requests=95, triggered=95, slow={1: 10, 2: 5, 3: 3}, seconds={9: 95})
    slow = Tally(requests=5, triggered=5, slow={6: 4}, seconds={9: 5})
    equal = Tally(requests=5, triggered=5, slow={1: 1}, seconds={9: 5})
    bad = looked(rollout, *((5 * n, slow, calm) for n in range(6)))
    assert decide(rollout, bad, SINCE + 60).cause == "latency"
    assert decide(rollout, bad, SINCE + 60).kind is Kind.ROLLBACK
    good = looked(rollout, *((5 * n, equal, calm) for n in range(600)))
    assert said(rollout, good, "latency").verdict == "pass"


def test_p95_above_the_limit_holds_the_stage_though_both_arms_share_it() -> None:
    rollout = make_rollout(Gates(latency=LATENCY))
    one = Tally(requests=100, triggered=100, slow={4: 94, 5: 6}, seconds={latency_cell(4.5): 100})
    control = msgspec.structs.replace(one, triggered=1900, slow={4: 94 * 19, 5: 6 * 19})
    verdict = said(rollout, looked(rollout, (0, one, control)), "latency")
    assert (verdict.verdict, verdict.measure, verdict.value, verdict.bound) == ("unsure", "slow", 0.06, 0.05)
    edge = Tally(requests=100, triggered=100, slow={5: 5}, seconds={3: 100})
    many = msgspec.structs.replace(edge, triggered=1900, slow={5: 95})
    assert said(rollout, looked(rollout, (0, edge, many)), "latency").verdict == "pass"
    assert said(rollout, Evidence(), "latency").verdict == "unsure"


def test_by_sticky_unit_each_limit_has_its_part_of_alpha() -> None:
    rollout = make_rollout(Gates(latency=LATENCY), Unit.USER)
    events = [make_event(f"u{n}", Arm.CANDIDATE, "slow6", 5.0 + n) for n in range(12)]
    found = observe(begin(rollout), rollout, make_evidence([], events)).test("latency")
    wealth = np.array([0.5] * 8)
    ratios = np.array([1.1, 1.25, 1.5, 2, 3, 6, 15, 40])
    for n in range(12):
        spent = 0.5 * (5.0 + n) / (6 * HOUR) - (0.5 * (5.0 + n - 1) / (6 * HOUR) if n else 0)
        wealth = (wealth + spent) * ratios / (1 + 0.05 * (ratios - 1))
    windows_of_3h = 24 + 24  # both stages bake for 72 h
    short = wealth.mean() * 0.9 / 6 / 2 / windows_of_3h
    wealth = np.array([0.5] * 8)
    for n in range(12):
        spent = 0.5 * (5.0 + n) / (72 * HOUR) - (0.5 * (5.0 + n - 1) / (72 * HOUR) if n else 0)
        wealth = (wealth + spent) * ratios / (1 + 0.05 * (ratios - 1))
    long = wealth.mean() * 0.9 / 6 / 2 / 6
    assert found.e_value == pytest.approx(max(short, long))
    assert decide(rollout, Evidence(tests={"latency": found}), SINCE + 60).cause == "latency"


def test_events_of_other_gates_are_not_read() -> None:
    rollout = make_rollout(Gates(latency=LATENCY, feedback=FeedbackGate()), Unit.USER)
    events = [make_event(f"u{n}", Arm.CANDIDATE, "bad", 5.0 + n) for n in range(12)]
    seen = observe(begin(rollout), rollout, make_evidence([], events))
    assert seen.peak > 200
    assert seen.test("latency").peak < 1 > seen.test("feedback").peak


# ---- feedback -------------------------------------------------------------------------------------------


def test_votes_by_hand_count_the_larger_of_design_and_voters_share() -> None:
    process = ErrorsProcess(prior=PRIOR, share=0.05, since=SINCE, measure=FEEDBACK)
    first = pair(0, Tally(up=3, down=1), Tally(up=5, down=1))
    second = pair(5, Tally(down=2), Tally(down=1))
    state = process.fold(process.begin(), [*first, *second])
    mass, r = 0.2 * 5 / 3600, np.array([1.25, 1.5, 2, 3, 5])
    one = (0.25 + mass) * (r / 1.1) * ((1 + 0.05 * (r - 1)) / (1 + 0.05 * 0.1)) ** -2
    two = (one + mass) * (r / 1.1) ** 2 * ((1 + 0.4 * (r - 1)) / (1 + 0.4 * 0.1)) ** -3
    assert state.wealth == pytest.approx(two.tolist())
    assert state.votes == (6, 7)


def test_a_candidate_that_gets_more_votes_is_not_blamed_for_their_usual_share_of_thumbs_down() -> None:
    rollout = make_rollout(Gates(feedback=FeedbackGate(min=0.5)))
    rng = np.random.default_rng(3)
    rows = []
    for n in range(300):
        down = rng.binomial([20, 20], 0.15)
        rows.append((5 * n, *(Tally(requests=20, up=20 - int(d), down=int(d)) for d in down)))
    verdict = said(rollout, looked(rollout, *rows), "feedback")
    assert verdict.verdict == "pass"
    assert verdict.value == pytest.approx(0.85, abs=0.02)


def test_more_thumbs_down_pause_and_few_up_hold() -> None:
    rollout = make_rollout(Gates(feedback=FeedbackGate(min=0.8)))
    calm, angry = Tally(up=85, down=15), Tally(up=1, down=4)
    worse = looked(rollout, *((5 * n, angry, calm) for n in range(40)))
    decision = decide(rollout, worse, SINCE + 60)
    assert (decision.kind, decision.cause) == (Kind.PAUSE, "feedback")
    assert said(rollout, looked(rollout, (0, Tally(up=7, down=3), calm)), "feedback").verdict == "unsure"
    assert said(rollout, looked(rollout, (0, Tally(), calm)), "feedback").verdict == "unsure"
    no_min = make_rollout(Gates(feedback=FeedbackGate()))
    assert said(no_min, looked(no_min, (0, Tally(), calm)), "feedback").verdict == "pass"


def test_a_unit_counts_with_its_first_thumbs_down() -> None:
    rollout = make_rollout(Gates(feedback=FeedbackGate()), Unit.USER)
    events = [make_event("u", Arm.CANDIDATE, "down", 5.0 + n) for n in range(50)]
    once = observe(begin(rollout), rollout, make_evidence([], events[:1])).test("feedback")
    again = observe(begin(rollout), rollout, make_evidence([], events)).test("feedback")
    assert once == again


# ---- slo ------------------------------------------------------------------------------------------------


@given(st.floats(0.001, 0.5), st.integers(0, 60), st.integers(0, 400))
def test_slo_factors_are_ratios_of_binomial_likelihoods(allowed: float, bad: int, good: int) -> None:
    def log_pmf(ratio: float) -> float:
        odds = ratio * allowed / (1 - allowed)
        return float(binom.logpmf(bad, bad + good, odds / (1 + odds)))

    expected = [log_pmf(r) - log_pmf(1.0) for r in SLO_ODDS]
    assert slo_ratios(allowed, bad, bad + good) == pytest.approx(
        np.exp(expected).tolist(), rel=1e-6, abs=1e-250
    )


@given(st.integers(0, 40), st.floats(0.01, 0.3), st.floats(0.1, 1.0))
def test_no_slo_factor_is_expected_above_one_within_the_limit(n: int, allowed: float, part: float) -> None:
    weights = binom.pmf(np.arange(n + 1), n, allowed * part)
    factors = np.array([slo_ratios(allowed, bad, n) for bad in range(n + 1)])
    assert (weights @ factors <= 1 + 1e-9).all()


def test_slo_by_hand() -> None:
    gate = SloGate(errors=0.02, slow=0.05, over=5.0)
    process = SloProcess(prior=PRIOR, since=SINCE, gate=gate)
    seconds = {latency_cell(1.0): 7, latency_cell(6.0): 3}
    tally = Tally(triggered=10, triggered_errors=2, seconds=seconds)
    state = process.fold(process.begin(), pair(0, tally, Tally(triggered=99, triggered_errors=99)))
    begun = 0.25 + 0.2 * 5 / 3600
    errors = [begun * r**2 / (1 + 0.02 * (r - 1)) ** 10 for r in SLO_ODDS]
    slow = [begun * r**3 / (1 + 0.05 * (r - 1)) ** 10 for r in SLO_ODDS]
    assert state.wealth["errors"] == pytest.approx(errors)
    assert state.wealth["slow"] == pytest.approx(slow)
    expected = max(sum(errors), sum(slow)) / 9 / 2
    assert process.e_values(state) == pytest.approx((expected, expected))


def test_an_outage_of_both_arms_pauses_and_rolls_nothing_back() -> None:
    rollout = make_rollout(Gates(errors=ErrorsGate(max=0.02), slo=SloGate(errors=0.02, slow=0.05)))
    broken = Tally(requests=5, triggered=5, triggered_errors=5, faulted=5)
    control = Tally(requests=95, triggered=95, triggered_errors=95, faulted=95)
    evidence = looked(rollout, *((5 * n, broken, control) for n in range(120)))
    decision = decide(rollout, evidence, SINCE + 600)
    assert (decision.kind, decision.cause) == (Kind.PAUSE, "slo")
    paused = apply(rollout, Move.PAUSE, SINCE + 600)
    resumed = apply(paused, Move.RESUME, SINCE + 900)
    again = observe(begin(resumed), resumed, make_evidence([]))
    assert said(resumed, again, "slo").verdict == "pass"
    calm = looked(resumed, *((905 + 5 * n, Tally(requests=5, triggered=5), control) for n in range(20)))
    assert said(resumed, calm, "slo").verdict == "pass"


def test_slo_keeps_quiet_within_its_limits() -> None:
    rollout = make_rollout(Gates(slo=SloGate(errors=0.02)))
    rng = np.random.default_rng(4)
    rows = []
    for n in range(2000):
        bad = int(rng.binomial(83, 0.02))
        rows.append((5 * n, Tally(requests=83, triggered=83, triggered_errors=bad), Tally()))
    assert looked(rollout, *rows).test("slo").peak < 200


# ---- ratio ----------------------------------------------------------------------------------------------


@given(st.integers(0, 50_000), st.integers(0, 50_000), st.floats(0.005, 0.995))
def test_the_bayes_factor_is_that_of_a_beta_prior(candidate: int, control: int, share: float) -> None:
    a, b = 2000 * share, 2000 * (1 - share)
    expected = betaln(a + candidate, b + control) - betaln(a, b)
    expected -= candidate * math.log(share) + control * math.log1p(-share)
    got = math.log(bayes_factor(share, candidate, control))
    assert got == pytest.approx(min(690.0, float(expected)), rel=1e-6, abs=1e-4)


def test_the_bayes_factor_of_one_unit_is_one_by_hand() -> None:
    assert bayes_factor(0.05, 1, 0) == pytest.approx(1.0)
    assert bayes_factor(0.05, 0, 1) == pytest.approx(1.0)
    assert bayes_factor(0.05, 2, 0) == pytest.approx((101 / 2001) / 0.05)
    assert bayes_factor(1.0, 50, 0) == 1.0


def test_a_broken_split_pauses_and_a_right_one_does_not() -> None:
    rollout = make_rollout(Gates(ratio=RatioGate()))
    right = looked(rollout, *((5 * n, Tally(units=5), Tally(units=95)) for n in range(400)))
    assert said(rollout, right, "ratio").verdict == "pass"
    broken = looked(rollout, *((5 * n, Tally(units=8), Tally(units=92)) for n in range(100)))
    decision = decide(rollout, broken, SINCE + 60)
    assert (decision.kind, decision.cause) == (Kind.PAUSE, "ratio")
    assert "8 %" not in decision.reason
    assert "800 of 10,000 new units are the candidate's; the stage gives it 5 %" in decision.reason


def test_after_a_resume_units_are_counted_anew() -> None:
    process = RatioProcess(share=0.05, restart=SINCE + 100)
    before, after = pair(0, Tally(units=900), Tally(units=100)), pair(100, Tally(units=1), Tally(units=19))
    fired = RatioProcess(share=0.05).fold(RatioProcess(share=0.05).begin(), before)
    assert fired.peak > 1000
    state = process.fold(fired, after)
    assert (state.candidate, state.control) == (1, 19)
    assert state == process.fold(process.begin(), [*before, *after])
    assert process.e_values(fired) == (1.0, 1.0)


# ---- together -------------------------------------------------------------------------------------------


def test_a_pause_never_keeps_a_rollback_waiting() -> None:
    gates = Gates(errors=ErrorsGate(worse="pause"), latency=LATENCY, ratio=RatioGate(worse="hold"))
    rollout = make_rollout(gates)
    both = Evidence(peak=1e6, tests={"latency": Found(1e6, 1e6), "ratio": Found(1e6, 1e6)})
    assert decide(rollout, both, SINCE).cause == "latency"
    assert decide(apply(rollout, Move.PAUSE, SINCE), both, SINCE + 1).kind is Kind.ROLLBACK
    pausing = Evidence(peak=1e6, tests={"ratio": Found(1e6, 1e6)})
    assert decide(rollout, pausing, SINCE).kind is Kind.PAUSE
    held = decide(apply(rollout, Move.PAUSE, SINCE), pausing, SINCE + 1)
    assert (held.kind, held.cause) == (Kind.HOLD, "errors")
    holding = Evidence(tests={"ratio": Found(1e6, 1e6)})
    assert (decide(rollout, holding, SINCE).kind, decide(rollout, holding, SINCE).cause) == ("hold", "ratio")


counts = st.integers(0, 4)
rows = st.lists(
    st.tuples(
        st.integers(0, 400).map(lambda n: 5 * n),
        st.builds(
            lambda n, bad, slow, up, down: Tally(
                requests=n + 4,
                triggered=n + 4,
                triggered_errors=bad,
                faulted=bad,
                units=n,
                up=up,
                down=down,
                capped_short=n + 4,
                capped_long=n + 4,
                seconds={latency_cell(6.0): slow, latency_cell(1.0): n + 4 - slow},
                slow={5: slow} if slow else {},
            ),
            counts,
            counts,
            counts,
            counts,
            counts,
        ),
    ),
    max_size=12,
    unique_by=lambda row: row[0],
)
kinds = st.sampled_from(["bad", "streak", "slow1", "slow5", "down"])
arms = st.sampled_from([Arm.CANDIDATE, Arm.CONTROL])
happenings = st.lists(
    st.builds(make_event, st.sampled_from("abcdef"), arms, kinds, st.floats(0, 2000)),
    max_size=12,
    unique_by=lambda event: (event.unit, event.kind, event.step),
)
ALL = Gates(
    errors=ErrorsGate(worse="pause"),
    latency=LATENCY,
    slo=SloGate(errors=0.02, slow=0.05),
    feedback=FeedbackGate(min=0.8),
    ratio=RatioGate(),
)


@given(rows, happenings, st.sampled_from(list(Unit)), st.floats(0, 2000), st.booleans())
def test_a_settled_prefix_or_another_order_of_replicas_changes_no_gates_evidence(
    rows, happenings, unit: Unit, cut: float, resumed: bool
) -> None:
    rollout = make_rollout(ALL, unit)
    if resumed:
        rollout = apply(apply(rollout, Move.PAUSE, SINCE + 300), Move.RESUME, SINCE + 400)
    buckets = [each for at, tally in rows for each in pair(at, tally, tally)]
    seen = make_evidence(buckets, happenings)
    whole = observe(begin(rollout), rollout, seen)
    assert observe(settle(begin(rollout), rollout, seen, SINCE + cut), rollout, seen) == whole
    assert decide(rollout, whole, SINCE + 2000) == decide(rollout, whole, SINCE + 2000)
    assert set(whole.tests) == {"latency", "slo", "feedback", "ratio"}
