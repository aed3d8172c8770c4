"""The controller on a real store: it decides once, under one lease, from what the ledger holds."""

import asyncio

import msgspec
import pytest

from tidegate.adapters.storage.store import open_store
from tidegate.control.commit import EventData, commit
from tidegate.control.loop import LEASE_SECONDS, Controller
from tidegate.control.moves import move_rollout
from tidegate.control.observe import Observer
from tidegate.control.services import Services
from tidegate.control.status import status
from tidegate.domain.decision import decide
from tidegate.domain.errors import StoreUnavailable
from tidegate.domain.exchange import Arm, Stakes
from tidegate.domain.rollout import ExpectedCost, Gates, LatencyGate, Move, Phase, SavingsGate, Unit


@pytest.fixture
def controller(services, meter):
    return Controller(services, meter, holder="one")


async def kinds(services, name="reports"):
    return [event.kind for event in await services.store.rollouts.events(f"rollout:{name}")]


async def test_a_stage_that_bakes_is_held_and_told_once(services, controller, running, clock):
    for _ in range(5):
        await controller.look()
        clock.pass_seconds(1)
    assert await kinds(services) == ["start", "hold"]


async def test_a_good_stage_advances_after_its_bake_and_the_last_completes(
    services, controller, running, clock, serve
):
    await serve(running, candidate=20, control=400)
    await controller.look()
    assert (await services.store.rollouts.get("reports")).stage == 0
    clock.pass_seconds(61)
    await controller.look()
    second = await services.store.rollouts.get("reports")
    assert (second.phase, second.stage) == (Phase.PROGRESSING, 1)
    await serve(second, candidate=20, control=20)
    clock.pass_seconds(61)
    await controller.look()
    assert (await services.store.rollouts.get("reports")).phase is Phase.COMPLETED
    assert await kinds(services) == ["start", "hold", "advance", "complete"]


async def test_no_data_never_advances(services, controller, running, clock):
    clock.pass_seconds(10_000)
    await controller.look()
    rollout = await services.store.rollouts.get("reports")
    assert (rollout.phase, rollout.stage) == (Phase.PROGRESSING, 0)


async def test_total_failure_of_the_candidate_rolls_back_at_the_next_look(
    services, controller, running, meter, serve
):
    await serve(running, candidate=6, control=120, bad=6)
    await controller.look()
    assert (await services.store.rollouts.get("reports")).phase is Phase.ROLLED_BACK
    assert meter.values["tidegate_rollout_weight_percent", ("reports",)] == 5.0
    await controller.look()
    assert meter.values["tidegate_rollout_weight_percent", ("reports",)] == 0.0
    assert meter.values["tidegate_decisions_total", ("reports", "rollback")] == 1.0


@pytest.mark.parametrize("phase", [Move.PAUSE, None])
async def test_guardrails_are_judged_while_paused_too(services, controller, running, phase, serve):
    if phase is not None:
        await move_rollout(services, "reports", phase, actor="test", reason="a look at the logs")
    await serve(running, candidate=6, control=120, bad=6)
    await controller.look()
    assert (await services.store.rollouts.get("reports")).phase is Phase.ROLLED_BACK


async def test_an_outage_of_both_arms_rolls_nothing_back(services, controller, running, clock, exchange):
    now = clock.now()
    failed = [exchange(running, Arm.CONTROL, now, bad=True) for _ in range(190)]
    failed += [exchange(running, Arm.CANDIDATE, now, bad=True) for _ in range(10)]
    await services.store.ledger.ingest(failed, [])
    await controller.look()
    assert (await services.store.rollouts.get("reports")).phase is Phase.PROGRESSING


async def test_a_decision_can_be_recomputed_from_its_event(services, controller, running, serve):
    await serve(running, candidate=6, control=120, bad=6)
    await controller.look()
    event = (await services.store.rollouts.events("rollout:reports"))[-1]
    data = msgspec.json.decode(event.data, type=EventData)
    assert data.evidence is not None
    assert decide(running, data.evidence, event.at) == data.decision


async def test_what_is_decided_leaves_a_notice_that_is_delivered_once(
    services, controller, running, meter, serve
):
    await serve(running, candidate=6, control=120, bad=6)
    await controller.look()
    await controller.look()
    assert await services.store.outbox.pending(10) == []
    assert meter.values["tidegate_notifications_total", ("rollout.rollback", "delivered")] == 1.0


async def test_two_controllers_on_one_store_make_each_transition_once(
    services, running, meter, tmp_path, serve
):
    clock = services.clock
    other_store = await open_store(f"sqlite:///{tmp_path / 'tidegate.db'}", clock=clock)
    try:
        one = Controller(services, meter, holder="one")
        two = Controller(Services(other_store, clock), meter, holder="two")
        for stage in range(2):
            rollout = await services.store.rollouts.get("reports")
            assert rollout.stage == stage
            await serve(rollout, candidate=20, control=400)
            clock.pass_seconds(61)
            await asyncio.gather(one.look(), two.look())
            await asyncio.gather(two.look(), one.look())
    finally:
        await other_store.close()
    made = await kinds(services)
    assert [kind for kind in made if kind != "hold"] == ["start", "advance", "complete"]


async def test_when_the_leader_dies_another_takes_over_after_its_lease(
    services, running, clock, meter, serve
):
    leader, follower = Controller(services, meter, holder="one"), Controller(services, meter, holder="two")
    await leader.look()
    await serve(running, candidate=6, control=120, bad=6)
    await follower.look()
    assert (await services.store.rollouts.get("reports")).phase is Phase.PROGRESSING
    clock.pass_seconds(LEASE_SECONDS + 0.1)
    await follower.look()
    assert (await services.store.rollouts.get("reports")).phase is Phase.ROLLED_BACK


async def test_a_leader_that_lost_its_lease_cannot_commit(services, running, clock, meter, serve):
    old, new = Controller(services, meter, holder="one"), Controller(services, meter, holder="two")
    await old.look()
    clock.pass_seconds(LEASE_SECONDS + 0.1)
    await new.look()
    clock.pass_seconds(-LEASE_SECONDS)  # the old leader's clock is behind: it still believes in its lease
    await serve(running, candidate=6, control=120, bad=6)
    await old.look()
    assert (await services.store.rollouts.get("reports")).phase is Phase.PROGRESSING


async def test_a_leader_that_stops_gives_leadership_away_at_once(services, running, meter):
    leader, follower = Controller(services, meter, holder="one"), Controller(services, meter, holder="two")
    work = asyncio.create_task(leader.run())
    while await services.store.rollouts.take_lease("probe", now=services.clock.now(), seconds=0) is not None:
        await asyncio.sleep(0.01)
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    await follower.look()
    assert await services.store.rollouts.take_lease("probe", now=services.clock.now(), seconds=1) is None


async def test_being_woken_looks_well_before_a_second_has_passed(services, controller, running, serve):
    work = asyncio.create_task(controller.run())
    try:
        async with asyncio.timeout(5):
            while "hold" not in await kinds(services):
                await asyncio.sleep(0.01)
            await serve(running, candidate=6, control=120, bad=6)
            controller.wake()
            begun = asyncio.get_running_loop().time()
            while "rollback" not in await kinds(services):
                await asyncio.sleep(0.01)
        assert asyncio.get_running_loop().time() - begun < 0.8
    finally:
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)


async def test_a_store_that_is_away_is_waited_for(services, controller, running, monkeypatch):
    async def away():
        raise StoreUnavailable("the disk is gone")

    with monkeypatch.context() as patched:
        patched.setattr(services.store.rollouts, "list", away)
        await controller.look()
        await controller.look()
    await controller.look()
    assert await kinds(services) == ["start", "hold"]


async def test_status_tells_state_arms_gates_and_the_last_decision(
    services, controller, running, clock, serve
):
    await serve(running, candidate=20, control=400)
    await controller.look()
    clock.pass_seconds(30)
    shown = await status(services, Observer(services.store.ledger), "reports")
    assert (shown.state, shown.stage, shown.weight) == (Phase.PROGRESSING, "canary", 5.0)
    assert (shown.arms.candidate.requests, shown.arms.control.requests) == (20, 400)
    assert shown.arms.candidate.p95_seconds == pytest.approx(0.2, rel=0.05)
    assert [gate.name for gate in shown.gates] == ["trip", "errors", "samples"]
    assert shown.savings.point == pytest.approx(0.0)
    assert shown.last_decision is not None
    assert (shown.last_decision.kind, shown.last_decision.cause) == ("hold", "baking")
    assert "30s" in shown.last_decision.reason
    assert shown.last_decision.at.endswith("Z")


async def test_a_slower_candidate_is_rolled_back_by_the_latency_gate(
    *, services, controller, clock, plan, started, exchange
):
    gates = Gates(latency=LatencyGate(p95=5.0, limits=(1.0, 2.0, 5.0)))
    rollout = started(plan(gates=gates))
    done = await commit(
        services, rollout, rollout, move=Move.START, actor="test", reason="test", at=clock.now()
    )
    now = clock.now()
    slow = [exchange(done.rollout, Arm.CANDIDATE, now, seconds=3.0, slow=2) for _ in range(9)]
    calm = [exchange(done.rollout, Arm.CONTROL, now) for _ in range(150)]
    await services.store.ledger.ingest([*slow, *calm], [])
    await controller.look()
    assert (await services.store.rollouts.get("reports")).phase is Phase.ROLLED_BACK
    event = (await services.store.rollouts.events("rollout:reports"))[-1]
    data = msgspec.json.decode(event.data, type=EventData)
    assert (data.decision.cause, data.evidence.test("latency").peak > 500) == ("latency", True)
    assert decide(done.rollout, data.evidence, event.at) == data.decision
    shown = await status(services, Observer(services.store.ledger), "reports")
    assert [(gate.name, gate.verdict, gate.measure) for gate in shown.gates] == [("latency", "fail", "slow")]


async def test_a_controller_that_was_away_for_hours_goes_on_by_one_stage(
    services, controller, running, clock, serve
):
    """On return it decides once, on all evidence; the stage it enters has a bake and evidence of its own."""
    await serve(running, candidate=20, control=400)
    await controller.look()
    clock.pass_seconds(6 * 3600)
    await serve(running, candidate=20, control=400)
    for _ in range(20):
        await controller.look()
        clock.pass_seconds(1)
    found = await services.store.rollouts.get("reports")
    assert (found.phase, found.stage) == (Phase.PROGRESSING, 1)
    assert await kinds(services) == ["start", "hold", "advance", "hold"]


async def test_a_fault_while_the_controller_was_away_is_judged_before_anything_goes_on(
    services, controller, running, clock, serve
):
    await serve(running, candidate=20, control=400)
    await controller.look()
    clock.pass_seconds(6 * 3600)
    await serve(running, candidate=40, control=400, bad=40)
    await controller.look()
    assert (await services.store.rollouts.get("reports")).phase is Phase.ROLLED_BACK
    assert await kinds(services) == ["start", "hold", "rollback"]


async def test_a_rollout_without_traffic_is_told_of_once(services, controller, running, clock, meter):
    for _ in range(4):
        clock.pass_seconds(1801)
        await controller.look()
    assert await kinds(services) == ["start", "hold", "hold"]
    assert meter.values["tidegate_notifications_total", ("rollout.no-traffic", "delivered")] == 1.0


@pytest.mark.parametrize(("unit", "each"), [(Unit.REQUEST, 1), (Unit.USER, 20)])
async def test_a_stage_advances_once_its_savings_are_certified(
    *, services, controller, clock, plan, started, exchange, unit, each
):
    gate = SavingsGate(min=0.2, expected=ExpectedCost(base=0.001, per_byte=0.0, cap=0.002))
    rollout = started(plan(unit=unit, gates=Gates(savings=gate)))
    await commit(services, rollout, rollout, move=Move.START, actor="test", reason="test", at=clock.now())
    stakes = Stakes(0.001, 0.002, 0.05, 0.2)

    async def come(units: int, first: int) -> None:
        rows = [
            exchange(
                rollout,
                arm,
                clock.now(),
                unit_hash=f"u{arm}{first + n // each}",
                stakes=stakes,
                cost_usd=0.0004 if arm is Arm.CANDIDATE else 0.001,
            )
            for arm, count in ((Arm.CANDIDATE, units), (Arm.CONTROL, 19 * units))
            for n in range(count * each)
        ]
        await services.store.ledger.ingest(rows, [])

    await come(5, 0)
    clock.pass_seconds(61)
    await controller.look()
    (held,) = [e for e in await services.store.rollouts.events("rollout:reports") if e.kind == "hold"]
    assert "savings of 20 % are not certified yet" in held.reason
    assert (await services.store.rollouts.get("reports")).stage == 0
    await come(90, 1000)
    await controller.look()
    assert (await services.store.rollouts.get("reports")).stage == 1
    event = (await services.store.rollouts.events("rollout:reports"))[-1]
    verdicts = msgspec.json.decode(event.data, type=EventData).decision.verdicts
    assert "savings of 20 % are certified" in verdicts[-1].reason


@pytest.mark.parametrize(("unit", "each"), [(Unit.REQUEST, 1), (Unit.USER, 4)])
async def test_status_and_metric_tell_savings_with_an_interval_that_holds_at_any_time(
    *, services, controller, meter, clock, plan, started, exchange, unit, each
):
    rollout = started(plan(unit=unit))
    await commit(services, rollout, rollout, move=Move.START, actor="test", reason="test", at=clock.now())

    async def come(units: int, first: int) -> None:
        rows = [
            exchange(
                rollout,
                arm,
                clock.now(),
                unit_hash=f"u{arm}{first + n // each}",
                cost_usd=(1 + n % 3) * (0.0006 if arm is Arm.CANDIDATE else 0.001),
            )
            for arm in (Arm.CANDIDATE, Arm.CONTROL)
            for n in range(units * each)
        ]
        await services.store.ledger.ingest(rows, [])
        await controller.look()

    await come(20, 0)
    few = await status(services, Observer(services.store.ledger), "reports")
    assert (few.savings.low, few.savings.certified_since) == (None, None)
    assert few.savings.point == pytest.approx(0.4)
    assert {key[1][1] for key in meter.values if key[0] == "tidegate_savings_ratio"} == {"point"}
    await come(200, 1000)
    shown = await status(services, Observer(services.store.ledger), "reports")
    assert 0.2 < shown.savings.low < 0.4 < shown.savings.high < 0.6
    told = {key[1][1]: value for key, value in meter.values.items() if key[0] == "tidegate_savings_ratio"}
    assert told == {
        "point": shown.savings.point,
        "low": shown.savings.low,
        "high": shown.savings.high,
    }
    costs = [150.0, *[0.001] * 100]
    dear = [exchange(rollout, Arm.CONTROL, clock.now(), unit_hash="dear", cost_usd=cost) for cost in costs]
    await services.store.ledger.ingest(dear, [])
    await controller.look()
    assert controller.faults == 0, controller.last_fault
    beyond = await status(services, Observer(services.store.ledger), "reports")
    assert (beyond.savings.low, beyond.savings.high) == (None, None)
    assert {key[1][1] for key in meter.values if key[0] == "tidegate_savings_ratio"} == {"point"}
