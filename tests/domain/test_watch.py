"""After completion the absolute gate raises one alarm an incident, and is armed again when that is over."""

import random

import msgspec
import pytest

from tidegate.domain.errors import Conflict
from tidegate.domain.evidence import AFTER_BUCKET_SECONDS, ArmBucket, Tally
from tidegate.domain.exchange import Arm
from tidegate.domain.observation import Evidence, Found
from tidegate.domain.rollout import (
    After,
    Eligible,
    Gates,
    Move,
    Phase,
    Plan,
    Rollout,
    SloGate,
    Stage,
    Unit,
    Variant,
)
from tidegate.domain.slo import ALPHA_SLO
from tidegate.domain.transition import apply
from tidegate.domain.watch import LATELY_SECONDS, is_watched, watch, watch_process

DAY = 86_400.0
GATE = SloGate(errors=0.02)
FIRED = {"slo": Found(1 / ALPHA_SLO, 1 / ALPHA_SLO)}
GOOD, BAD = Tally(triggered=1000, triggered_errors=20), Tally(triggered=1000, triggered_errors=21)


def completed(gate: SloGate | None = GATE, holdout: int = 100) -> Rollout:
    plan = Plan(
        name="r",
        unit=Unit.REQUEST,
        eligible=Eligible(),
        baseline=Variant(),
        candidate=Variant(),
        stages=(Stage(name="full", weight=10_000, bake_seconds=DAY, promote="auto", holdout=500),),
        gates=Gates(slo=gate),
        after=After(holdout=holdout, for_seconds=90 * DAY),
    )
    draft = Rollout(name="r", plan=plan, phase=Phase.DRAFT, salt="0" * 32, created_at=0.0, created_by="ada")
    return apply(apply(draft, Move.START, 0.0), Move.COMPLETE, DAY)


def test_it_watches_as_long_as_units_are_held_back() -> None:
    assert is_watched(completed(), DAY)
    assert is_watched(completed(), 91 * DAY - 1)
    assert not is_watched(completed(), 91 * DAY)
    assert not is_watched(completed(gate=None), 2 * DAY)
    assert not is_watched(completed(holdout=0), 2 * DAY)
    assert not is_watched(apply(completed(), Move.UNDO, 2 * DAY), 2 * DAY)


def test_a_broken_limit_raises_one_alarm_which_tells_of_those_held_back() -> None:
    evidence = Evidence(candidate=BAD, control=Tally(triggered=10, triggered_errors=1), tests=FIRED)
    decision = watch(completed(), evidence, 2 * DAY)
    assert decision.move is Move.ALARM
    assert "2.1 % errors of 1,000 requests" in decision.reason
    assert "of those held back 10 % of 10" in decision.reason
    alarmed = apply(completed(), Move.ALARM, 2 * DAY)
    assert (alarmed.phase, alarmed.completed_at, alarmed.phase_since) == (Phase.COMPLETED, DAY, DAY)
    for later in (0.0, 5.0, 10 * DAY):
        again = watch(alarmed, evidence, 2 * DAY + later)
        assert (again.move, again.cause) == (None, "alarm")


@pytest.mark.parametrize(
    ("lately", "after", "move"),
    [
        (GOOD, LATELY_SECONDS, Move.CALM),
        (GOOD, LATELY_SECONDS - 1, None),
        (BAD, 20 * LATELY_SECONDS, None),
        (Tally(), 20 * LATELY_SECONDS, None),
    ],
)
def test_it_is_over_once_the_limits_were_kept_for_an_hour_of_requests(
    lately: Tally, after: float, move: Move | None
) -> None:
    alarmed = apply(completed(), Move.ALARM, 2 * DAY)
    assert watch(alarmed, Evidence(candidate=lately, tests=FIRED), 2 * DAY + after).move is move


def test_then_it_judges_anew_what_came_after() -> None:
    alarmed = apply(completed(), Move.ALARM, 2 * DAY)
    calm = apply(alarmed, Move.CALM, 3 * DAY)
    assert (calm.alarmed_at, calm.rearmed_at, calm.completed_at) == (None, 3 * DAY, DAY)
    process = watch_process(calm, GATE)
    outage = [bucket(at, 600, 600) for at in range(int(2 * DAY), int(2 * DAY) + 600, 60)]
    assert process.e_values(process.fold(process.begin(), outage)) == (0.0, 0.0)
    anew = [bucket(at, 600, 600) for at in range(int(3 * DAY), int(3 * DAY) + 120, 60)]
    assert process.e_values(process.fold(process.begin(), [*outage, *anew]))[1] > 1 / ALPHA_SLO


@pytest.mark.parametrize("twice", [(Move.ALARM, Move.ALARM), (Move.CALM,)])
def test_an_alarm_is_raised_once_and_ended_once(twice: tuple[Move, ...]) -> None:
    rollout = completed()
    with pytest.raises(Conflict, match="already"):
        for move in twice:
            rollout = apply(rollout, move, 2 * DAY)


def test_it_can_be_taken_back_under_an_alarm_and_a_retry_begins_without_one() -> None:
    undone = apply(apply(completed(), Move.ALARM, 2 * DAY), Move.UNDO, 3 * DAY)
    assert (undone.phase, undone.alarmed_at) == (Phase.ROLLED_BACK, None)
    again = apply(undone, Move.RETRY, 4 * DAY, salt="1" * 32)
    assert (again.alarmed_at, again.rearmed_at) == (None, None)


def bucket(at: int, requests: int, bad: int) -> ArmBucket:
    return ArmBucket(at, Arm.CANDIDATE, Tally(triggered=requests, triggered_errors=bad))


def peak(draw: random.Random, rate: float, per_bucket: int, hours: int) -> float:
    process = watch_process(completed(), GATE)
    bad = lambda: sum(draw.random() < rate for _ in range(per_bucket))  # noqa: E731 (short)
    since = int(DAY)
    times = range(since, since + hours * 3600, AFTER_BUCKET_SECONDS)
    return process.e_values(process.fold(process.begin(), (bucket(at, per_bucket, bad()) for at in times)))[1]


def test_at_the_limit_itself_hardly_any_watch_raises_an_alarm() -> None:
    """That is the worst that is allowed: at most 1 in 200 raises an alarm in all the time."""
    draw = random.Random(5)
    fired = sum(peak(draw, 0.02, 10, 12) >= 1 / ALPHA_SLO for _ in range(200))
    assert fired <= 4  # with a probability of 0.005 each, 5 or more come in 0.4 % of such tests


def test_twice_the_limit_is_seen_within_a_day_of_modest_traffic() -> None:
    draw = random.Random(6)
    assert all(peak(draw, 0.05, 5, 12) >= 1 / ALPHA_SLO for _ in range(10))


def test_without_a_gate_nothing_is_decided() -> None:
    decision = watch(completed(gate=None), Evidence(candidate=BAD, tests=FIRED), 2 * DAY)
    assert (decision.move, decision.cause) == (None, "inactive")
    assert msgspec.json.encode(decision)
