"""Starting and moving rollouts on a real store: what is refused, and what it says."""

import asyncio

import msgspec
import pytest

from tidegate.control.commit import EventData, commit
from tidegate.control.history import history, verify
from tidegate.control.moves import move_rollout
from tidegate.control.start import start_rollout
from tidegate.domain.errors import Conflict, InvalidInput, NotFound
from tidegate.domain.exchange import Arm
from tidegate.domain.rollout import ExpectedCost, Move, Phase
from tidegate.domain.skill import VersionState


def spec(name="first", skill="report-writing", version="latest", tenants='["*"]', weights=(5, 100)):
    stages = ", ".join(
        f"{{name: s{number}, weight: {weight}, bake: 60s, promote: manual}}"
        for number, weight in enumerate(weights)
    )
    return f"""\
apiVersion: tidegate/v1
kind: Rollout
metadata: {{name: {name}}}
spec:
  unit: request
  eligible: {{tenants: {tenants}}}
  candidate:
    skills: {{{skill}: {version}}}
  stages: [{stages}]
  gates:
    errors: {{max: 2%, worse: rollback}}
    samples: {{min: 10}}
"""


@pytest.fixture
def start(services):
    async def run(text, actor="release", reason="as agreed"):
        started = await start_rollout(services, text, actor=actor, reason=reason)
        return started.committed.rollout

    return run


@pytest.fixture
def move(services):
    async def run(name, what, reason="because"):
        return (await move_rollout(services, name, what, actor="operator", reason=reason)).rollout

    return run


async def test_latest_is_pinned_to_the_digest_it_has_at_the_start(start, publish):
    await publish("report-writing", "one")
    second = await publish("report-writing", "two")
    rollout = await start(spec())
    await publish("report-writing", "three")
    (ref,) = rollout.plan.candidate.skills
    assert (ref.version, ref.digest) == (2, second.digest)
    assert (rollout.phase, rollout.stage) == (Phase.PROGRESSING, 0)


async def test_without_a_baseline_it_is_what_these_users_have_today(services, start, publish):
    await publish("report-writing")
    await publish("summaries")
    first = await start(spec("first"))
    done = msgspec.structs.replace(first, phase=Phase.COMPLETED, completed_at=services.clock.now())
    await commit(services, first, done, move=Move.COMPLETE, actor="test", reason="test", at=1.0)
    second = await start(spec("second", "summaries"))
    assert second.plan.baseline == first.plan.candidate


async def test_the_start_is_in_the_history_with_actor_reason_and_plan(services, start, publish):
    await publish("report-writing")
    rollout = await start(spec(), actor="ana", reason="as agreed")
    (event,) = await services.store.rollouts.events("rollout:first")
    data = msgspec.json.decode(event.data, type=EventData)
    assert (event.actor, event.kind, event.reason) == ("ana", "start", "as agreed")
    assert (data.before.phase, data.after.phase, data.plan) == (
        Phase.DRAFT,
        Phase.PROGRESSING,
        rollout.plan,
    )


BAD_SPECS = {
    "an unknown key": (spec().replace("unit:", "units:"), InvalidInput, "units"),
    "weights that fall": (spec(weights=(25, 5)), InvalidInput, "weight"),
    "an unknown skill": (spec(skill="report-writting"), InvalidInput, "report-writing"),
    "an unknown version": (spec(version=9), InvalidInput, "versions: 1"),
    "no YAML": ("{", InvalidInput, "line"),
    "a gate that does not exist": (
        spec().replace("samples: {min: 10}", "tokens: {max: 5}"),
        InvalidInput,
        "tokens",
    ),
}


@pytest.mark.parametrize("case", BAD_SPECS)
async def test_a_wrong_spec_is_refused_with_a_message_and_nothing_is_stored(services, start, publish, case):
    text, error, said = BAD_SPECS[case]
    await publish("report-writing")
    with pytest.raises(error, match=said):
        await start(text)
    assert list(await services.store.rollouts.list()) == []


@pytest.mark.parametrize("reason", ["", "   ", "x" * 1001])
async def test_a_change_needs_a_reason_of_a_sensible_length(services, start, publish, reason):
    await publish("report-writing")
    with pytest.raises(InvalidInput, match="reason"):
        await start(spec(), reason=reason)
    assert list(await services.store.rollouts.list()) == []


async def test_a_revoked_version_is_refused(services, start, publish):
    await publish("report-writing")
    await services.store.skills.set_state(
        "report-writing", 1, VersionState.REVOKED, by="test", reason="test", at=1.0
    )
    with pytest.raises(InvalidInput, match="revoked"):
        await start(spec(version=1))


async def test_a_name_is_taken_for_ever(start, move, publish):
    await publish("report-writing")
    await start(spec())
    await move("first", Move.ABORT)
    with pytest.raises(Conflict, match="retry first"):
        await start(spec())


async def test_a_second_rollout_of_the_same_skill_is_refused_while_the_first_runs(start, move, publish):
    await publish("report-writing")
    await start(spec("first"))
    with pytest.raises(Conflict, match="'first' is progressing with report-writing"):
        await start(spec("second"))
    await move("first", Move.ABORT)
    assert (await start(spec("second"))).phase is Phase.PROGRESSING


async def test_the_same_skill_for_other_tenants_is_no_conflict(start, publish):
    await publish("report-writing")
    await start(spec("first", tenants='["a"]'))
    assert (await start(spec("second", tenants='["b"]'))).phase is Phase.PROGRESSING


async def test_of_two_starts_at_the_same_instant_one_is_left_running(services, start, publish):
    await publish("report-writing")
    results = await asyncio.gather(start(spec("first")), start(spec("second")), return_exceptions=True)
    assert sum(isinstance(result, Conflict) for result in results) == 1
    running = [r.name for r in await services.store.rollouts.list() if r.phase is Phase.PROGRESSING]
    assert len(running) == 1


async def test_a_retry_is_refused_while_another_rollout_has_its_skill(start, move, publish):
    await publish("report-writing")
    await start(spec("first"))
    await move("first", Move.ABORT)
    await start(spec("second"))
    with pytest.raises(Conflict, match="second"):
        await move("first", Move.RETRY)


async def test_a_retry_draws_a_new_salt_and_counts_a_new_attempt(start, move, publish):
    await publish("report-writing")
    before = await start(spec())
    await move("first", Move.ABORT)
    after = await move("first", Move.RETRY)
    assert (after.attempt, after.phase, after.stage) == (2, Phase.PROGRESSING, 0)
    assert after.salt != before.salt
    assert len(after.salt) == 32


@pytest.mark.parametrize("what", [Move.PROMOTE, Move.RESUME, Move.UNDO, Move.RETRY])
async def test_a_move_that_is_not_in_the_table_is_refused_with_those_that_are(
    services, start, move, publish, what
):
    await publish("report-writing")
    await start(spec())
    with pytest.raises(Conflict, match=r"progressing.*`abort`"):
        await move("first", what)
    assert len(await services.store.rollouts.events("rollout:first")) == 1


@pytest.mark.parametrize("what", [Move.START, Move.ADVANCE, Move.COMPLETE, Move.ROLLBACK, Move.ASK])
async def test_a_person_cannot_make_the_controllers_moves(start, move, publish, what):
    await publish("report-writing")
    await start(spec())
    with pytest.raises(InvalidInput, match="the controller's"):
        await move("first", what)


async def test_an_unknown_rollout_is_not_found(move):
    with pytest.raises(NotFound, match="rollout list"):
        await move("nobody", Move.ABORT)


async def test_a_move_is_judged_anew_when_another_commit_came_between(services, start, publish, monkeypatch):
    await publish("report-writing")
    await start(spec())
    whole = services.store.rollouts.get
    stale = await whole("first")
    await move_rollout(services, "first", Move.PAUSE, actor="ana", reason="look")
    answers = [stale]

    async def get(name):
        return answers.pop() if answers else await whole(name)

    monkeypatch.setattr(services.store.rollouts, "get", get)
    done = await move_rollout(services, "first", Move.ABORT, actor="ben", reason="stop")
    assert done.rollout.phase is Phase.ABORTED
    assert [e["kind"] for e in await history(services, "first")] == ["start", "pause", "abort"]


async def test_the_chain_of_events_is_verified(services, start, move, publish):
    await publish("report-writing")
    await start(spec())
    await move("first", Move.PAUSE)
    result = await verify(services, "first")
    assert (result["intact"], result["events"], result["broken_at"]) == (True, 2, None)


async def test_latency_limits_and_expected_costs_are_those_of_the_traffic_before_the_rollout(
    *, services, start, publish, clock, exchange
):
    await publish("report-writing")
    await publish("other-skill")
    now, first = clock.now(), await start(spec())
    before = [exchange(first, Arm.CONTROL, now - n, seconds=n / 100) for n in range(1, 301)]
    await services.store.ledger.ingest(before, [])
    more = "    latency: {p95: 4s}\n    savings: {min: 35%}\n    samples:"
    gates = (await start(spec("second", "other-skill").replace("    samples:", more))).plan.gates
    assert gates.savings.expected == ExpectedCost(
        base=pytest.approx(0.001), per_byte=0.0, cap=pytest.approx(0.02)
    )
    assert gates.latency.limits == (2.4, 2.7, 2.85, 2.97, 4.0, 5.0, 8.0)
