"""Verdicts and decisions: guardrails first, no data or unsure holds, approval last."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from tidegate.domain.decision import FOR_PEOPLE, Decision, Kind, decide, duration_text
from tidegate.domain.evidence import Latest, Tally
from tidegate.domain.exchange import Arm
from tidegate.domain.observation import Evidence
from tidegate.domain.rollout import (
    Eligible,
    ErrorsGate,
    Gates,
    Move,
    Phase,
    Plan,
    Rollout,
    SamplesGate,
    SavingsGate,
    Stage,
    TripGate,
    Unit,
    Variant,
)
from tidegate.domain.scatter import savings_point
from tidegate.domain.schedule import Freeze, Schedule
from tidegate.domain.transition import TABLE, apply
from tidegate.domain.verdict import THRESHOLD, shared_fault_probability

BAKED = 5_000.0
GATES = Gates(
    errors=ErrorsGate(max=0.02),
    savings=SavingsGate(min=0.35, floor=0.3),
    samples=SamplesGate(min=100),
    trip=TripGate(errors=0.5, over=20),
)
FINE = Evidence(
    candidate=Tally(triggered=1000, triggered_errors=8, faulted=8, priced=1000, cost_usd=6.0),
    control=Tally(triggered=9000, triggered_errors=72, faulted=72, priced=9000, cost_usd=90.0),
    e_value=0.3,
    peak=1.2,
    latest=(Latest(arm=Arm.CANDIDATE, units=20, bad=0), Latest(arm=Arm.CONTROL, units=20, bad=1)),
)


def rollout(
    *, gates: Gates = GATES, promote: str = "auto", stage: int = 0, holdout: int = 500, bake: float = 3600.0
) -> Rollout:
    stages = (
        Stage(name="canary", weight=500, bake_seconds=bake, promote=promote),
        Stage(name="full", weight=10_000, bake_seconds=bake, promote=promote, holdout=holdout),
    )
    plan = Plan(
        name="r",
        unit=Unit.USER,
        eligible=Eligible(),
        baseline=Variant(),
        candidate=Variant(),
        stages=stages,
        gates=gates,
    )
    return Rollout(
        name="r",
        plan=plan,
        phase=Phase.PROGRESSING,
        stage=stage,
        salt="0" * 32,
        created_at=0.0,
        created_by="ada",
    )


def fine(**changes: object) -> Evidence:
    return msgspec.structs.replace(FINE, **changes)


def gates(**changes: object) -> Gates:
    return msgspec.structs.replace(GATES, **changes)


def summary(decision: Decision) -> tuple[Kind, Move | None, str]:
    return decision.kind, decision.move, decision.cause


WORSE = fine(peak=THRESHOLD)
TRIPPED = fine(
    latest=(Latest(arm=Arm.CANDIDATE, units=20, bad=10), Latest(arm=Arm.CONTROL, units=20, bad=1)),
    recent=(10, 2),
)


def test_a_stage_that_has_baked_and_passed_advances() -> None:
    assert summary(decide(rollout(), FINE, BAKED)) == (Kind.ADVANCE, Move.ADVANCE, "stage-done")


def test_the_last_stage_completes() -> None:
    assert summary(decide(rollout(stage=1), FINE, BAKED)) == (Kind.COMPLETE, Move.COMPLETE, "stage-done")


def test_a_manual_stage_asks_and_then_waits() -> None:
    asking = rollout(promote="manual")
    assert summary(decide(asking, FINE, BAKED)) == (Kind.HOLD, Move.ASK, "approval")
    waiting = apply(asking, Move.ASK, BAKED)
    assert summary(decide(waiting, FINE, BAKED + 1)) == (Kind.HOLD, None, "approval")


def frozen_until(until: float, **changes: object) -> Rollout:
    made = rollout(**changes)
    schedule = Schedule(freezes=(Freeze(0.0, until, "a launch"),))
    return msgspec.structs.replace(made, plan=msgspec.structs.replace(made.plan, schedule=schedule))


def test_outside_its_schedule_a_stage_that_has_passed_waits_and_then_goes_on() -> None:
    waiting = decide(frozen_until(9000.0), FINE, BAKED)
    assert summary(waiting) == (Kind.HOLD, None, "schedule")
    assert "has passed every gate, but changes are frozen: a launch; it opens on Thu 1970-01-01 02:30" in (
        waiting.reason
    )
    assert decide(frozen_until(9000.0), FINE, 9000.0).kind is Kind.ADVANCE


def test_people_are_asked_at_any_time_and_may_promote_within_the_schedule() -> None:
    asking = frozen_until(9000.0, promote="manual")
    assert summary(decide(asking, FINE, BAKED)) == (Kind.HOLD, Move.ASK, "approval")
    waiting = apply(asking, Move.ASK, BAKED)
    assert summary(decide(waiting, FINE, BAKED)) == (Kind.HOLD, None, "schedule")
    assert summary(decide(waiting, FINE, 9000.0)) == (Kind.HOLD, None, "approval")


@pytest.mark.parametrize("evidence", [WORSE, TRIPPED])
def test_taking_users_back_waits_for_no_schedule(evidence: Evidence) -> None:
    assert decide(frozen_until(9000.0), evidence, BAKED).kind is Kind.ROLLBACK


def test_a_stage_bakes_for_its_whole_time() -> None:
    decision = decide(rollout(), FINE, 3000.0)
    assert summary(decision) == (Kind.HOLD, None, "baking")
    assert "another 10m" in decision.reason
    assert decide(rollout(), FINE, 3600.0).kind is Kind.ADVANCE


def test_a_paused_rollout_holds() -> None:
    assert summary(decide(apply(rollout(), Move.PAUSE, 1.0), FINE, BAKED)) == (Kind.HOLD, None, "paused")


@pytest.mark.parametrize("phase", [Phase.DRAFT, Phase.COMPLETED, Phase.ROLLED_BACK, Phase.ABORTED])
def test_a_rollout_that_is_not_running_is_left_alone(phase: Phase) -> None:
    still = msgspec.structs.replace(rollout(), phase=phase)
    assert summary(decide(still, WORSE, BAKED)) == (Kind.HOLD, None, "inactive")


@pytest.mark.parametrize("evidence", [WORSE, TRIPPED])
@pytest.mark.parametrize("moves", [(), (Move.PAUSE,), (Move.ASK,)])
def test_guardrails_act_while_baking_paused_or_awaiting(evidence: Evidence, moves: tuple[Move, ...]) -> None:
    running = rollout()
    for move in moves:
        running = apply(running, move, 1.0)
    decision = decide(running, evidence, 2.0)
    assert (decision.kind, decision.move) == (Kind.ROLLBACK, Move.ROLLBACK)


def test_just_below_the_threshold_nothing_happens() -> None:
    assert decide(rollout(), fine(peak=THRESHOLD * 0.999), 2.0).kind is Kind.HOLD


def test_a_gate_that_pauses_pauses_once() -> None:
    pausing = rollout(gates=gates(errors=ErrorsGate(max=0.02, worse="pause")))
    assert summary(decide(pausing, WORSE, 2.0)) == (Kind.PAUSE, Move.PAUSE, "errors")
    assert summary(decide(apply(pausing, Move.PAUSE, 2.0), WORSE, 3.0)) == (Kind.HOLD, None, "errors")


def test_a_gate_that_holds_keeps_the_stage_from_advancing() -> None:
    holding = rollout(gates=gates(errors=ErrorsGate(worse="hold")))
    assert summary(decide(holding, WORSE, BAKED)) == (Kind.HOLD, None, "errors")


def test_too_few_samples_hold() -> None:
    decision = decide(rollout(), fine(candidate=msgspec.structs.replace(FINE.candidate, triggered=99)), BAKED)
    assert summary(decision) == (Kind.HOLD, None, "samples")
    assert "99 triggered candidate requests of 100" in decision.reason


def test_a_stage_short_of_samples_extends_itself_up_to_a_limit_and_then_calls_for_people() -> None:
    few = fine(candidate=msgspec.structs.replace(FINE.candidate, triggered=50))
    extending = decide(rollout(), few, 4000.0)
    assert summary(extending) == (Kind.HOLD, None, "samples")
    assert "50 triggered candidate requests of 100, at this pace in 1h 6m" in extending.reason
    assert "extends itself for at most another 53m 20s" in extending.reason
    assert decide(rollout(), few, 7199.0).cause == "samples"
    missing = decide(rollout(), few, 7200.0)
    assert summary(missing) == (Kind.HOLD, None, "samples-missing")
    assert "lasts 1h longer than planned" in missing.reason
    short = rollout(gates=gates(samples=SamplesGate(min=100, extend_seconds=60.0)))
    assert [decide(short, few, at).cause for at in (3659.0, 3660.0)] == ["samples", "samples-missing"]
    assert decide(rollout(), FINE, 7200.0).kind is Kind.ADVANCE


def test_without_any_traffic_it_holds_and_calls_for_people() -> None:
    assert decide(rollout(bake=9e5), Evidence(), 3600.0).cause == "baking"
    quiet = decide(rollout(bake=9e5), Evidence(), 3601.0)
    assert summary(quiet) == (Kind.HOLD, None, "no-traffic")
    assert "for 1h 1s" in quiet.reason
    ceased = fine(last_at=5000.0)
    assert decide(rollout(), ceased, 8600.0).kind is Kind.ADVANCE
    assert decide(rollout(), ceased, 8601.0).cause == "no-traffic"
    assert decide(rollout(), msgspec.structs.replace(ceased, peak=THRESHOLD), 8601.0).kind is Kind.ROLLBACK
    paused = apply(apply(rollout(), Move.PAUSE, 5000.0), Move.RESUME, 8000.0)
    assert decide(paused, ceased, 8601.0).cause == "stage-done"


def test_a_plan_says_for_how_long_it_may_be_quiet() -> None:
    nights = rollout(gates=gates(samples=SamplesGate(min=1, quiet_seconds=9 * 3600.0)), bake=9e5)
    assert decide(nights, Evidence(), 9 * 3600.0).cause == "baking"
    assert decide(nights, Evidence(), 9 * 3600.0 + 1).cause == "no-traffic"
    hasty = rollout(gates=gates(samples=SamplesGate(min=1, quiet_seconds=60.0)), bake=9e5)
    assert [decide(hasty, Evidence(), at).cause for at in (60.0, 61.0)] == ["baking", "no-traffic"]
    passed_by = Evidence(candidate=Tally(requests=50), control=Tally(requests=950), last_at=3601.0)
    assert [decide(each, passed_by, 3601.0).cause for each in (nights, hasty)] == ["no-trigger"] * 2


def test_a_stage_that_awaits_approval_may_be_promoted_while_users_sleep() -> None:
    asked = apply(rollout(promote="manual"), Move.ASK, 5000.0)
    night = decide(asked, fine(last_at=5000.0), 5000.0 + 9 * 3600)
    assert summary(night) == (Kind.HOLD, None, "approval")


def test_skills_that_are_chosen_for_nothing_call_for_people() -> None:
    passed_by = Evidence(
        candidate=Tally(requests=50), control=Tally(requests=950), last_at=3600.0, recent=(0, 0)
    )
    assert decide(rollout(bake=9e5), passed_by, 3600.0).cause == "baking"
    told = decide(rollout(bake=9e5), passed_by, 3601.0)
    assert summary(told) == (Kind.HOLD, None, "no-trigger")
    assert "chosen for none of 1,000 requests in 1h 1s" in told.reason
    assert told.cause in FOR_PEOPLE
    once = msgspec.structs.replace(passed_by, control=Tally(requests=950, triggered=1))
    assert decide(rollout(bake=9e5), once, 3601.0).cause == "baking"


@pytest.mark.parametrize(
    "asked", [Gates(), Gates(errors=ErrorsGate()), Gates(savings=SavingsGate(min=0.1)), GATES]
)
def test_no_data_holds_whatever_the_gates(asked: Gates) -> None:
    decision = decide(rollout(gates=asked), Evidence(), BAKED)
    assert (decision.kind, decision.move) == (Kind.HOLD, None)


def test_no_control_data_holds() -> None:
    decision = decide(rollout(), fine(control=Tally()), BAKED)
    assert summary(decision) == (Kind.HOLD, None, "errors")


def test_an_absolute_limit_holds_but_never_rolls_back() -> None:
    outage = Tally(triggered=1000, triggered_errors=900, faulted=900, priced=1000, cost_usd=6.0)
    decision = decide(rollout(), fine(candidate=outage, control=outage), BAKED)
    assert summary(decision) == (Kind.HOLD, None, "errors")
    assert "above max 2 %" in decision.reason


def test_at_the_limit_passes() -> None:
    exact = msgspec.structs.replace(FINE.candidate, triggered_errors=20)
    assert decide(rollout(), fine(candidate=exact), BAKED).kind is Kind.ADVANCE


@pytest.mark.parametrize(
    ("cost", "verdict"), [(6.5, "pass"), (6.6, "unsure"), (7.1, "unsure"), (50.0, "unsure")]
)
def test_savings_below_min_hold_and_never_roll_back(cost: float, verdict: str) -> None:
    evidence = fine(candidate=msgspec.structs.replace(FINE.candidate, cost_usd=cost))
    decision = decide(
        rollout(gates=gates(savings=SavingsGate(min=0.35, floor=0.3, worse="rollback"))), evidence, BAKED
    )
    said = next(v for v in decision.verdicts if v.name == "savings")
    assert said.verdict == verdict
    assert said.value == pytest.approx(1 - cost / 10)
    assert decision.kind is (Kind.ADVANCE if verdict == "pass" else Kind.HOLD)


def test_savings_compare_means_over_priced_requests() -> None:
    assert savings_point(Tally(priced=10, cost_usd=3.0), Tally(priced=100, cost_usd=60.0)) == pytest.approx(
        0.5
    )
    assert savings_point(Tally(priced=1, cost_usd=2.0), Tally(priced=1, cost_usd=1.0)) == pytest.approx(-1.0)


@pytest.mark.parametrize(
    ("candidate", "control"),
    [
        (Tally(), Tally(priced=1, cost_usd=1.0)),
        (Tally(priced=1, cost_usd=1.0), Tally()),
        (Tally(priced=1), Tally(priced=1)),
    ],
)
def test_savings_without_prices_are_unknown(candidate: Tally, control: Tally) -> None:
    assert savings_point(candidate, control) is None
    decision = decide(
        rollout(), fine(candidate=msgspec.structs.replace(candidate, triggered=100), control=control), BAKED
    )
    assert decision.kind is Kind.HOLD


def trip_verdict(evidence: Evidence, **plan: int) -> str:
    return next(v.verdict for v in decide(rollout(**plan), evidence, 2.0).verdicts if v.name == "trip")


def latest(units: int, bad: int, control_units: int, control_bad: int, recent: tuple[int, int]) -> Evidence:
    seen = (
        Latest(arm=Arm.CANDIDATE, units=units, bad=bad),
        Latest(arm=Arm.CONTROL, units=control_units, bad=control_bad),
    )
    return fine(latest=seen, recent=recent)


def test_trip_needs_enough_units_and_enough_failures() -> None:
    assert trip_verdict(latest(20, 10, 20, 0, (10, 1))) == "fail"
    assert trip_verdict(latest(20, 9, 20, 0, (9, 1))) == "pass"
    assert trip_verdict(latest(19, 19, 20, 0, (19, 1))) == "unsure"
    assert trip_verdict(Evidence()) == "unsure"


def test_trip_is_suppressed_while_control_trips_too() -> None:
    assert trip_verdict(latest(20, 20, 20, 10, (20, 0))) == "unsure"
    assert trip_verdict(latest(20, 20, 3, 2, (20, 0))) == "unsure"
    assert trip_verdict(latest(20, 20, 20, 9, (20, 0))) == "fail"


def test_the_beginning_of_an_outage_does_not_trip_a_candidate_with_most_of_the_traffic() -> None:
    assert trip_verdict(latest(20, 12, 20, 1, (12, 1)), stage=1) == "unsure"


def test_the_end_of_an_outage_does_not_trip_a_canary_that_recovers_later_than_control() -> None:
    assert trip_verdict(latest(20, 20, 20, 0, (22, 410))) == "unsure"


@pytest.mark.parametrize(
    "seen",
    [latest(20, 17, 20, 11, (90, 60)), latest(20, 20, 20, 0, (22, 410)), latest(4, 3, 20, 12, (3, 60))],
)
def test_no_stage_ends_while_most_of_the_candidates_latest_units_fail_whoevers_fault_it_is(
    seen: Evidence,
) -> None:
    """Answers that were rescued are no errors of users: nothing else would hold it."""
    decision = decide(rollout(gates=msgspec.structs.replace(GATES, savings=None)), seen, BAKED)
    assert (decision.kind, decision.move, decision.cause) == (Kind.HOLD, None, "trip")
    assert "units failed" in decision.reason


@pytest.mark.parametrize("seen", [latest(4, 1, 20, 12, (1, 60)), latest(0, 0, 20, 0, (0, 0))])
def test_few_units_that_did_well_hold_no_stage(seen: Evidence) -> None:
    decision = decide(rollout(gates=msgspec.structs.replace(GATES, savings=None)), seen, BAKED)
    assert decision.move is Move.ADVANCE


def test_the_stage_goes_on_once_the_shared_outage_is_over() -> None:
    plan = rollout(gates=msgspec.structs.replace(GATES, savings=None))
    assert decide(plan, latest(20, 17, 20, 11, (90, 60)), BAKED).move is None
    assert decide(plan, latest(20, 1, 20, 1, (90, 60)), BAKED + 60).move is Move.ADVANCE


def test_a_broken_candidate_with_most_of_the_traffic_trips_once_control_has_had_its_chance() -> None:
    assert trip_verdict(latest(20, 20, 20, 0, (400, 1)), stage=1) == "fail"


def test_without_any_control_trip_acts_alone() -> None:
    assert trip_verdict(latest(20, 15, 0, 0, (15, 0)), stage=1, holdout=0) == "fail"


@given(st.integers(0, 200), st.integers(0, 200), st.floats(0.01, 0.99))
def test_the_shared_fault_probability_is_a_binomial_tail(candidate: int, control: int, share: float) -> None:
    tail = float(binom.sf(candidate - 1, candidate + control, share))
    got = shared_fault_probability(candidate, control, share)
    if candidate <= (candidate + control) * share:
        assert got == 1.0
    else:
        assert got == pytest.approx(tail, rel=1e-6, abs=1e-15)


def test_at_full_weight_without_holdout_the_verdict_says_there_is_nothing_to_compare() -> None:
    decision = decide(
        rollout(stage=1, holdout=0, gates=Gates(errors=ErrorsGate(max=0.02))), fine(control=Tally()), BAKED
    )
    assert decision.kind is Kind.COMPLETE
    assert "no control" in decision.verdicts[0].reason


def test_a_failing_errors_gate_shows_the_faults_that_failed_it_not_the_errors_that_were_saved() -> None:
    saved = fine(
        peak=THRESHOLD,
        candidate=Tally(triggered=1000, faulted=400),
        control=Tally(triggered=9000, faulted=90, triggered_errors=90),
    )
    verdict = next(each for each in decide(rollout(), saved, BAKED).verdicts if each.name == "errors")
    assert (verdict.verdict, verdict.measure) == ("fail", "faults")
    assert (verdict.value, verdict.bound) == (0.4, 0.01)


def test_verdicts_carry_their_numbers() -> None:
    by_name = {v.name: v for v in decide(rollout(), FINE, BAKED).verdicts}
    assert list(by_name) == ["trip", "errors", "samples", "savings"]
    assert [each.measure for each in by_name.values()] == ["units", "errors", "requests", "savings"]
    assert (by_name["errors"].value, by_name["errors"].bound, by_name["errors"].e_value) == (0.008, 0.02, 0.3)
    assert (by_name["samples"].value, by_name["samples"].bound) == (1000, 100)
    assert by_name["savings"].value == pytest.approx(0.4)
    assert (by_name["trip"].value, by_name["trip"].bound) == (0.0, 0.5)
    assert all(v.verdict == "pass" for v in by_name.values())


def test_evidence_and_decision_survive_the_event_log() -> None:
    evidence = fine(candidate=msgspec.structs.replace(FINE.candidate, seconds={12: 3, 40: 1}))
    decision = decide(rollout(), evidence, BAKED)
    assert msgspec.json.decode(msgspec.json.encode(evidence), type=Evidence) == evidence
    assert msgspec.json.decode(msgspec.json.encode(decision), type=Decision) == decision
    assert json.loads(msgspec.json.encode(decision))["kind"] == "advance"


tallies = st.builds(
    lambda n, bad, cost: Tally(
        triggered=n, triggered_errors=min(n, bad), faulted=min(n, bad), priced=n, cost_usd=cost
    ),
    st.integers(0, 2000),
    st.integers(0, 2000),
    st.floats(0, 100),
)
evidences = st.builds(
    Evidence,
    candidate=tallies,
    control=tallies,
    e_value=st.floats(0, 1e6),
    peak=st.floats(0, 1e6),
    latest=st.tuples(
        st.builds(
            lambda u, b: Latest(arm=Arm.CANDIDATE, units=u, bad=min(u, b)),
            st.integers(0, 20),
            st.integers(0, 20),
        ),
        st.builds(
            lambda u, b: Latest(arm=Arm.CONTROL, units=u, bad=min(u, b)),
            st.integers(0, 20),
            st.integers(0, 20),
        ),
    ),
    recent=st.tuples(st.integers(0, 50), st.integers(0, 50)),
)


@given(
    evidence=evidences,
    worse=st.sampled_from(["rollback", "pause", "hold"]),
    promote=st.sampled_from(["manual", "auto"]),
    moves=st.sampled_from([(), (Move.PAUSE,), (Move.ASK,)]),
    stage=st.integers(0, 1),
    now=st.floats(0, 10_000),
)
def test_every_decision_can_be_carried_out_and_none_goes_on_against_a_verdict(
    *, evidence, worse, promote, moves, stage, now
) -> None:
    running = rollout(gates=gates(errors=ErrorsGate(max=0.02, worse=worse)), promote=promote, stage=stage)
    for move in moves:
        running = apply(running, move, 0.0)
    decision = decide(running, evidence, now)
    if decision.move is not None:
        assert (running.phase, decision.move) in TABLE
        apply(running, decision.move, now)
    if decision.kind in (Kind.ADVANCE, Kind.COMPLETE) or decision.move is Move.ASK:
        assert running.phase is Phase.PROGRESSING
        assert now >= 3600.0
        assert all(
            v.verdict == "pass" or (v.name, v.verdict) == ("trip", "unsure") for v in decision.verdicts
        )
    assert decision.reason


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0s"), (0.2, "1s"), (59.5, "1m"), (61, "1m 1s"), (3600, "1h"), (90_061, "1d 1h"), (172_800, "2d")],
)
def test_durations_read_in_two_parts(seconds: float, text: str) -> None:
    assert duration_text(seconds) == text
