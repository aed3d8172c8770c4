"""Transitions: the table, what each move changes, and walks that never leave it."""

import re

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.domain.errors import Conflict, InvalidInput
from tidegate.domain.rollout import (
    Eligible,
    Gates,
    Move,
    Phase,
    Plan,
    Rollout,
    SavingsGate,
    Stage,
    Unit,
    Variant,
)
from tidegate.domain.transition import BY_PEOPLE, TABLE, allowed, apply, approval, baked_seconds

STAGES = tuple(Stage(name=n, weight=w, bake_seconds=60) for n, w in (("a", 500), ("b", 2500), ("c", 10_000)))
SAVINGS = SavingsGate(min=0.35)
PLAN = Plan(
    name="r",
    unit=Unit.USER,
    eligible=Eligible(),
    baseline=Variant(),
    candidate=Variant(),
    stages=STAGES,
    gates=Gates(savings=SAVINGS),
)
DRAFT = Rollout(name="r", plan=PLAN, phase=Phase.DRAFT, salt="0" * 32, created_at=0, created_by="ada")
SALT = "1" * 32


def walk(*moves: Move, start: Rollout = DRAFT, step: float = 10.0) -> Rollout:
    rollout, now = start, 100.0
    for move in moves:
        rollout = apply(rollout, move, now, salt=f"{int(now):032x}" if move is Move.RETRY else None)
        now += step
    return rollout


BY_STATE = {(Phase.PROGRESSING, Move.COMPLETE), (Phase.COMPLETED, Move.CALM)}
"""In the table, and refused on the first stage, or without an alarm."""


def in_phase(phase: Phase) -> Rollout:
    return {
        Phase.DRAFT: DRAFT,
        Phase.PROGRESSING: walk(Move.START),
        Phase.PAUSED: walk(Move.START, Move.PAUSE),
        Phase.AWAITING_APPROVAL: walk(Move.START, Move.ASK),
        Phase.COMPLETED: walk(Move.START, Move.ADVANCE, Move.ADVANCE, Move.COMPLETE),
        Phase.ROLLED_BACK: walk(Move.START, Move.ROLLBACK),
        Phase.ABORTED: walk(Move.START, Move.ABORT),
    }[phase]


@pytest.mark.parametrize("phase", list(Phase))
@pytest.mark.parametrize("move", list(Move))
def test_a_move_is_done_by_the_table_or_refused_with_what_is_allowed(phase: Phase, move: Move) -> None:
    rollout = in_phase(phase)
    assert rollout.phase is phase
    if move is Move.REVISE:  # of users none are left in mid-stage who could judge one
        rollout = msgspec.structs.replace(
            rollout, plan=msgspec.structs.replace(rollout.plan, unit=Unit.REQUEST)
        )
    if (phase, move) in TABLE and (phase, move) not in BY_STATE:
        after = apply(
            rollout, move, 500.0, salt=SALT, candidate=Variant(timeout_seconds=1.0), savings=SAVINGS
        )
        assert after.phase is TABLE[phase, move]
        return
    with pytest.raises(Conflict) as refused:
        apply(rollout, move, 500.0, salt=SALT)
    message = str(refused.value)
    if (phase, move) not in TABLE:
        assert f"cannot {move}" in message
        assert phase in message
        offered = set(re.findall(r"`([a-z]+)`", message.split("(", maxsplit=1)[0]))
        assert offered == BY_PEOPLE.intersection(allowed(phase))


def test_starting_enters_the_first_stage() -> None:
    started = walk(Move.START)
    assert (started.stage, started.stage_since, started.phase_since, started.attempt) == (0, 100.0, 100.0, 1)
    assert started.salt == DRAFT.salt


def test_an_advance_enters_the_next_stage_with_fresh_times() -> None:
    moved = walk(Move.START, Move.PAUSE, Move.RESUME, Move.ADVANCE)
    assert (moved.stage, moved.stage_since, moved.paused_seconds, moved.resumed_at) == (1, 130.0, 0.0, None)


def test_the_last_stage_can_only_complete() -> None:
    last = walk(Move.START, Move.ADVANCE, Move.ADVANCE)
    with pytest.raises(Conflict, match="last stage"):
        apply(last, Move.ADVANCE, 500.0)
    done = apply(last, Move.COMPLETE, 500.0)
    assert (done.phase, done.completed_at, done.stage) == (Phase.COMPLETED, 500.0, 2)


def test_a_stage_before_the_last_cannot_complete() -> None:
    with pytest.raises(Conflict, match="not its last"):
        apply(walk(Move.START), Move.COMPLETE, 500.0)


def test_promotion_goes_to_the_next_stage_and_on_the_last_one_completes() -> None:
    second = walk(Move.START, Move.ASK, Move.PROMOTE)
    assert (second.phase, second.stage, second.stage_since) == (Phase.PROGRESSING, 1, 120.0)
    done = walk(Move.ADVANCE, Move.ASK, Move.PROMOTE, start=second)
    assert (done.phase, done.stage, done.completed_at) == (Phase.COMPLETED, 2, 120.0)


def test_promotion_before_a_stage_asks_is_refused_with_a_hint() -> None:
    with pytest.raises(Conflict, match="wait until it asks"):
        apply(walk(Move.START), Move.PROMOTE, 500.0)


@pytest.mark.parametrize("before", [(), (Move.ASK,)])
def test_resume_goes_back_to_where_the_pause_came_from(before: tuple[Move, ...]) -> None:
    source = walk(Move.START, *before)
    paused = apply(source, Move.PAUSE, 200.0)
    resumed = apply(paused, Move.RESUME, 230.0)
    assert resumed.phase is source.phase
    assert resumed.stage_since == source.stage_since
    assert (resumed.paused_seconds, resumed.paused_from, resumed.resumed_at) == (30.0, None, 230.0)


def test_paused_time_does_not_bake() -> None:
    rollout = walk(Move.START)
    assert baked_seconds(rollout, 150.0) == 50.0
    paused = apply(rollout, Move.PAUSE, 150.0)
    assert baked_seconds(paused, 1_000.0) == 50.0
    resumed = apply(paused, Move.RESUME, 1_000.0)
    assert baked_seconds(resumed, 1_010.0) == 60.0
    twice = apply(apply(resumed, Move.PAUSE, 1_010.0), Move.RESUME, 1_100.0)
    assert baked_seconds(twice, 1_105.0) == 65.0


def test_a_clock_that_steps_back_never_bakes_negative_time() -> None:
    paused = apply(walk(Move.START), Move.PAUSE, 150.0)
    assert apply(paused, Move.RESUME, 140.0).paused_seconds == 0.0
    assert baked_seconds(walk(Move.START), 50.0) == 0.0


def test_a_retry_begins_again_with_a_new_salt_and_attempt() -> None:
    again = apply(walk(Move.START, Move.ADVANCE, Move.PAUSE, Move.ABORT), Move.RETRY, 900.0, salt=SALT)
    assert (again.phase, again.stage, again.attempt, again.salt) == (Phase.PROGRESSING, 0, 2, SALT)
    assert (again.stage_since, again.paused_seconds, again.paused_from) == (900.0, 0.0, None)


@pytest.mark.parametrize("salt", [None, DRAFT.salt])
def test_a_retry_without_a_new_salt_is_refused(salt: str | None) -> None:
    with pytest.raises(InvalidInput, match="new random salt"):
        apply(walk(Move.START, Move.ABORT), Move.RETRY, 900.0, salt=salt)


def test_an_undone_rollout_can_be_retried() -> None:
    undone = walk(Move.UNDO, start=in_phase(Phase.COMPLETED))
    assert undone.phase is Phase.ROLLED_BACK
    assert apply(undone, Move.RETRY, 900.0, salt=SALT).completed_at is None


def test_applying_a_move_leaves_the_given_rollout_alone() -> None:
    started = walk(Move.START)
    before = msgspec.json.encode(started)
    apply(started, Move.PAUSE, 500.0)
    assert msgspec.json.encode(started) == before


@given(st.lists(st.tuples(st.sampled_from(list(Move)), st.floats(0, 1000)), max_size=60))
def test_no_walk_leaves_the_table(moves: list[tuple[Move, float]]) -> None:
    rollout, now, draws = DRAFT, 0.0, 0
    for move, pause in moves:
        now, draws = now + pause, draws + 1
        try:
            revision = Variant(timeout_seconds=float(draws))
            after = apply(rollout, move, now, salt=f"{draws:032x}", candidate=revision, savings=SAVINGS)
        except Conflict:
            continue
        assert (rollout.phase, move) in TABLE
        special = move is Move.RESUME or (move is Move.PROMOTE and rollout.stage == 2)
        assert special or after.phase is TABLE[rollout.phase, move]
        assert 0 <= after.stage < len(STAGES)
        assert (after.paused_from is not None) == (after.phase is Phase.PAUSED)
        assert (after.stage, after.attempt) >= (rollout.stage, rollout.attempt) or move is Move.RETRY
        assert 0 <= baked_seconds(after, now) <= now
        rollout = after


def asking_two() -> Rollout:
    """A stage that two people must promote, asking for it."""
    first = msgspec.structs.replace(PLAN.stages[0], promote="manual", approvals=2)
    plan = msgspec.structs.replace(PLAN, stages=(first, *PLAN.stages[1:]))
    return walk(Move.START, Move.ASK, start=msgspec.structs.replace(DRAFT, plan=plan))


def test_two_different_people_promote_what_asks_for_two() -> None:
    waiting = asking_two()
    assert approval(waiting, "ada") is Move.APPROVE
    once = apply(waiting, Move.APPROVE, 200.0, by="ada")
    assert (once.phase, once.approved_by, once.phase_since) == (
        Phase.AWAITING_APPROVAL,
        ("ada",),
        waiting.phase_since,
    )
    assert approval(once, "bo") is Move.PROMOTE
    twice = apply(once, Move.PROMOTE, 210.0, by="bo")
    assert (twice.phase, twice.stage, twice.approved_by) == (Phase.PROGRESSING, 1, ())


def test_one_person_counts_once_and_one_approval_is_not_two() -> None:
    once = apply(asking_two(), Move.APPROVE, 200.0, by="ada")
    for move in (Move.APPROVE, approval(once, "ada")):
        with pytest.raises(Conflict, match="ada has approved of stage"):
            apply(once, move, 210.0, by="ada")
    with pytest.raises(Conflict, match="has 0 of 2 approvals"):
        apply(asking_two(), Move.PROMOTE, 210.0, by="ada")


@pytest.mark.parametrize("moves", [(Move.PAUSE, Move.RESUME), (Move.ABORT, Move.RETRY, Move.ASK)])
def test_what_happens_in_between_takes_the_approvals_back(moves: tuple[Move, ...]) -> None:
    once = apply(asking_two(), Move.APPROVE, 200.0, by="ada")
    again = walk(*moves, start=once)
    assert (again.phase, again.approved_by) == (Phase.AWAITING_APPROVAL, ())
