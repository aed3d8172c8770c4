"""Revisions: when they take effect, who is judged, and what is left of alpha."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.domain.assignment import judged_share
from tidegate.domain.errors import Conflict, InvalidInput
from tidegate.domain.prior import stage_prior
from tidegate.domain.revision import left_after
from tidegate.domain.rollout import Eligible, Gates, Left, Move, Phase, Plan, Rollout, Stage, Unit, Variant
from tidegate.domain.savings import RESERVE, stage_part
from tidegate.domain.transition import apply

DAY = 86_400.0
STAGES = tuple(
    Stage(name=name, weight=weight, bake_seconds=days * DAY, holdout=holdout)
    for name, weight, days, holdout in (("a", 500, 3, 0), ("b", 2500, 7, 0), ("c", 10_000, 2, 500))
)
NEW, NEWER = Variant(timeout_seconds=3.0), Variant(timeout_seconds=2.0)


def started(unit: Unit = Unit.REQUEST, stages: tuple[Stage, ...] = STAGES) -> Rollout:
    plan = Plan(
        name="r",
        unit=unit,
        eligible=Eligible(),
        baseline=Variant(),
        candidate=Variant(),
        stages=stages,
        gates=Gates(),
    )
    draft = Rollout(name="r", plan=plan, phase=Phase.DRAFT, salt="0" * 32, created_at=0, created_by="ada")
    return apply(draft, Move.START, 0.0)


def revise(rollout: Rollout, now: float, candidate: Variant = NEW) -> Rollout:
    return apply(rollout, Move.REVISE, now, candidate=candidate)


def asking(unit: Unit, stage: int = 0) -> Rollout:
    rollout = started(unit)
    for number in range(stage):
        rollout = apply(rollout, Move.ADVANCE, number + 1.0)
    return apply(rollout, Move.ASK, 100.0)


def test_by_request_it_takes_effect_at_once_and_the_stage_begins_anew() -> None:
    before = apply(apply(started(), Move.PAUSE, 10.0), Move.RESUME, 20.0)
    after = revise(before, 50.0)
    assert (after.phase, after.stage, after.plan.candidate) == (Phase.PROGRESSING, 0, NEW)
    assert (after.attempt, after.revisions, after.salt) == (2, 1, before.salt)
    assert (after.stage_since, after.paused_seconds, after.resumed_at) == (50.0, 0.0, None)
    assert after.exposed == 0


def test_paused_it_stays_paused_and_bakes_anew_once_resumed() -> None:
    paused = apply(apply(started(), Move.ASK, 5.0), Move.PAUSE, 10.0)
    after = revise(paused, 60.0)
    assert (after.phase, after.phase_since, after.paused_seconds) == (Phase.PAUSED, 60.0, 0.0)
    resumed = apply(after, Move.RESUME, 100.0)
    assert (resumed.phase, resumed.paused_seconds) == (Phase.PROGRESSING, 40.0)


@pytest.mark.parametrize("unit", [Unit.USER, Unit.CONVERSATION])
@pytest.mark.parametrize("moves", [(), (Move.PAUSE,)])
def test_units_that_stay_have_all_met_the_candidate_in_mid_stage(unit: Unit, moves: tuple[Move, ...]) -> None:
    rollout = started(unit)
    for move in moves:
        rollout = apply(rollout, move, 1.0)
    with pytest.raises(Conflict, match=f"by {unit} judges .* none are left.* awaits approval"):
        revise(rollout, 50.0)


@pytest.mark.parametrize("unit", list(Unit))
def test_where_approval_is_awaited_it_takes_effect_with_the_promotion(unit: Unit) -> None:
    noted = revise(asking(unit), 120.0)
    assert (noted.phase, noted.phase_since, noted.attempt) == (Phase.AWAITING_APPROVAL, 100.0, 1)
    assert (noted.plan.candidate, noted.next_candidate) == (Variant(), NEW)
    promoted = apply(noted, Move.PROMOTE, 130.0, by="ada")
    assert (promoted.phase, promoted.stage, promoted.attempt) == (Phase.PROGRESSING, 1, 2)
    assert (promoted.plan.candidate, promoted.next_candidate, promoted.left) == (NEW, None, Left())
    if unit is Unit.REQUEST:
        assert (promoted.exposed, judged_share(promoted)) == (0, 0.25)
    else:
        assert (promoted.exposed, judged_share(promoted)) == (500, 2000 / 9500)


def test_the_last_stage_is_judged_on_what_it_adds_less_the_holdout() -> None:
    second = apply(revise(asking(Unit.USER), 120.0), Move.PROMOTE, 130.0)
    last = apply(revise(apply(second, Move.ASK, 140.0), 150.0, NEWER), Move.PROMOTE, 160.0)
    assert (last.exposed, judged_share(last), last.revisions, last.attempt) == (2500, 7000 / 7500, 2, 3)


def test_whoever_met_an_earlier_revision_stays_out_in_later_stages_too() -> None:
    second = apply(revise(asking(Unit.USER), 120.0), Move.PROMOTE, 130.0)
    last = apply(second, Move.ADVANCE, 200.0)
    assert (last.exposed, judged_share(last)) == (500, 9000 / 9500)


def test_a_revision_may_be_revised_before_it_takes_effect_and_asks_for_all_approvals_anew() -> None:
    stages = (msgspec.structs.replace(STAGES[0], approvals=2), *STAGES[1:])
    asked = apply(started(Unit.USER, stages), Move.ASK, 100.0)
    approved = apply(asked, Move.APPROVE, 110.0, by="ada")
    noted = revise(approved, 120.0)
    assert noted.approved_by == ()
    assert revise(noted, 130.0, NEWER).next_candidate == NEWER
    with pytest.raises(Conflict, match="0 of 2 approvals"):
        apply(noted, Move.PROMOTE, 140.0, by="bob")


def test_a_revision_that_was_noted_may_be_taken_back() -> None:
    noted = revise(asking(Unit.USER), 120.0)
    taken_back = revise(noted, 130.0, Variant())
    assert taken_back.next_candidate is None
    promoted = apply(taken_back, Move.PROMOTE, 140.0)
    assert (promoted.attempt, promoted.exposed, promoted.revisions) == (1, 0, 0)


def test_a_revision_that_would_leave_the_tests_blind_is_refused() -> None:
    rollout = started(stages=STAGES[2:])
    rollout = revise(rollout, 2 * DAY)
    assert rollout.left.comparing < 0.15
    with pytest.raises(Conflict, match="false-alarm budget left"):
        revise(rollout, 4 * DAY, NEWER)


def test_what_could_not_be_judged_is_refused() -> None:
    with pytest.raises(Conflict, match="finished its last stage"):
        revise(asking(Unit.REQUEST, stage=2), 120.0)
    flat = (STAGES[0], msgspec.structs.replace(STAGES[0], name="again"), *STAGES[2:])
    asked = apply(started(Unit.USER, flat), Move.ASK, 100.0)
    with pytest.raises(Conflict, match="'again' has no more weight than 'a'"):
        revise(asked, 120.0)
    assert revise(apply(started(Unit.REQUEST, flat), Move.ASK, 100.0), 120.0).next_candidate == NEW


def test_a_revision_that_changes_nothing_is_refused() -> None:
    with pytest.raises(Conflict, match="has this candidate already"):
        revise(started(), 50.0, Variant())
    with pytest.raises(Conflict, match="has this candidate already"):
        revise(revise(asking(Unit.USER), 120.0), 130.0)


def test_a_revision_without_a_candidate_is_refused() -> None:
    with pytest.raises(InvalidInput, match="needs its new candidate"):
        apply(started(), Move.REVISE, 50.0)


def test_a_retry_forgets_all_revisions_but_the_last_candidate() -> None:
    second = apply(revise(asking(Unit.USER), 120.0), Move.PROMOTE, 130.0)
    noted = revise(apply(second, Move.ASK, 140.0), 150.0, NEWER)
    again = apply(apply(noted, Move.ABORT, 160.0), Move.RETRY, 170.0, salt="1" * 32)
    assert (again.revisions, again.exposed, again.left, again.next_candidate) == (0, 0, Left(), None)
    assert (again.attempt, again.plan.candidate) == (3, NEW)


def test_a_revision_leaves_of_alpha_what_its_stage_has_not_spent() -> None:
    prior = stage_prior(started().plan, 0)
    spent = prior.start + prior.spent(DAY + 5.0)
    assert left_after(started(), DAY).comparing == pytest.approx(1 - spent)
    assert left_after(started(), DAY).saving == pytest.approx((0.04 + RESERVE / 2) / 0.99)


@given(
    st.lists(st.tuples(st.integers(0, 2), st.floats(0, 20 * DAY)), max_size=6),
    st.integers(1, 3),
)
def test_over_all_revisions_no_more_than_alpha_is_spent(steps: list[tuple[int, float]], stages: int) -> None:
    """Each attempt is charged for the stages it was in: wholly for savings, by time for comparisons."""
    rollout = started(stages=STAGES[3 - stages :])
    now = comparing = saving = 0.0
    parts = [stage_part(n, stages) for n in range(stages)]
    entered = [0]

    def charge(upto: float) -> None:
        nonlocal comparing, saving
        plan = rollout.plan
        priors = [stage_prior(plan, n) for n in entered]
        passed = sum(each.start + each.planned + each.extension for each in priors[:-1])
        here = priors[-1].start + priors[-1].spent(upto - rollout.stage_since)
        comparing += rollout.left.comparing * (passed + here)
        saving += rollout.left.saving * sum(parts[n] for n in entered)

    for number, (advances, seconds) in enumerate(steps):
        for _ in range(min(advances, stages - 1 - rollout.stage)):
            rollout = apply(rollout, Move.ADVANCE, now)
            entered.append(rollout.stage)
        now += seconds
        try:
            after = revise(rollout, now, Variant(timeout_seconds=1.0 + number))
        except Conflict:
            continue  # too little is left for another
        charge(now)
        rollout = after
        entered = [rollout.stage]
    charge(1e12)
    assert comparing <= 1 + 1e-9
    assert saving <= 1 + 1e-9
