"""Scoring: published by the leader, for skills that a route serves, where a score has moved."""

import msgspec
import pytest

from tidegate.control.commit import commit
from tidegate.control.explain_route import explain_route
from tidegate.control.loop import Controller
from tidegate.control.scoring import LOOK_SECONDS, MOVED
from tidegate.domain.errors import NotFound
from tidegate.domain.exchange import Arm, Outcome, SkillUse
from tidegate.domain.rollout import Move, Phase, SkillRef, Variant
from tidegate.domain.routing import Route

USE = SkillUse("report-writing", 1, "pattern", 1.0)
REF = SkillRef("report-writing", 1, "sha256:report-writing-1")
ROUTED = Variant(skills=(REF,), route=Route(small="claude-haiku-4-5", middle="claude-sonnet-4-5"))


@pytest.fixture
def controller(services, meter):
    return Controller(services, meter, holder="one")


@pytest.fixture
def start(services, plan, started):
    async def begin(candidate: Variant = ROUTED):
        rollout = started(plan(candidate=candidate))
        done = await commit(
            services, rollout, rollout, move=Move.START, actor="test", reason="test", at=services.clock.now()
        )
        return done.rollout

    return begin


@pytest.fixture
def served(services, exchange):
    async def put(rollout, *, ok: int, failed: int = 0) -> None:
        now = services.clock.now()
        outcomes = [Outcome.OK] * ok + [Outcome.SKILL_ERROR] * failed
        await services.store.ledger.ingest(
            [exchange(rollout, Arm.OUTSIDE, now, skills=(USE,), skill_outcome=each) for each in outcomes], []
        )

    return put


async def scores(services):
    return [each.score for each in await services.store.scores.list()]


async def test_a_routed_skill_gets_its_score_once_enough_was_served(services, controller, start, served):
    rollout = await start()
    await served(rollout, ok=29)
    await controller.look()
    assert await scores(services) == []
    await served(rollout, ok=151)
    services.clock.pass_seconds(LOOK_SECONDS)
    await controller.look()
    assert await scores(services) == [pytest.approx(0.95, abs=0.01)]


async def test_a_small_move_is_not_published_and_a_large_one_is(services, controller, start, served, meter):
    rollout = await start()
    await served(rollout, ok=180)
    await controller.look()
    before = await scores(services)
    revision = await services.store.routing.revision()
    await served(rollout, ok=0, failed=2)
    services.clock.pass_seconds(LOOK_SECONDS)
    await controller.look()
    assert await scores(services) == before
    assert await services.store.routing.revision() == revision
    await served(rollout, ok=0, failed=60)
    services.clock.pass_seconds(LOOK_SECONDS)
    await controller.look()
    (after,) = await scores(services)
    assert after < before[0] - MOVED
    assert meter.values["tidegate_skill_effectiveness", ("report-writing", "1")] == after
    event = (await services.store.rollouts.events("routes"))[-1]
    assert f"report-writing@1: {before[0]} → {after}" in event.reason


async def test_who_comes_to_lead_shows_what_was_published_and_who_no_longer_leads_does_not(
    services, controller, start, served, meter
):
    series = ("tidegate_skill_effectiveness", ("report-writing", "1"))
    rollout = await start()
    await served(rollout, ok=180)
    await controller.look()
    (score,) = await scores(services)
    assert meter.values[series] == score
    services.clock.pass_seconds(1000)
    other_meter = type(meter)()
    other = Controller(services, other_meter, holder="two")
    await other.look()
    assert other_meter.values[series] == score
    await controller.look()
    assert series not in meter.values


async def test_a_skill_that_no_route_serves_any_more_is_not_shown(services, controller, start, served, meter):
    series = ("tidegate_skill_effectiveness", ("report-writing", "1"))
    rollout = await start()
    await served(rollout, ok=180)
    await controller.look()
    assert series in meter.values
    aborted = msgspec.structs.replace(rollout, phase=Phase.ABORTED)
    services.clock.pass_seconds(LOOK_SECONDS)
    await controller._scoring.look([aborted], controller._lease)
    assert series not in meter.values


async def test_looks_between_are_left_out(services, controller, start, served):
    rollout = await start()
    await controller.look()
    await served(rollout, ok=100)
    await controller.look()
    assert await scores(services) == []


async def test_a_variant_without_a_route_gets_no_score(services, controller, start, served):
    rollout = await start(msgspec.structs.replace(ROUTED, route=None))
    await served(rollout, ok=100)
    await controller.look()
    assert await scores(services) == []


async def test_the_explanation_shows_scores_parts_and_what_each_route_does(
    services, controller, start, served, publish
):
    await publish("report-writing")
    rollout = await start()
    unknown = await explain_route(services, "report-writing")
    assert (unknown.versions[0].published, unknown.routes[0].tier, unknown.routes[0].model) == (
        None,
        "asked",
        None,
    )
    await served(rollout, ok=180)
    await controller.look()
    told = await explain_route(services, "report-writing")
    assert told.versions[0].published == (await scores(services))[0]
    assert [part.name for part in told.versions[0].parts] == ["success", "savings", "speed", "feedback"]
    assert (told.routes[0].rollout, told.routes[0].side) == ("reports", "candidate")
    assert (told.routes[0].tier, told.routes[0].model) == ("small", "claude-haiku-4-5")


async def test_a_skill_nobody_published_is_not_explained(services):
    with pytest.raises(NotFound, match="tidegate skill list"):
        await explain_route(services, "nothing")
