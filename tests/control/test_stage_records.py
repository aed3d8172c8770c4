"""The record of a stage's end is kept with the event that ended it, made again by replay, and shown."""

import msgspec
import pytest

from tidegate.cli.paper import paper
from tidegate.cli.rollout_view import picture
from tidegate.control.commit import EventData, commit
from tidegate.control.history import verify
from tidegate.control.loop import Controller
from tidegate.control.moves import move_rollout
from tidegate.control.observe import Observer
from tidegate.control.replay import replay
from tidegate.control.reporting import rollouts
from tidegate.control.reporting.zone import zone_of
from tidegate.control.status import status
from tidegate.domain.access import Switch
from tidegate.domain.rollout import Move, Phase
from tidegate.domain.skill import VersionState

OFF = Switch(scope="skill", target="report-writing", by="bob", reason="to be safe", at=1_800_000_010.0)


@pytest.fixture
def controller(services, meter):
    return Controller(services, meter, holder="one")


@pytest.fixture
async def asked(services, plan, started, serve, clock):
    """A rollout whose first stage is promoted by people, with good evidence, at the end of its bake."""
    first, second = plan().stages
    rollout = started(plan(stages=(msgspec.structs.replace(first, promote="manual"), second)))
    done = await commit(
        services, rollout, rollout, move=Move.START, actor="test", reason="test", at=clock.now()
    )
    await serve(done.rollout, candidate=20, control=400)
    clock.pass_seconds(61)
    return done.rollout


async def newest(services):
    return (await services.store.rollouts.events("rollout:reports"))[-1]


async def record(services):
    return msgspec.json.decode((await newest(services)).data, type=EventData).record


async def shown(services):
    return await status(services, Observer(services.store.ledger), "reports")


async def test_the_event_that_asks_for_approval_keeps_the_record(services, controller, asked):
    await controller.look()
    assert (await newest(services)).kind == "ask"
    found = await record(services)
    assert (found.recommendation, found.incidents) == ("proceed", ())
    assert (await verify(services, "reports"))["intact"]
    replayed = await replay(services, "reports")
    assert (replayed["decisions"], replayed["same"]) == (1, 1)


async def test_the_notice_that_asks_carries_it(services, controller, asked, monkeypatch):
    async def undelivered(*_):
        return 0

    monkeypatch.setattr("tidegate.control.loop.deliver_notices", undelivered)
    await controller.look()
    (notice,) = [each for each in await services.store.outbox.pending(9) if each.kind == "rollout.ask"]
    assert msgspec.json.decode(notice.data)["record"]["recommendation"] == "proceed"


async def test_status_shows_it_until_the_stage_is_left(services, controller, asked, clock, capsys):
    assert (await shown(services)).record is None
    await controller.look()
    there = await shown(services)
    assert (there.record.event, there.record.recommendation) == ("ask", "proceed")
    paper().print(picture(there))
    assert "stage's end (ask at " in capsys.readouterr().out
    await move_rollout(services, "reports", Move.PROMOTE, actor="ana", reason="as agreed")
    assert (await shown(services)).record is None


async def test_a_promotion_keeps_what_was_open_when_it_was_given(services, controller, asked):
    await controller.look()
    await services.store.switches.off(OFF)
    await move_rollout(services, "reports", Move.PROMOTE, actor="ana", reason="only one tenant needs it")
    found = await record(services)
    assert (found.recommendation, [each.what for each in found.incidents]) == (
        "hold",
        ["skill report-writing"],
    )
    replayed = await replay(services, "reports")
    assert replayed["same"] == replayed["decisions"] == 2


async def test_the_stage_report_has_it_after_the_stage_is_left(services, controller, asked):
    await controller.look()
    await move_rollout(services, "reports", Move.PROMOTE, actor="ana", reason="as agreed")
    report = await rollouts.stage(services, "reports", "canary", zone_of("UTC"))
    assert (report.stages[0].record.event, report.stages[0].record.recommendation) == ("promote", "proceed")


async def test_a_stage_that_goes_on_by_itself_waits_for_an_incident_to_be_over(
    services, controller, running, serve, clock
):
    await serve(running, candidate=20, control=400)
    await services.store.switches.off(OFF)
    await controller.look()
    clock.pass_seconds(61)
    await controller.look()
    held = await newest(services)
    assert (held.kind, (await record(services)).incidents[0].what) == ("hold", "skill report-writing")
    there = await shown(services)
    assert (there.last_decision.cause, there.incidents[0].kind) == ("incident", "switch")
    await services.store.switches.on("skill", "report-writing", by="bob", reason="all well", at=clock.now())
    clock.pass_seconds(1)
    await controller.look()
    assert (await newest(services)).kind == "advance"
    replayed = await replay(services, "reports")
    assert replayed["same"] == replayed["decisions"] == 3


@pytest.mark.parametrize(
    ("scope", "target"), [("skill", "another-skill"), ("tenant", "somebody-else"), ("tenant", "acme")]
)
async def test_a_switch_that_does_not_reach_it_holds_nothing_up(  # noqa: PLR0917 (fixtures)
    services, controller, plan, started, serve, clock, scope, target
):
    eligible = msgspec.structs.replace(plan().eligible, tenants=("default",))
    rollout = started(plan(eligible=eligible))
    await commit(services, rollout, rollout, move=Move.START, actor="test", reason="test", at=clock.now())
    await serve(await services.store.rollouts.get("reports"), candidate=20, control=400)
    await services.store.switches.off(msgspec.structs.replace(OFF, scope=scope, target=target))
    clock.pass_seconds(61)
    await controller.look()
    assert (await newest(services)).kind == "advance"


async def test_a_revoked_version_of_the_candidate_is_an_open_incident(  # noqa: PLR0917 (fixtures)
    services, controller, publish, running, serve, clock
):
    await publish("report-writing")
    await serve(running, candidate=20, control=400)
    await services.store.skills.set_state(
        "report-writing", 1, VersionState.REVOKED, by="bob", reason="a leak", at=clock.now()
    )
    clock.pass_seconds(61)
    await controller.look()
    assert (await record(services)).incidents[0].kind == "revoked"
    assert (await services.store.rollouts.get("reports")).stage == 0


async def test_breakers_of_the_leader_that_touch_the_rollout_are_open_incidents(  # noqa: PLR0917 (fixtures)
    services, controller, plan, started, serve, clock
):
    base = plan().candidate
    rollout = started(plan(candidate=msgspec.structs.replace(base, model="org/small-4")))
    await commit(services, rollout, rollout, move=Move.START, actor="test", reason="test", at=clock.now())
    others = [("skill", "another-skill@1"), ("upstream", "default/some-model-that-a-client-made-up")]
    troubled = [("skill", "report-writing@1"), ("upstream", "default/org/small-4"), *others]
    controller.hear(lambda: troubled)
    await serve(await services.store.rollouts.get("reports"), candidate=20, control=400)
    clock.pass_seconds(61)
    await controller.look()
    found = await record(services)
    assert [each.what for each in found.incidents] == [
        "skill report-writing@1",
        "upstream default/org/small-4",
    ]
    troubled[:] = others
    clock.pass_seconds(1)
    await controller.look()
    assert (await newest(services)).kind == "advance"


async def test_a_rollback_keeps_the_record_of_a_stage_that_was_cut_short(
    services, controller, running, serve
):
    await serve(running, candidate=6, control=120, bad=6)
    await controller.look()
    assert (await services.store.rollouts.get("reports")).phase is Phase.ROLLED_BACK
    found = await record(services)
    assert (found.recommendation, found.baked_seconds) == ("rollback", 0.0)
    assert (await shown(services)).record.event == "rollback"
