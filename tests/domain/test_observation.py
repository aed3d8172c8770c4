"""Observing a stage: a settled prefix and a fresh tail give what a look from scratch gives."""

import math

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.domain.evidence import ArmBucket, Latest, StageEvidence, Tally, UnitEvent
from tidegate.domain.exchange import Arm
from tidegate.domain.observation import LOOK_BACK_ENDS, begin, observe, recent_buckets, settle
from tidegate.domain.rollout import (
    Eligible,
    ErrorsGate,
    Gates,
    Move,
    Phase,
    Plan,
    Rollout,
    Stage,
    Unit,
    Variant,
)
from tidegate.domain.transition import apply
from tidegate.domain.verdict import THRESHOLD

SINCE = 1_000_003.0
HOUR = 3600.0


def rollout(unit: Unit = Unit.REQUEST, worse: str = "rollback") -> Rollout:
    plan = Plan(
        name="r",
        unit=unit,
        eligible=Eligible(),
        baseline=Variant(),
        candidate=Variant(),
        stages=(
            Stage(name="canary", weight=500, bake_seconds=8 * HOUR),
            Stage(name="b", weight=2500, bake_seconds=60),
        ),
        gates=Gates(errors=ErrorsGate(worse=worse)),
    )
    return Rollout(
        name="r",
        plan=plan,
        phase=Phase.PROGRESSING,
        salt="0" * 32,
        created_at=0.0,
        created_by="ada",
        stage_since=SINCE,
        phase_since=SINCE,
    )


def bucket(at: int, arm: Arm, bad: int) -> ArmBucket:
    return ArmBucket(
        1_000_000 + 5 * at,
        arm,
        Tally(
            requests=2 * bad,
            triggered=2 * bad,
            faulted=bad,
            capped_short=2 * bad,
            capped_long=2 * bad,
            seconds={3: bad},
        ),
    )


def event(unit: int, arm: Arm, at: float) -> UnitEvent:
    return UnitEvent(unit=f"u{unit}", arm=arm, kind="bad", step=int(at // (3 * HOUR)), at=SINCE + at)


def evidence(buckets=(), events=(), latest=()) -> StageEvidence:
    ordered = tuple(sorted(buckets, key=lambda b: (b.start, b.arm)))
    happened = tuple(sorted(events, key=lambda e: (e.at, e.unit)))
    return StageEvidence(rollout="r", attempt=1, stage=0, buckets=ordered, events=happened, latest=latest)


arms = st.sampled_from([Arm.CANDIDATE, Arm.CONTROL, Arm.OUTSIDE])
stages = st.builds(
    evidence,
    st.lists(
        st.builds(bucket, st.integers(0, 7000), arms, st.integers(0, 6)),
        max_size=20,
        unique_by=lambda b: (b.start, b.arm),
    ),
    st.lists(
        st.builds(event, st.integers(0, 9), arms, st.integers(0, 350_000).map(lambda n: n / 10)),
        max_size=20,
        unique_by=lambda e: (e.unit, e.step),
    ),
)


@given(stages, st.sampled_from(list(Unit)), st.lists(st.floats(0, 40_000), max_size=4))
def test_settled_in_pieces_equals_a_look_from_scratch(
    seen: StageEvidence, unit: Unit, cuts: list[float]
) -> None:
    current = rollout(unit)
    progress = begin(current)
    for cut in sorted(cuts):
        tail = msgspec.structs.replace(
            seen,
            buckets=tuple(b for b in seen.buckets if b.start >= progress.until),
            events=tuple(e for e in seen.events if e.at >= progress.until),
        )
        progress = settle(progress, current, tail, SINCE + cut)
    assert observe(progress, current, seen) == observe(begin(current), current, seen)


@given(stages, st.sampled_from(list(Unit)), st.floats(0, 30_000))
def test_a_resumed_stage_is_observed_alike_with_and_without_a_prefix(seen, unit: Unit, at: float) -> None:
    current = rollout(unit, worse="pause")
    resume = SINCE + at
    prefix = settle(begin(current), current, seen, resume - 5)
    resumed = apply(apply(current, Move.PAUSE, resume - 1), Move.RESUME, resume)
    assert observe(prefix, resumed, seen) == observe(begin(resumed), resumed, seen)


def test_the_open_bucket_counts_and_is_not_kept() -> None:
    current = rollout()
    one = evidence([bucket(1, Arm.CANDIDATE, 1)])
    more = evidence([bucket(1, Arm.CANDIDATE, 4)])
    progress = settle(begin(current), current, one, SINCE + 2)
    assert observe(progress, current, one).candidate.faulted == 1
    assert observe(progress, current, more) == observe(begin(current), current, more)


def test_sums_and_histograms_are_per_arm() -> None:
    current = rollout()
    seen = evidence([bucket(0, Arm.CANDIDATE, 1), bucket(1, Arm.CANDIDATE, 2), bucket(1, Arm.CONTROL, 5)])
    looked = observe(begin(current), current, seen)
    assert (looked.candidate.requests, looked.control.requests) == (6, 10)
    assert (looked.candidate.seconds, looked.control.seconds) == ({3: 3}, {3: 5})


@pytest.mark.parametrize("unit", list(Unit))
def test_total_failure_of_the_canary_is_seen(unit: Unit) -> None:
    current = rollout(unit)
    seen = evidence([bucket(1, Arm.CANDIDATE, 7)], [event(n, Arm.CANDIDATE, 5.0 + n / 10) for n in range(7)])
    assert observe(begin(current), current, seen).peak >= THRESHOLD


@pytest.mark.parametrize("unit", list(Unit))
def test_after_a_resume_a_gate_that_only_pauses_judges_anew(unit: Unit) -> None:
    seen = evidence([bucket(1, Arm.CANDIDATE, 9)], [event(n, Arm.CANDIDATE, 5.0 + n / 10) for n in range(9)])
    for worse, fires in (("pause", False), ("rollback", True)):
        paused = apply(rollout(unit, worse), Move.PAUSE, SINCE + 60)
        assert observe(begin(paused), paused, seen).peak >= THRESHOLD
        resumed = apply(paused, Move.RESUME, SINCE + 90)
        assert (observe(begin(resumed), resumed, seen).peak >= THRESHOLD) is fires


def test_recent_reaches_back_until_the_candidates_latest_failures_are_in() -> None:
    current = rollout()
    seen = evidence(
        [
            bucket(1, Arm.CONTROL, 100),
            bucket(2, Arm.CONTROL, 50),
            bucket(2, Arm.CANDIDATE, 6),
            bucket(3, Arm.CANDIDATE, 5),
            bucket(4, Arm.CONTROL, 3),
        ],
        latest=(Latest(arm=Arm.CANDIDATE, units=20, bad=10),),
    )
    assert observe(begin(current), current, seen).recent == (11, 53)


def test_progress_knows_which_stage_it_is_about() -> None:
    current = rollout()
    assert begin(current).covers(current)
    assert not begin(current).covers(apply(current, Move.ADVANCE, SINCE + 9))
    again = apply(apply(current, Move.ABORT, SINCE + 9), Move.RETRY, SINCE + 10, salt="1" * 32)
    assert not begin(current).covers(again)


def test_the_state_of_the_other_test_is_refused() -> None:
    with pytest.raises(TypeError, match="begin anew"):
        observe(begin(rollout(Unit.USER)), rollout(Unit.REQUEST), evidence())


def test_no_evidence_is_zero() -> None:
    looked = observe(begin(rollout()), rollout(), evidence())
    assert (looked.candidate, looked.control, looked.recent) == (Tally(), Tally(), (0, 0))
    assert math.isclose(looked.peak, 0.25)


def faulted(start: int, arm: Arm, count: int = 1) -> ArmBucket:
    return ArmBucket(start, arm, Tally(triggered=count, faulted=count))


def test_trip_looks_back_to_where_the_candidate_has_the_failures_asked_for() -> None:
    buckets = [faulted(start, arm) for start in range(0, 100, 5) for arm in (Arm.CANDIDATE, Arm.CONTROL)]
    calm = [ArmBucket(start, Arm.CANDIDATE, Tally(triggered=5)) for start in range(100, 200, 5)]
    kept = recent_buckets([*buckets, *calm], 3)
    assert sorted({each.start for each in kept}) == [85, 90, 95]
    assert len(kept) == 6
    assert recent_buckets(buckets, 0) == ()


def test_a_healthy_candidate_beside_a_flaky_control_is_not_looked_at_for_days() -> None:
    flaky = [faulted(start, Arm.CONTROL) for start in range(0, 50_000, 5)]
    kept = recent_buckets(flaky, 20)
    assert len(kept) == LOOK_BACK_ENDS
    assert kept[0].start == 49_995


def test_rescued_requests_count_as_much_as_errors_in_looking_back() -> None:
    rescued = [ArmBucket(start, Arm.CANDIDATE, Tally(triggered=1, faulted=1)) for start in range(0, 500, 5)]
    assert len(recent_buckets(rescued, 20)) == 20
