"""Simulated evidence is what the ledger would have summed: nothing is lost between stretches and buckets."""

import pytest

from tidegate.domain.evidence import BUCKET_SECONDS, ArmBucket, StageEvidence, merge
from tidegate.domain.exchange import Arm
from tidegate.domain.observation import begin, observe
from tidegate.domain.rollout import Move, Phase, Plan, Rollout
from tidegate.domain.transition import apply
from tidegate.rehearsal.answers import Shapes
from tidegate.rehearsal.draws import Draws
from tidegate.rehearsal.record import Record
from tidegate.rehearsal.scenario_file import read_scenario
from tidegate.rehearsal.world import World

LIVELY = "control: {errors: 5%, user_spread: 1.0, daily_drift: 0.5}\ntraffic: {diurnal: 0.5}"
SALT = "0123456789abcdef" * 2


def started(plan: Plan) -> Rollout:
    draft = Rollout(name="r", plan=plan, phase=Phase.DRAFT, salt=SALT, created_at=0.0, created_by="ada")
    return apply(draft, Move.START, 0.0)


def world(plan: Plan, text: str = LIVELY) -> World:
    scenario, draws = read_scenario(text), Draws("w")
    made = World(scenario, plan, draws, Shapes(draws, scenario.control.cost), salt=SALT, times=())
    made.enter(plan.stages[0], 0.0)
    return made


def test_a_stretch_adds_up_and_lies_in_its_time(plan: Plan) -> None:
    came = world(plan).advance(100.0, 160.0)
    for arm in (Arm.CANDIDATE, Arm.CONTROL):
        whole = merge(bucket.tally for bucket in came.buckets if bucket.arm is arm)
        assert whole.requests == whole.triggered == whole.priced == sum(whole.seconds.values()) > 0
        assert whole.errors == whole.triggered_errors == whole.faulted
        assert 0 < whole.units <= whole.requests
        assert 0 <= whole.up + whole.down <= whole.requests
        assert max(whole.capped_short, whole.capped_long) <= whole.requests
    assert {bucket.start % BUCKET_SECONDS for bucket in came.buckets} == {0}
    assert all(100 <= bucket.start < 160 for bucket in came.buckets)
    assert all(100.0 <= event.at < 160.0 for event in came.events)


def test_what_the_skill_is_not_chosen_on_is_counted_and_not_compared(plan: Plan) -> None:
    made = world(plan, "traffic: {triggered: 20%}\ncandidate: {errors: 50%}\ncontrol: {errors: 1%}")
    came = [made.advance(600.0 * n, 600.0 * (n + 1)) for n in range(5)]
    for arm in (Arm.CANDIDATE, Arm.CONTROL):
        whole = merge(bucket.tally for each in came for bucket in each.buckets if bucket.arm is arm)
        assert whole.triggered / whole.requests == pytest.approx(0.2, rel=0.1)
        assert whole.triggered == whole.priced == sum(whole.seconds.values())
        others = whole.requests - whole.triggered
        assert (whole.errors - whole.triggered_errors) / others == pytest.approx(0.01, rel=0.5)
    compared = sum(each.candidate_requests for each in came)
    assert compared == sum(
        bucket.tally.triggered for each in came for bucket in each.buckets if bucket.arm is Arm.CANDIDATE
    )


def test_a_stage_splits_the_traffic_by_its_weight(plan: Plan) -> None:
    made = world(plan, "traffic: {zipf: 0}")
    came = [made.advance(600.0 * n, 600.0 * (n + 1)) for n in range(5)]
    sides = {
        arm: merge(bucket.tally for each in came for bucket in each.buckets if bucket.arm is arm)
        for arm in (Arm.CANDIDATE, Arm.CONTROL)
    }
    total = sides[Arm.CANDIDATE].requests + sides[Arm.CONTROL].requests
    assert total == pytest.approx(50_000, rel=0.03)
    assert sides[Arm.CANDIDATE].requests / total == pytest.approx(0.05, abs=0.006)
    for each in sides.values():
        assert each.errors / each.requests == pytest.approx(0.008, rel=0.3)
        assert each.cost_usd / each.priced in (pytest.approx(0.012, rel=0.2), pytest.approx(0.02, rel=0.05))


def test_each_unit_has_an_event_once_a_step_and_kind(plan: Plan) -> None:
    made = world(plan)
    events = [event for n in range(40) for event in made.advance(300.0 * n, 300.0 * (n + 1)).events]
    keys = [(event.unit, event.kind, event.step) for event in events]
    assert len(set(keys)) == len(keys)
    assert {event.step for event in events} <= {0, 1}
    assert (plan.unit == "user") == bool(events)


@pytest.mark.parametrize("lag", [0.0, 60.0])
def test_evidence_folded_look_by_look_is_that_folded_at_once(plan: Plan, lag: float) -> None:
    rollout, made = started(plan), world(plan)
    record = Record(rollout, lag, Draws("late"))
    pieces: list[object] = []
    for n in range(60):
        came = made.advance(7.0 * n, 7.0 * (n + 1))
        pieces += [*came.buckets, *came.events]
        record.add((*came.buckets, *came.events), 7.0 * (n + 1))
        record.look(rollout, made.latest(), 7.0 * (n + 1))
    record.add((), 1000.0)
    latest = made.latest()
    found = record.look(rollout, latest, 1000.0)
    buckets: dict[tuple[int, Arm], ArmBucket] = {}
    for piece in pieces:
        if isinstance(piece, ArmBucket):
            key = (piece.start, piece.arm)
            known = [buckets[key].tally] if key in buckets else []
            buckets[key] = ArmBucket(*key, merge([*known, piece.tally]))
    at_once = observe(
        begin(rollout),
        rollout,
        StageEvidence(
            rollout="r",
            attempt=1,
            stage=0,
            buckets=tuple(buckets[key] for key in sorted(buckets)),
            events=tuple(piece for piece in pieces if not isinstance(piece, ArmBucket)),
            latest=latest,
        ),
    )
    assert found.candidate.requests == at_once.candidate.requests
    assert found.control.seconds == at_once.control.seconds
    assert (found.e_value, found.peak) == pytest.approx((at_once.e_value, at_once.peak))
    assert found.recent == at_once.recent
