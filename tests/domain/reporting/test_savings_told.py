"""What is told of savings: for how long they have held, when they were certain, what a month comes to."""

import msgspec
import pytest
from stages import SINCE, make_rollout, pair

from tidegate.domain.evidence import Tally
from tidegate.domain.exchange import Arm, Stakes
from tidegate.domain.reporting import savings
from tidegate.domain.reporting.arms import both_arms
from tidegate.domain.reporting.document import Interval, SavingsDay, Sustained
from tidegate.domain.reporting.projection import holdout_cost, projection
from tidegate.domain.rollout import ExpectedCost, Gates, SavingsGate
from tidegate.domain.savings import ALPHA_CERTIFICATE, CERTIFICATE, SavingsProcess, bets

STAKES = Stakes(expected=0.02, cap=0.04, share=0.5, min=0.35)
GATE = SavingsGate(min=0.35, expected=ExpectedCost(base=0.02, per_byte=0.0, cap=0.04))


def day(name: str, low: float | None) -> SavingsDay:
    return SavingsDay(
        day=name,
        candidate_priced=1,
        control_priced=1,
        candidate_usd=0.01,
        control_usd=0.02,
        alone=Interval(),
        so_far=Interval(0.5, low, 0.6),
        e_value=None,
    )


@pytest.mark.parametrize(
    ("lows", "days", "since"),
    [
        ([], 0, None),
        ([None, None], 0, None),
        ([0.2, 0.36, 0.35], 2, "d1"),
        ([0.4, 0.4, 0.34], 0, None),
        ([0.4, None, 0.4], 1, "d2"),
        ([0.4, 0.4, 0.4], 3, "d0"),
    ],
)
def test_savings_are_sustained_through_the_last_days_whose_lower_bound_holds(lows, days, since) -> None:
    told = savings.sustained([day(f"d{place}", low) for place, low in enumerate(lows)], 0.35)
    assert (told.days, told.since, told.min) == (days, since, 0.35)


def test_over_several_stages_a_day_in_two_of_them_is_that_of_the_stage_with_more_requests() -> None:
    canary = [day("d1", 0.2), day("d2", 0.36), many("d3", 0.37)]
    wider = [day("d3", None), many("d4", 0.36)]
    for parts in ([(canary, None), (wider, None)], [(wider, None), (canary, None)]):
        assert savings.throughout(parts, 0.35) == Sustained(min=0.35, days=3, since="d2")
    fewer = [many("d3", None), many("d4", 0.36)]
    canary[-1] = day("d3", 0.37)
    assert savings.throughout([(canary, None), (fewer, None)], 0.35) == Sustained(
        min=0.35, days=1, since="d4"
    )
    assert savings.throughout([], 0.35) is None
    assert savings.throughout([([], None), ([], None)], 0.35) is None


def test_over_several_stages_what_came_before_prices_changed_counts_no_more() -> None:
    canary = [many("d1", 0.4), many("d2", 0.4)]
    wider = [many("d3", 0.4), many("d4", 0.4), many("d5", 0.4)]
    full = [many("d6", 0.4)]
    assert savings.throughout([(canary, None), (wider, "d4"), (full, None)], 0.35) == Sustained(
        min=0.35, days=3, since="d4"
    )
    assert savings.throughout([(canary, "d2"), (wider, None), (full, None)], 0.35).days == 5
    assert savings.throughout([(canary, None), (wider, None), ([], "d7")], 0.35) is None


def many(name: str, low: float | None) -> SavingsDay:
    return msgspec.structs.replace(day(name, low), candidate_priced=900)


def test_savings_are_certain_from_the_end_of_the_bucket_in_which_e_got_there() -> None:
    each = Tally(bets=bets(STAKES, Arm.CANDIDATE, 0.004))
    control = Tally(bets=bets(STAKES, Arm.CONTROL, 0.02))
    buckets = [bucket for place in range(60) for bucket in pair(place * 5, each, control)]
    process = SavingsProcess(name=CERTIFICATE, enough=100.0)
    found = process.fold(process.begin(), buckets).since
    assert SINCE < found < SINCE + 300
    before = [bucket for bucket in buckets if bucket.start + 5 < found]
    assert process.fold(process.begin(), before).since is None
    assert process.fold(process.begin(), reversed(buckets)).since == found
    assert process.fold(process.begin(), []).since is None


def test_why_there_is_no_certificate_is_said() -> None:
    plain = make_rollout(Gates()).plan
    blind = make_rollout(Gates(savings=SavingsGate(min=0.35))).plan
    certain = make_rollout(Gates(savings=GATE)).plan
    assert savings.why_no_certificate(plain, 0.5) == "the plan has no savings gate"
    assert "the days before the rollout" in savings.why_no_certificate(blind, 0.5)
    assert "no control" in savings.why_no_certificate(certain, 1.0)
    assert savings.why_no_certificate(certain, 0.5) is None


def test_the_first_stage_needs_least() -> None:
    rollout = make_rollout(Gates(savings=GATE))
    later = msgspec.structs.replace(rollout, stage=1)
    assert savings.needed(rollout, ALPHA_CERTIFICATE) == pytest.approx(100 / 0.95)
    assert savings.needed(later, ALPHA_CERTIFICATE) == pytest.approx(100 / 0.04)


def test_why_there_is_no_point_is_said() -> None:
    assert "tidegate costs show" in savings.no_savings(None, [])
    assert "one of the arms" in savings.no_savings(None, [day("d", None)])
    assert savings.no_savings(0.5, []) is None


def arms(candidate: Tally, control: Tally):
    return both_arms((candidate, control), [], [])


CANDIDATE = Tally(requests=10, triggered=10, priced=10, cost_usd=0.1)
CONTROL = Tally(requests=40, triggered=30, priced=20, cost_usd=0.4)


def test_a_month_is_thirty_days_at_the_pace_and_at_controls_cost() -> None:
    told = projection(arms(CANDIDATE, CONTROL), Interval(0.5, 0.4, 0.6), 86_400.0)
    assert told.requests == 40 * 30
    assert msgspec.structs.astuple(told)[1:] == pytest.approx((24.0, 12.0, 12.0, 9.6, 14.4))
    none = projection(arms(CANDIDATE, CONTROL), Interval(0.5, None, None), 86_400.0)
    assert (none.saved_low_usd, none.saved_high_usd) == (None, None)


@pytest.mark.parametrize(
    ("control", "savings_", "seconds"),
    [
        (Tally(requests=9), Interval(0.5), 86_400.0),
        (CONTROL, Interval(), 86_400.0),
        (CONTROL, Interval(0.5), 3599.0),
    ],
)
def test_without_costs_savings_or_an_hour_no_month_is_told(control, savings_, seconds) -> None:
    assert projection(arms(CANDIDATE, control), savings_, seconds) is None


def test_the_holdout_costs_the_difference_of_each_of_its_requests() -> None:
    both = arms(CANDIDATE, CONTROL)
    assert holdout_cost(both.candidate, both.control) == pytest.approx(20 * (0.02 - 0.01))
    dear = arms(Tally(priced=1, cost_usd=0.05), CONTROL)
    assert holdout_cost(dear.candidate, dear.control) < 0
    unpriced = arms(Tally(), CONTROL)
    assert holdout_cost(unpriced.candidate, unpriced.control) is None
