"""What a plan can see: against hand-computed values, against what the tests really do, and in words."""

import math

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from priced import priced
from scipy.stats import binom
from stages import HOUR, SINCE, make_rollout, pair

from tidegate.domain.evidence import Tally
from tidegate.domain.past import Past
from tidegate.domain.power import fault_rate, growth, seconds_to_see, weak_spots
from tidegate.domain.rollout import (
    ErrorsGate,
    Gates,
    Plan,
    SamplesGate,
    Stage,
    Unit,
)
from tidegate.domain.sequential import errors_process

GATES = Gates(errors=ErrorsGate(), samples=SamplesGate(min=1000))


def plan(unit: Unit = Unit.REQUEST, weight: int = 500, bake: float = 72 * HOUR) -> Plan:
    return make_rollout(GATES, unit, weight=weight, bake=bake).plan


def past(per_minute: float, *, rate: float = 0.008, units: int = 20_000, span: float = 24 * HOUR) -> Past:
    requests = round(per_minute * span / 60)
    return Past(span=span, requests=requests, faulted=round(rate * requests), units=units)


def test_growth_by_hand() -> None:
    by_hand = 0.05 * 0.016 * math.log(2 / 1.1) - (0.05 * 0.016 + 0.95 * 0.008) * math.log(1.05 / 1.005)
    assert growth(0.05, 0.008, 2.0) == pytest.approx(by_hand)


@given(st.floats(0.01, 0.95), st.floats(0.001, 0.2), st.floats(1.2, 5))
def test_growth_is_the_mean_of_the_logarithm_of_the_tests_factor(
    share: float, rate: float, ratio: float
) -> None:
    ratios = np.array([1.25, 1.5, 2, 3, 5, 8, 16, 40, 120])
    bad = share * rate * ratio + (1 - share) * rate
    one = np.log(ratios / 1.1) - np.log((1 + share * (ratios - 1)) / (1 + share * 0.1))
    other = -np.log((1 + share * (ratios - 1)) / (1 + share * 0.1))
    expected = binom.pmf(1, 1, bad) * np.max((share * rate * ratio * one + (1 - share) * rate * other) / bad)
    assert growth(share, rate, ratio) == pytest.approx(max(float(expected), 1e-300), rel=1e-9)


@pytest.mark.parametrize("ratio", [3.0, 6.0])
def test_the_reckoned_time_is_about_the_median_of_what_the_test_takes(ratio: float) -> None:
    rollout, rng = make_rollout(GATES), np.random.default_rng(11)
    process = errors_process(rollout)
    taken = []
    for _ in range(25):
        state, at = process.begin(), 0
        while process.e_values(state)[1] < 200:
            bad = rng.poisson(np.array([0.05 * ratio, 0.95]) * 0.008 * 1000 / 12)
            state = process.fold(state, pair(at, *(Tally(faulted=int(n)) for n in bad)))
            at += 5
        taken.append(at)
    assert seconds_to_see(rollout.plan, 0, past(1000), ratio) == pytest.approx(np.median(taken), rel=0.35)
    assert rollout.stage_since == SINCE


@given(st.floats(1, 1000), st.floats(1.5, 20), st.sampled_from(list(Unit)))
def test_more_traffic_and_larger_faults_are_never_seen_later(
    per_minute: float, ratio: float, unit: Unit
) -> None:
    few, many = (past(each, units=round(20 * each)) for each in (per_minute, 2 * per_minute))
    asked = plan(unit)
    assert seconds_to_see(asked, 0, many, ratio) <= seconds_to_see(asked, 0, few, ratio) * 1.01
    assert seconds_to_see(asked, 0, few, 1.5 * ratio) <= seconds_to_see(asked, 0, few, ratio) * 1.01


def test_the_weak_spots_name_traffic_stage_fault_and_what_to_use() -> None:
    warnings = weak_spots(plan(), past(20))
    assert warnings[0] == (
        "at 20 requests/min the 5 % canary cannot see a doubling of errors (0.8 % to 1.6 %) in 72 h; "
        f"use {_first_that_sees(past(20))} %"
    )
    assert weak_spots(plan(), past(1000)) == ()


def _first_that_sees(seen: Past) -> int:
    return next(
        share
        for share in (7, 10, 15, 20, 25)
        if 2 * seconds_to_see(plan(weight=100 * share), 0, seen, 2.0) <= 72 * HOUR
    )


def test_a_small_holdout_is_weak_too() -> None:
    small = plan()
    stages = (small.stages[0], msgspec.structs.replace(small.stages[1], holdout=50))
    found = weak_spots(msgspec.structs.replace(small, stages=stages), past(200))
    assert any("the 99.5 % full cannot see" in each and "use a holdout of" in each for each in found)


def test_few_users_are_said_and_what_it_takes_to_be_seen() -> None:
    (warning, *_) = weak_spots(plan(Unit.USER), past(100, units=200))
    assert "of 200 users in 24 h the 5 % canary cannot see a doubling" in warning
    assert "use " in warning or "times the usual" in warning or "sees no fault" in warning


def test_users_are_reckoned_by_how_often_each_asks_whatever_the_time_that_was_looked_at() -> None:
    plan_, day = priced(1000, unit=Unit.USER)
    asked = msgspec.structs.replace(plan_, gates=GATES)
    week = msgspec.structs.replace(
        day,
        span=7 * day.span,
        requests=7 * day.requests,
        faulted=7 * day.faulted,
        spectrum={7 * requests: units for requests, units in day.spectrum.items()},
    )
    assert seconds_to_see(asked, 0, week, 2.0) == pytest.approx(seconds_to_see(asked, 0, day, 2.0), rel=0.05)
    assert not [each for each in weak_spots(asked, day) if "errors" in each]
    alike = msgspec.structs.replace(day, spectrum={day.requests // day.units: day.units})
    assert seconds_to_see(asked, 0, alike, 2.0) == pytest.approx(
        seconds_to_see(asked, 0, msgspec.structs.replace(day, spectrum={}), 2.0), rel=0.01
    )


def test_too_few_samples_are_foretold() -> None:
    warnings = weak_spots(plan(bake=HOUR), past(40, rate=0.3))
    assert (
        "at 40 requests/min stage 'canary' has about 120 candidate requests of samples.min 1,000 after 1 h, "
        "and would extend itself"
    ) in warnings


def test_savings_that_cannot_be_certified_in_time_are_foretold() -> None:
    assert weak_spots(*priced(1000)) == ()
    first, *_ = weak_spots(*priced(10))
    assert (
        "at 10 requests/min stage 'canary' certifies savings of 35 %, if they are 40 %, only after" in first
    )
    assert first.endswith("h; it bakes for 72 h")


def test_so_are_those_of_users() -> None:
    asked, seen = priced(10, users=300, unit=Unit.USER)
    found = [each for each in weak_spots(asked, seen) if "savings" in each]
    assert len(found) == len(asked.stages)
    assert "at 10 requests/min of 300 users in 24 h stage 'canary' c" in found[0]


def test_without_a_past_nothing_is_said_and_without_a_fault_something_is_reckoned() -> None:
    assert weak_spots(plan(), Past()) == ()
    assert fault_rate(Past(requests=999)) == 0.0005
    assert seconds_to_see(plan(), 0, Past(), 2.0) == math.inf
    assert seconds_to_see(plan(weight=10_000), 0, past(1000), 2.0) == math.inf
    no_errors = msgspec.structs.replace(
        plan(), gates=Gates(), stages=(Stage(name="all", weight=500, bake_seconds=60),)
    )
    assert weak_spots(no_errors, past(1000)) == ()
