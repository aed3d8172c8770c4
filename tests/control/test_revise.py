"""Revising a rollout that runs, on a real store: what is taken, what is refused, what is on the record."""

import msgspec
import pytest

from tidegate.control.commit import EventData
from tidegate.control.loop import Controller
from tidegate.control.moves import move_rollout
from tidegate.control.observe import Observer
from tidegate.control.replay import replay
from tidegate.control.reporting.course import course
from tidegate.control.revise import revise_rollout
from tidegate.control.start import start_rollout
from tidegate.control.status import status
from tidegate.domain.decision import Kind, decide
from tidegate.domain.difference import Change
from tidegate.domain.errors import Conflict, InvalidInput, NotFound
from tidegate.domain.rollout import CachePolicy, Move, Phase
from tidegate.domain.skill import VersionState

SPEC = """\
apiVersion: tidegate/v1
kind: Rollout
metadata: {name: first}
spec:
  unit: request
  candidate: {skills: {report-writing: 1}}
  stages:
    - {name: canary, weight: 5, bake: 60s, promote: manual}
    - {name: full, weight: 100, bake: 60s, promote: manual}
  gates: {errors: {max: 2%, worse: rollback}, latency: {p95: 5s}, samples: {min: 10}}
"""
REVISED = SPEC.replace("{report-writing: 1}", "{report-writing: 2}, timeout: 3s, cache: {ttl: 10m}")
BY_USER = SPEC.replace("unit: request", "unit: user")


@pytest.fixture
async def published(publish):
    return [await publish("report-writing", text) for text in ("one", "two")]


@pytest.fixture
def start(services, published):
    async def run(text=SPEC):
        return (await start_rollout(services, text, actor="release", reason="go")).committed.rollout

    return run


@pytest.fixture
def bake(services, serve, clock, meter):
    """The stage bakes to its end, with good traffic, and the controller looks."""

    async def run(rollout):
        await serve(rollout, candidate=20, control=400)
        clock.pass_seconds(61)
        await Controller(services, meter, holder="one").look()

    return run


@pytest.fixture
def revise(services):
    async def run(text=REVISED, name="first", reason="the timeout is too long"):
        return await revise_rollout(services, name, text, actor="operator", reason=reason)

    return run


async def test_a_revision_takes_effect_at_once_and_is_on_the_record(
    services, start, revise, clock, published
):
    await start()
    clock.pass_seconds(30)
    done = await revise()
    kept = await services.store.rollouts.get("first")
    assert kept == done.committed.rollout
    assert (kept.phase, kept.stage, kept.attempt, kept.stage_since) == (Phase.PROGRESSING, 0, 2, clock.now())
    assert kept.plan.candidate.cache == CachePolicy(ttl_seconds=600.0)
    event = (await services.store.rollouts.events("rollout:first"))[-1]
    data = msgspec.json.decode(event.data, type=EventData)
    assert (event.kind, event.actor, event.reason) == ("revise", "operator", "the timeout is too long")
    assert data.candidate == kept.plan.candidate
    one, two = (f"{version.number} ({version.digest})" for version in published)
    assert done.changes == data.changes
    assert data.changes == (
        Change("cache.ttl_seconds", None, 600.0),
        Change("cache.when", None, "deterministic"),
        Change("skills.report-writing", one, two),
        Change("timeout_seconds", 5.0, 3.0),
    )
    notices = await services.store.outbox.pending(9)
    assert [notice.kind for notice in notices] == ["rollout.start", "rollout.revise"]


async def test_evidence_of_the_old_candidate_is_not_the_new_ones(services, start, revise, serve):
    rollout = await start()
    await serve(rollout, candidate=20, control=20, bad=19)
    revised = (await revise()).committed.rollout
    await serve(rollout, candidate=20, control=20, bad=20)
    evidence = await Observer(services.store.ledger).observe(revised, services.clock.now())
    assert decide(revised, evidence, services.clock.now()).kind is Kind.HOLD
    shown = await status(services, Observer(services.store.ledger), "first")
    assert (shown.revisions, shown.revision_noted, shown.arms.candidate.requests) == (1, False, 0)


async def test_by_user_it_is_noted_for_the_next_stage(services, start, revise, bake):
    rollout = await start(BY_USER)
    with pytest.raises(Conflict, match="none are left"):
        await revise(BY_USER.replace("report-writing: 1", "report-writing: 2"))
    await bake(rollout)
    await revise(BY_USER.replace("report-writing: 1", "report-writing: 2"))
    shown = await status(services, Observer(services.store.ledger), "first")
    assert (shown.state, shown.revision_noted, shown.attempt) == (Phase.AWAITING_APPROVAL, True, 1)
    await move_rollout(services, "first", Move.PROMOTE, actor="ada", reason="seen")
    kept = await services.store.rollouts.get("first")
    assert (kept.attempt, kept.exposed, kept.plan.candidate.skills[0].version) == (2, 500, 2)


async def test_a_revised_life_is_replayed_and_told_in_visits(services, start, revise, bake):
    await bake(await start())
    await bake((await revise()).committed.rollout)
    await move_rollout(services, "first", Move.PROMOTE, actor="ada", reason="seen")
    found = await replay(services, "first")
    assert found["decisions"] == found["same"] >= 2
    kept = await services.store.rollouts.get("first")
    told = course(kept, await services.store.rollouts.events("rollout:first"), services.clock.now() + 1)
    assert [visit.place for visit in told.visits] == [(1, 0), (2, 1)]
    assert told.rollout.plan == kept.plan


@pytest.mark.parametrize(
    "edit",
    [
        ("weight: 5,", "weight: 10,", "stages"),
        ("errors: {max: 2%", "errors: {max: 3%", "gates.errors"),
        ("latency: {p95: 5s}", "latency: {p95: 6s}", "gates.latency"),
        ("metadata: {name: first}", "metadata: {name: other}", "name"),
        ("unit: request", "unit: user", "unit"),
        ("  candidate:", "  baseline: {skills: {report-writing: 1}}\n  candidate:", "baseline"),
        ("  candidate:", "  after: {holdout: 1, for: 9d}\n  candidate:", "after"),
    ],
)
async def test_what_is_no_candidate_must_be_as_it_was(services, start, revise, edit):
    old, new, named = edit
    before = await start()
    with pytest.raises(InvalidInput, match=f"candidate alone, .* differs .* in {named}: leave"):
        await revise(REVISED.replace(old, new))
    assert await services.store.rollouts.get("first") == before


async def test_the_same_candidate_written_otherwise_is_no_revision(start, revise):
    await start()
    with pytest.raises(Conflict, match="has this candidate already"):
        await revise(SPEC.replace("{report-writing: 1}", "{report-writing: 1}, timeout: 5s"))


async def test_a_revision_needs_a_reason_a_rollout_and_skills_that_may_be_served(
    services, start, revise, published
):
    with pytest.raises(NotFound, match="first"):
        await revise()
    await start()
    with pytest.raises(InvalidInput, match="reason"):
        await revise(reason=" ")
    with pytest.raises(InvalidInput, match="report-writing"):
        await revise(REVISED.replace("report-writing: 2", "report-writing: 9"))
    await services.store.skills.set_state(
        "report-writing", 2, VersionState.REVOKED, by="test", reason="test", at=1.0
    )
    with pytest.raises(InvalidInput, match="version 2 is revoked"):
        await revise()


async def test_one_that_has_ended_is_not_revised(services, start, revise):
    await start()
    await move_rollout(services, "first", Move.ABORT, actor="ada", reason="enough")
    with pytest.raises(Conflict, match=r"cannot revise .* aborted"):
        await revise()


async def test_the_plain_move_says_what_a_revision_needs(services, start):
    await start()
    with pytest.raises(InvalidInput, match="/api/rollouts/NAME/revise"):
        await move_rollout(services, "first", Move.REVISE, actor="ada", reason="x")
