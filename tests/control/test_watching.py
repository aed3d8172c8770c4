"""The controller watches completed rollouts: one alarm an incident, over restarts and changes of leader."""

import msgspec
import pytest

from tidegate.cli.paper import paper
from tidegate.cli.rollout_view import picture
from tidegate.control.commit import commit
from tidegate.control.loop import Controller
from tidegate.control.moves import move_rollout
from tidegate.control.observe import Observer
from tidegate.control.replay import replay
from tidegate.control.status import status
from tidegate.control.watching import Watcher
from tidegate.domain.errors import Conflict, InvalidInput
from tidegate.domain.evidence import AFTER
from tidegate.domain.exchange import Arm
from tidegate.domain.metrics import GATE_VERDICT
from tidegate.domain.recount import recount
from tidegate.domain.rollout import After, Gates, Move, Phase, SloGate
from tidegate.domain.transition import apply
from tidegate.domain.watch import watch_process
from tidegate.ports import StageKey

GATES = Gates(slo=SloGate(errors=0.02))
HELD = After(holdout=100, for_seconds=90 * 86_400.0)


@pytest.fixture
def controller(services, meter):
    return Controller(services, meter, holder="one")


@pytest.fixture
async def done(services, plan, started, clock):
    """A completed rollout that holds 1 % back."""
    return await complete(services, plan, started, clock, gates=GATES, after=HELD)


async def complete(services, plan, started, clock, **changes):
    rollout = started(plan(stages=plan().stages[:1], **changes))
    first = await commit(
        services, rollout, rollout, move=Move.START, actor="test", reason="test", at=clock.now()
    )
    clock.pass_seconds(60)
    over = apply(first.rollout, Move.COMPLETE, clock.now())
    ended = await commit(
        services, first.rollout, over, move=Move.COMPLETE, actor="test", reason="test", at=clock.now()
    )
    return ended.rollout


@pytest.fixture
def after(services, exchange):
    """Put requests of after completion into the ledger, over the latest minute."""

    async def put(rollout, *, count=200, bad=0, arm=Arm.CANDIDATE, at=None):
        now = services.clock.now() if at is None else at
        made = [
            exchange(
                rollout, arm, now - 60 * n / count, bad=n < bad, stage=None, stage_name=None, counted=False
            )
            for n in range(count)
        ]
        await services.store.ledger.ingest(made, [])
        return made

    return put


async def kinds(services):
    return [event.kind for event in await services.store.rollouts.events("rollout:reports")]


async def shown(services):
    return (await status(services, Observer(services.store.ledger), "reports")).watch


async def looks(controller, clock, seconds, step=10):
    for _ in range(int(seconds // step)):
        clock.pass_seconds(step)
        await controller.look()


async def test_what_comes_after_completion_is_summed_as_the_exchanges_say(services, done, after):
    made = await after(done, count=50, bad=7)
    made += await after(done, count=20, bad=1, arm=Arm.CONTROL)
    found = await services.store.ledger.evidence(StageKey("reports", 1, AFTER), latest=0)
    assert found == recount(made, "reports", 1, AFTER, latest=0)
    assert sum(each.tally.triggered_errors for each in found.buckets if each.arm is Arm.CANDIDATE) == 7
    assert sum(each.tally.triggered for each in found.buckets) == 70


async def test_good_traffic_raises_no_alarm_and_status_says_that_it_watches(  # noqa: PLR0917 (fixtures)
    services, controller, done, after, clock, capsys
):
    for _ in range(10):
        clock.pass_seconds(60)
        await after(done, bad=2)
        await controller.look()
    assert await kinds(services) == ["start", "complete"]
    seen = await shown(services)
    assert (seen.state, seen.requests, seen.value, seen.bound) == ("watching", 2000, 0.01, 0.02)
    paper().print(picture(await status(services, Observer(services.store.ledger), "reports")))
    assert "watching since " in capsys.readouterr().out


async def test_an_outage_is_one_alarm_and_one_notice_however_long_it_lasts(  # noqa: PLR0917 (fixtures)
    services, controller, done, after, clock, meter
):
    before = await services.store.routing.revision()
    for _ in range(30):
        clock.pass_seconds(60)
        await after(done, bad=100)
        await controller.look()
    assert await kinds(services) == ["start", "complete", "alarm"]
    assert meter.values["tidegate_notifications_total", ("rollout.alarm", "delivered")] == 1.0
    assert await services.store.routing.revision() == before
    seen = await shown(services)
    assert (seen.state, seen.value) == ("alarm", 0.5)


async def test_the_next_leader_raises_it_no_second_time(  # noqa: PLR0917 (fixtures)
    services, controller, done, after, clock, meter
):
    clock.pass_seconds(60)
    await after(done, bad=100)
    await controller.look()
    clock.pass_seconds(60)
    await after(done, bad=100)
    other = Controller(services, meter, holder="two")
    await looks(other, clock, 60)
    assert await kinds(services) == ["start", "complete", "alarm"]


async def test_a_leader_that_begins_late_sees_what_was_before_it(services, done, after, clock, meter):
    """Days of outage in the ledger, and nobody has looked: the first look raises the alarm."""
    clock.pass_seconds(60)
    await after(done, bad=200)
    clock.pass_seconds(3 * 86_400)
    await Controller(services, meter, holder="one").look()
    assert await kinds(services) == ["start", "complete", "alarm"]


async def test_it_is_over_after_a_good_hour_and_a_further_incident_is_a_further_alarm(
    services, controller, done, after, clock
):
    clock.pass_seconds(60)
    await after(done, bad=200)
    await controller.look()
    for _ in range(61):
        clock.pass_seconds(60)
        await after(done, count=20)
        await controller.look()
    assert await kinds(services) == ["start", "complete", "alarm", "calm"]
    assert (await shown(services)).state == "watching"
    clock.pass_seconds(600)
    await controller.look()
    assert await kinds(services) == ["start", "complete", "alarm", "calm"]
    for _ in range(3):
        clock.pass_seconds(60)
        await after(done, bad=200)
        await controller.look()
    assert await kinds(services) == ["start", "complete", "alarm", "calm", "alarm"]
    replayed = await replay(services, "reports")
    assert replayed["same"] == replayed["decisions"] == 3


async def test_look_by_look_the_test_finds_what_it_finds_at_once(services, done, after, clock):
    watcher = Watcher(services.store.ledger)
    key = StageKey("reports", 1, AFTER)
    for minute in range(75):
        clock.pass_seconds(60)
        await after(done, count=100, bad=minute % 5)
        found = (await watcher.observe(done, GATES.slo, clock.now())).test("slo")
        process = watch_process(done, GATES.slo)
        buckets = (await services.store.ledger.evidence(key, latest=0)).buckets
        whole = process.e_values(process.fold(process.begin(), buckets))
        assert (found.e_value, found.peak) == pytest.approx(whole), minute


async def test_undo_takes_back_what_raised_the_alarm(services, controller, done, after, clock):
    clock.pass_seconds(60)
    await after(done, bad=200)
    await controller.look()
    undone = await move_rollout(services, "reports", Move.UNDO, actor="ana", reason="the alarm")
    assert undone.rollout.phase is Phase.ROLLED_BACK
    clock.pass_seconds(60)
    await after(done, bad=200)
    await controller.look()
    assert await kinds(services) == ["start", "complete", "alarm", "undo"]
    assert await shown(services) is None


async def test_people_raise_no_alarm(services, done):
    for move in (Move.ALARM, Move.CALM):
        with pytest.raises(InvalidInput, match="controller's"):
            await move_rollout(services, "reports", move, actor="ana", reason="let us see")


async def test_the_leader_shows_the_gate_as_a_metric_while_it_watches(  # noqa: PLR0917 (fixtures)
    services, controller, done, after, clock, meter
):
    meter.values["tidegate_gate_verdict", ("reports", "errors")] = 1.0  # of the stage that was
    controller._gauges._shown["reports"].add((GATE_VERDICT, ("reports", "errors")))
    shown_for = lambda: {  # noqa: E731 (short)
        labels[1]: value for (name, labels), value in meter.values.items() if name == GATE_VERDICT.name
    }
    clock.pass_seconds(60)
    await after(done, bad=2)
    await looks(controller, clock, 20)
    assert shown_for() == {"slo": 1.0}
    await after(done, bad=200)
    await looks(controller, clock, 20)
    assert shown_for() == {"slo": -1.0}
    await move_rollout(services, "reports", Move.UNDO, actor="ana", reason="the alarm")
    await controller.look()
    assert shown_for() == {}


@pytest.mark.parametrize(
    ("gates", "held", "why"),
    [(Gates(), HELD, "no gate `slo`"), (GATES, After(), "holds nobody back")],
)
async def test_where_nothing_watches_status_says_so(  # noqa: PLR0917 (fixtures)
    services, plan, started, clock, after, controller, gates, held, why
):
    done = await complete(services, plan, started, clock, gates=gates, after=held)
    clock.pass_seconds(60)
    await after(done, bad=200)
    await controller.look()
    assert await kinds(services) == ["start", "complete"]
    seen = await shown(services)
    assert seen.state == "off"
    assert why in seen.reason


async def test_when_the_time_of_after_is_over_nothing_watches(services, controller, done, after, clock):
    clock.pass_seconds(HELD.for_seconds)
    await after(done, bad=200)
    await controller.look()
    assert await kinds(services) == ["start", "complete"]
    assert (await shown(services)).state == "off"


async def test_a_rollout_that_was_taken_back_meanwhile_gets_no_alarm(  # noqa: PLR0917 (fixtures)
    services, controller, done, after, clock, monkeypatch
):
    """Somebody undoes it between the look and the commit."""
    clock.pass_seconds(60)
    await after(done, bad=200)
    rollouts = await services.store.rollouts.list()
    await move_rollout(services, "reports", Move.UNDO, actor="ana", reason="enough")

    async def stale():
        return rollouts

    monkeypatch.setattr(services.store.rollouts, "list", stale)
    await controller.look()
    assert await kinds(services) == ["start", "complete", "undo"]


async def test_one_that_cannot_be_watched_does_not_hide_that(services, controller, done, clock, monkeypatch):
    async def broken(*_):
        raise ValueError("a row that cannot be read")

    monkeypatch.setattr(controller._watcher, "observe", broken)
    await controller.look()
    assert controller.faults == 1
    assert "reports: ValueError" in controller.last_fault


def test_an_alarm_is_a_move_of_completed_rollouts_alone(started, plan):
    with pytest.raises(Conflict, match="cannot alarm"):
        apply(started(plan()), Move.ALARM, 1.0)
    assert msgspec.json.encode(Move.ALARM) == b'"alarm"'
