"""What the controller writes down, what it shows, and what it does where one rollout cannot be judged."""

import msgspec
import pytest

from tidegate.control.commit import commit
from tidegate.control.decided import last_decided
from tidegate.control.gauges import ENDED_SHOWN, Gauges
from tidegate.control.glimpse import ENDED_FRESH_SECONDS, Glimpse
from tidegate.control.loop import Controller
from tidegate.control.moves import move_rollout
from tidegate.control.observe import Observer
from tidegate.control.replay import replay
from tidegate.control.status import status
from tidegate.control.told import HOLD_SECONDS
from tidegate.domain.assignment import weight_percent
from tidegate.domain.decision import decide
from tidegate.domain.errors import Conflict
from tidegate.domain.rollout import After, Gates, Move, Phase, SamplesGate
from tidegate.domain.transition import apply

WEIGHT = "tidegate_rollout_weight_percent"


@pytest.fixture
def controller(services, meter):
    return Controller(services, meter, holder="one")


@pytest.fixture
def put(services, plan, started):
    """`await put(name, **changes of the plan)` stores a rollout in its first stage."""

    async def into_store(name, **changes):
        rollout = started(plan(name, **changes))
        return await moved(services, rollout, rollout, Move.START)

    return into_store


async def moved(services, before, after, move):
    done = await commit(services, before, after, move=move, actor="test", reason="test", at=1.0)
    return done.rollout


async def kinds(services, name="reports"):
    return [event.kind for event in await services.store.rollouts.events(f"rollout:{name}")]


async def holds(services, name="reports"):
    return (await kinds(services, name)).count("hold")


async def test_a_hold_changes_no_routing(services, controller, running):
    before = await services.store.routing.revision()
    await controller.look()
    assert await holds(services) == 1
    assert await services.store.routing.revision() == before


async def test_a_cause_that_flips_is_recorded_once_a_minute(services, controller, put, clock):
    await put("reports", gates=Gates(samples=SamplesGate(min=10)))
    for _ in range(10):
        await controller.look()
        await move_rollout(services, "reports", Move.PAUSE, actor="test", reason="flip")
        await controller.look()
        await move_rollout(services, "reports", Move.RESUME, actor="test", reason="flop")
        clock.pass_seconds(2)
    assert await holds(services) == 1
    clock.pass_seconds(HOLD_SECONDS)
    await controller.look()
    assert await holds(services) == 2


async def test_status_tells_why_it_holds_now_though_the_record_waits(
    services, controller, running, clock, serve
):
    observer = Observer(services.store.ledger)
    await controller.look()
    await move_rollout(services, "reports", Move.PAUSE, actor="test", reason="a look")
    await controller.look()
    shown = (await status(services, observer, "reports")).last_decision
    assert (await holds(services), shown.kind, shown.cause) == (1, "hold", "paused")
    await move_rollout(services, "reports", Move.ABORT, actor="test", reason="enough")
    shown = (await status(services, observer, "reports")).last_decision
    assert (shown.kind, shown.cause) == ("hold", "baking")


async def test_the_last_decision_is_found_behind_many_moves_of_people(services, controller, running):
    await controller.look()
    for _ in range(15):
        await move_rollout(services, "reports", Move.PAUSE, actor="test", reason="a look")
        await move_rollout(services, "reports", Move.RESUME, actor="test", reason="go on")
    found = await last_decided(services.store.rollouts, "reports")
    assert found is not None
    assert found.decision.cause == "baking"
    assert await last_decided(services.store.rollouts, "nobody") is None


async def test_a_rollout_that_cannot_be_judged_does_not_keep_the_others_unguarded(
    services, controller, put, serve, monkeypatch
):
    await put("a-broken-one")
    good = await put("reports")
    await serve(good, candidate=6, control=120, bad=6)
    whole = controller._observer.observe

    async def observe(rollout, now):
        if rollout.name == "a-broken-one":
            raise ValueError("a row that cannot be read")
        return await whole(rollout, now)

    with monkeypatch.context() as patched:
        patched.setattr(controller._observer, "observe", observe)
        await controller.look()
        assert (await services.store.rollouts.get("reports")).phase is Phase.ROLLED_BACK
        assert controller.faults == 1
        assert "a-broken-one: ValueError: a row that cannot be read" in controller.last_fault
    await controller.look()
    assert (controller.faults, controller.last_fault) == (0, "")


async def test_the_lease_lasts_as_long_as_it_is_set(services, running, clock, meter, serve):
    leader = Controller(services, meter, holder="one", lease_seconds=60.0)
    follower = Controller(services, meter, holder="two", lease_seconds=60.0)
    await leader.look()
    await serve(running, candidate=6, control=120, bad=6)
    clock.pass_seconds(59)
    await follower.look()
    assert (await services.store.rollouts.get("reports")).phase is Phase.PROGRESSING
    clock.pass_seconds(1.1)
    await follower.look()
    assert (await services.store.rollouts.get("reports")).phase is Phase.ROLLED_BACK


async def test_a_short_lease_is_renewed_in_time(services, running, clock, meter):
    leader = Controller(services, meter, holder="one", lease_seconds=2.0)
    for _ in range(5):
        await leader.look()
        assert await services.store.rollouts.take_lease("two", now=clock.now(), seconds=2.0) is None
        clock.pass_seconds(1)


async def awaiting(services, rollout):
    """The rollout as one that asked for approval some time ago."""
    return await moved(services, rollout, apply(rollout, Move.ASK, services.clock.now()), Move.ASK)


async def test_an_approval_is_refused_while_a_gate_is_not_content(services, running, clock, serve):
    await awaiting(services, running)
    with pytest.raises(Conflict, match=r"cannot promote .* now: samples: 0 triggered"):
        await move_rollout(services, "reports", Move.PROMOTE, actor="ana", reason="it looks fine")
    assert (await services.store.rollouts.get("reports")).phase is Phase.AWAITING_APPROVAL


async def test_an_approval_is_refused_where_the_gates_would_roll_back(services, running, serve):
    await awaiting(services, running)
    await serve(running, candidate=30, control=600, bad=12)
    with pytest.raises(Conflict, match=r"cannot promote .* failed"):
        await move_rollout(services, "reports", Move.PROMOTE, actor="ana", reason="it looks fine")


async def test_the_second_of_two_approvals_promotes_and_each_keeps_what_it_rests_on(
    *, services, plan, started, serve, clock
):
    first, second = plan().stages
    asked = plan(stages=(msgspec.structs.replace(first, promote="manual", approvals=2), second))
    rollout = started(asked)
    await commit(services, rollout, rollout, move=Move.START, actor="test", reason="test", at=clock.now())
    waiting = await awaiting(services, await services.store.rollouts.get("reports"))
    await serve(waiting, candidate=30, control=600)
    before = await services.store.routing.revision()
    once = await move_rollout(services, "reports", Move.PROMOTE, actor="ana", reason="as agreed")
    assert (once.rollout.phase, once.rollout.approved_by) == (Phase.AWAITING_APPROVAL, ("ana",))
    assert await services.store.routing.revision() == before
    with pytest.raises(Conflict, match="ana has approved"):
        await move_rollout(services, "reports", Move.PROMOTE, actor="ana", reason="again")
    shown = await status(services, Observer(services.store.ledger), "reports")
    assert msgspec.to_builtins(shown.approvals) == {"needed": 2, "given_by": ("ana",)}
    assert (
        "approval 2 of 2, by another person"
        in decide(
            once.rollout,
            await Observer(services.store.ledger).observe(once.rollout, clock.now()),
            clock.now(),
        ).reason
    )
    done = await move_rollout(services, "reports", Move.PROMOTE, actor="bo", reason="me too")
    assert (done.rollout.phase, done.rollout.stage) == (Phase.PROGRESSING, 1)
    events = await services.store.rollouts.events("rollout:reports")
    assert [(event.kind, event.actor) for event in events[-2:]] == [("approve", "ana"), ("promote", "bo")]
    replayed = await replay(services, "reports")
    assert replayed["same"] == replayed["decisions"] == 2


async def test_an_approval_goes_on_and_keeps_what_it_rests_on(services, running, serve):
    await awaiting(services, running)
    await serve(running, candidate=30, control=600)
    done = await move_rollout(services, "reports", Move.PROMOTE, actor="ana", reason="as agreed")
    assert (done.rollout.phase, done.rollout.stage) == (Phase.PROGRESSING, 1)
    found = await last_decided(services.store.rollouts, "reports")
    assert found is not None
    assert (found.decision.cause, found.before.stage) == ("approval", 0)


async def test_of_a_retry_and_a_rival_that_was_unseen_one_is_refused(services, put, monkeypatch):
    """The look at the others before the commit sees nothing: the commit itself must."""
    first = await put("first")
    await move_rollout(services, "first", Move.ABORT, actor="test", reason="stop")
    await put("second")
    monkeypatch.setattr("tidegate.control.moves.refuse_unservable", _sees_nothing)
    with pytest.raises(Conflict, match="'second' is progressing"):
        await move_rollout(services, "first", Move.RETRY, actor="test", reason="again")
    assert first.name == "first"
    assert (await services.store.rollouts.get("first")).phase is Phase.ABORTED


async def _sees_nothing(*_):
    return None


# ---- metrics ------------------------------------------------------------------------------------------


def ended(started, plan, number):
    done = apply(started(plan(f"old-{number}")), Move.ABORT, float(number))
    return msgspec.structs.replace(done, phase_since=float(number))


def test_running_rollouts_and_the_newest_ended_are_shown(meter, plan, started):
    old = [ended(started, plan, number) for number in range(ENDED_SHOWN + 30)]
    gauges = Gauges(meter)
    gauges.show([*old, started(plan("now"))], 1e6)
    shown = {labels[0] for name, labels in meter.values if name == WEIGHT}
    assert shown == {"now", *(f"old-{number}" for number in range(30, ENDED_SHOWN + 30))}


def test_a_rollout_that_is_overtaken_by_newer_ones_is_taken_off(meter, plan, started):
    gauges = Gauges(meter)
    gauges.show([ended(started, plan, 0)], 1e6)
    assert (WEIGHT, ("old-0",)) in meter.values
    gauges.show([ended(started, plan, number) for number in range(ENDED_SHOWN + 1)], 1e6)
    assert not [labels for _, labels in meter.values if labels[0] == "old-0"]


async def test_what_gates_said_is_taken_off_once_a_rollout_has_ended(
    services, controller, running, meter, serve
):
    await serve(running, candidate=6, control=120, bad=6)
    await controller.look()
    assert ("tidegate_gate_verdict", ("reports", "trip")) in meter.values
    await controller.look()
    assert not [name for name, _ in meter.values if name in ("tidegate_gate_verdict", "tidegate_e_value")]
    assert meter.values[WEIGHT, ("reports",)] == 0.0
    assert meter.values["tidegate_decisions_total", ("reports", "rollback")] == 1.0


async def test_a_process_that_leads_no_more_shows_no_verdicts(services, controller, running, clock, meter):
    await controller.look()
    assert ("tidegate_gate_verdict", ("reports", "errors")) in meter.values
    clock.pass_seconds(11)
    assert await services.store.rollouts.take_lease("two", now=clock.now(), seconds=10) is not None
    await controller.look()
    assert not [name for name, _ in meter.values if name == "tidegate_gate_verdict"]
    assert meter.values[WEIGHT, ("reports",)] == 5.0


# ---- views --------------------------------------------------------------------------------------------


def test_a_completed_rollout_serves_everybody_but_the_holdout_while_that_lasts(plan, started):
    running = started(plan(after=After(holdout=100, for_seconds=60.0)))
    done = msgspec.structs.replace(running, phase=Phase.COMPLETED, stage=1, completed_at=10.0)
    assert weight_percent(running, 0.0) == 5.0
    assert (weight_percent(done, 69.0), weight_percent(done, 71.0)) == (99.0, 100.0)
    assert weight_percent(msgspec.structs.replace(done, phase=Phase.ROLLED_BACK), 20.0) == 0.0


@pytest.fixture
def reads(services, monkeypatch):
    """Every reading of evidence."""
    made = []
    whole = services.store.ledger.evidence

    async def evidence(key, *, latest, since=0.0):
        made.append(key)
        return await whole(key, latest=latest, since=since)

    monkeypatch.setattr(services.store.ledger, "evidence", evidence)
    return made


async def test_views_within_a_second_share_one_reading(services, running, clock, serve, reads):
    glimpse = Glimpse(services.store.ledger)
    first = await glimpse.observe(running, clock.now())
    await serve(running, candidate=3)
    assert await glimpse.observe(running, clock.now() + 0.9) is first
    assert (await glimpse.observe(running, clock.now() + 1.1)).candidate.requests == 3
    assert len(reads) == 2


async def test_a_view_after_a_move_is_read_anew(services, running, clock, serve, reads):
    glimpse = Glimpse(services.store.ledger)
    await glimpse.observe(running, clock.now())
    moved = msgspec.structs.replace(running, version=running.version + 1)
    await glimpse.observe(moved, clock.now())
    assert len(reads) == 2


async def test_a_rollout_that_ended_long_ago_is_hardly_read_again(services, running, clock, reads):
    glimpse = Glimpse(services.store.ledger)
    over = apply(running, Move.ABORT, clock.now())
    await glimpse.observe(over, clock.now())
    clock.pass_seconds(200)
    for _ in range(20):
        await glimpse.observe(over, clock.now())
        clock.pass_seconds(10)
    assert len(reads) == 2
    clock.pass_seconds(ENDED_FRESH_SECONDS)
    await glimpse.observe(over, clock.now())
    assert len(reads) == 3
