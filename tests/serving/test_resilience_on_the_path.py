"""Breakers, chains and the retry budget as a request meets them, and how they count in a rollout."""

import asyncio

import msgspec
import pytest
from gateway_parts import (
    CONTENT,
    DELTA,
    END,
    JSON,
    MESSAGE,
    MODEL,
    SSE,
    START,
    STOP,
    FakeUpstream,
    Got,
    Script,
    Sent,
    World,
    ask,
    rollout,
    skill,
    state,
    variant,
)

from tidegate.domain.breaker import Policy, State
from tidegate.domain.exchange import Arm, Exchange, Outcome
from tidegate.domain.retry_budget import RetryPolicy
from tidegate.domain.rollout import Stage, Unit
from tidegate.domain.routing import Route
from tidegate.ports import UpstreamFailure
from tidegate.serving.chains import Chains, Hop
from tidegate.serving.settings import ServingSettings
from tidegate.serving.upstreams import Claim, Endpoint

CONTRACTS = skill("contracts", match=("contract",))
ASK = ask("my contract")
PLAIN = ask("hello")
STREAM = ask("hello", stream=True)
PLACE = f"default/{MODEL}"
SKILL = "contracts@1"
ERROR = b'{"type":"error","error":{"type":"api_error","message":"down"}}'
DOWN = Script(500, [*JSON, (b"x-should-retry", b"false")], [ERROR])
TROUBLE = Script(503, JSON, [b'{"type":"error"}'])
RESET = UpstreamFailure("reset", "cut")
GOOD = Script()
GOOD_STREAM = Script(headers=SSE, chunks=[START + CONTENT, DELTA + END + STOP])
HANG = Script(hang=True)


class Judging(FakeUpstream):
    """Answers by what is asked: composed requests, plain ones, and each by its model."""

    def __init__(self, composed: Script = GOOD, plain: Script = GOOD, **by_model: Script) -> None:
        super().__init__()
        self.composed, self.plain, self.by_model = composed, plain, by_model

    async def send(self, method, target, headers, body, *, deadline):
        model = msgspec.json.decode(body)["model"].replace("-", "_")
        answer = self.composed if b"<skill name" in body else self.by_model.get(model, self.plain)
        self.scripts = [answer]
        return await super().send(method, target, headers, body, deadline=deadline)


def world(upstream: FakeUpstream, *, weight: int = 10_000, timeout: float = 5.0, **settings: object) -> World:
    """A gateway with the skill in a rollout of which every request is candidate, or control with weight 0.

    A skill's breaker opens at ten failures of twenty, as an upstream's does.
    """
    made = World(upstream=upstream, settings={"skill_breaking": Policy(), **settings})
    stages = (Stage(name="only", weight=weight, bake_seconds=60),)
    candidate = variant(CONTRACTS, timeout_seconds=timeout)
    made.serve(state(rollout(candidate, stages=stages), versions=[CONTRACTS]))
    return made


async def calls(made: World, times: int, body: dict[str, object] = ASK) -> list[Got]:
    return [await made.call(body) for _ in range(times)]


def carried(sent: list[Sent]) -> list[bool]:
    return [b"<skill name" in each.body for each in sent]


def models(made: World) -> list[str]:
    return [msgspec.json.decode(each.body)["model"] for each in made.upstream.sent]


def latest(made: World) -> Exchange:
    return made.spool.records[-1]


# ---- the skill's breaker


def test_as_set_up_a_skill_is_given_twenty_failures_so_that_a_rollouts_gates_see_them_first() -> None:
    assert ServingSettings(home_secret=b"s").skill_breaking == Policy(failures=20, window=40)


async def test_a_bad_skill_is_left_out_at_once_after_ten_failures(caplog: pytest.LogCaptureFixture) -> None:
    made = world(Judging(composed=DOWN))
    await calls(made, 12)
    assert [line.fallback for line in made.spool.records] == ["status"] * 10 + ["breaker"] * 2
    assert carried(made.upstream.sent) == [True, False] * 10 + [False, False]
    assert {line.outcome for line in made.spool.records} == {Outcome.OK}
    assert [vars(log)["target"] for log in caplog.records if log.levelname == "WARNING"] == [SKILL]
    moved = [labels for name, labels, _ in made.meter.moved if name == "tidegate_breaker_transitions_total"]
    assert moved == [("skill", SKILL, "open")]
    assert made.gateway.guards.upstreams.troubled == []


async def test_an_answer_without_the_barred_skill_says_so() -> None:
    made = world(Judging(composed=DOWN))
    got = (await calls(made, 11))[-1]
    assert got.headers["tidegate-fallback"] == "breaker"
    assert "tidegate-skills" not in got.headers
    assert (latest(made).attempts, latest(made).skill_outcome) == (1, Outcome.SKILL_ERROR)


async def test_a_probe_closes_the_breaker_of_a_skill_that_is_well_again() -> None:
    upstream = Judging(composed=DOWN)
    made = world(upstream)
    await calls(made, 11)
    upstream.composed = GOOD
    made.clock.advance(2.0)
    await calls(made, 2)
    assert carried(made.upstream.sent[-2:]) == [True, True]
    assert made.gateway.guards.skills[SKILL].state is State.CLOSED


async def test_a_suspicion_counts_in_neither_arm_until_a_probe_proves_it() -> None:
    made = world(Judging(composed=DOWN))
    await calls(made, 11)
    assert [line.counted for line in made.spool.records] == [True] * 10 + [False]
    made.clock.advance(2.0)
    await calls(made, 3)
    probe, *barred = made.spool.records[-3:]
    assert (probe.fallback, probe.counted) == ("status", False)
    assert [(line.fallback, line.counted, line.faulted) for line in barred] == [("breaker", True, True)] * 2
    assert [line.outcome for line in barred] == [Outcome.OK] * 2


async def test_control_is_suspended_by_the_same_suspicion() -> None:
    made = world(Judging(), weight=0)
    skills = made.gateway.guards.skills
    for _ in range(10):
        skills.failed(SKILL, 0)
    await calls(made, 2)
    assert [(line.arm, line.counted, line.faulted) for line in made.spool.records] == [
        (Arm.CONTROL, False, False)
    ] * 2
    await made.call(PLAIN)
    assert latest(made).counted, "not triggered: the suspicion is not about it"
    made.clock.advance(2.0)
    turn = skills.enter(SKILL)
    assert turn is not None
    skills.failed(SKILL, turn, proof=True)
    await calls(made, 1)
    assert (latest(made).counted, latest(made).faulted) == (True, False)


async def test_a_probe_whose_plain_request_fails_too_proves_nothing() -> None:
    upstream = Judging(composed=DOWN)
    made = world(upstream)
    await calls(made, 10)
    upstream.plain = DOWN
    made.clock.advance(2.0)
    await calls(made, 2)
    breaker = made.gateway.guards.skills[SKILL]
    assert (breaker.state, breaker.proven) == (State.OPEN, False)
    assert not latest(made).counted


async def test_a_probe_that_is_late_proves_nothing_where_the_plain_request_was_late_too() -> None:
    slow = Script(headers=JSON, chunks=[MESSAGE])
    upstream = Judging(composed=HANG, plain=slow)
    made = world(upstream, timeout=0.05)
    await calls(made, 10)
    assert made.gateway.guards.skills[SKILL].state is State.OPEN
    made.clock.advance(2.0)
    upstream.on_send = lambda: made.clock.advance(0.0 if upstream.scripts[0] is HANG else 1.0)
    await calls(made, 1)
    assert latest(made).fallback == "skill_timeout"
    assert not made.gateway.guards.skills[SKILL].proven


async def test_an_outage_of_the_provider_is_not_blamed_on_the_skill() -> None:
    made = world(Judging(composed=DOWN, plain=DOWN))
    await calls(made, 30)
    assert made.gateway.guards.skills.troubled == []
    assert [name for name, _ in made.gateway.guards.upstreams.troubled] == [PLACE]


async def test_a_body_that_is_refused_with_and_without_the_skill_is_nobodys_failure() -> None:
    refused = Script(400, JSON, [ERROR])
    made = world(Judging(composed=refused, plain=refused))
    await calls(made, 30)
    assert made.gateway.guards.skills.troubled == made.gateway.guards.upstreams.troubled == []
    assert not any(line.faulted for line in made.spool.records)


async def test_a_body_that_only_the_skill_makes_refused_opens_its_breaker() -> None:
    made = world(Judging(composed=Script(400, JSON, [ERROR])))
    await calls(made, 11)
    assert [line.fallback for line in made.spool.records] == ["rejected"] * 10 + ["breaker"]


async def test_a_count_of_tokens_neither_feels_nor_feeds_breakers() -> None:
    made = world(Judging(composed=DOWN))
    await calls(made, 11)
    await made.call(ASK, path="/v1/messages/count_tokens")
    assert carried(made.upstream.sent[-2:]) == [True, False]


# ---- the upstream's breaker


async def test_an_upstream_that_fails_is_left_alone_and_the_client_told_when_to_come_back() -> None:
    made = world(Judging(plain=DOWN))
    got = (await calls(made, 12, PLAIN))[-1]
    assert len(made.upstream.sent) == 10
    assert (got.status, got.json["error"]["type"]) == (503, "api_error")
    assert (got.headers["retry-after"], got.headers["x-should-retry"]) == ("1", "true")
    assert MODEL in got.json["error"]["message"]
    line = latest(made)
    assert (line.outcome, line.attempts, line.faulted) == (Outcome.UPSTREAM_ERROR, 0, True)


async def half_failing(made: World, upstream: Judging, body: dict[str, object], *, times: int) -> list[int]:
    """The statuses of calls of which every second one finds the upstream down."""
    statuses: list[int] = []
    for number in range(times):
        upstream.composed = upstream.plain = GOOD if number % 2 else DOWN
        statuses.append((await made.call(body)).status)
    return statuses


@pytest.mark.parametrize("body", [PLAIN, ASK], ids=["plain", "with-a-skill"])
async def test_what_fails_half_the_time_is_still_asked_where_nothing_else_is_left(
    body: dict[str, object], caplog: pytest.LogCaptureFixture
) -> None:
    upstream = Judging()
    made = world(upstream)
    assert await half_failing(made, upstream, body, times=60) == [500, 200] * 30
    assert "a breaker opened" in caplog.text


async def test_what_begins_to_fail_every_time_is_left_alone_by_the_tenth_in_a_row() -> None:
    upstream = Judging()
    made = world(upstream)
    await half_failing(made, upstream, PLAIN, times=19)
    assert made.gateway.guards.upstreams.troubled
    upstream.plain = DOWN
    assert [got.status for got in await calls(made, 12, PLAIN)] == [500] * 9 + [503] * 3


async def test_an_open_upstream_weighs_on_both_arms_alike() -> None:
    for weight, arm in ((10_000, Arm.CANDIDATE), (0, Arm.CONTROL)):
        made = world(Judging(composed=DOWN, plain=DOWN), weight=weight)
        await calls(made, 10, PLAIN)
        await calls(made, 3)
        assert [(line.arm, line.counted, line.faulted) for line in made.spool.records[-3:]] == [
            (arm, True, True)
        ] * 3
        assert len(made.upstream.sent) == 10


async def test_models_have_breakers_of_their_own() -> None:
    made = world(Judging(plain=GOOD, claude_opus_4_6=DOWN))
    await calls(made, 11, {**PLAIN, "model": "claude-opus-4-6"})
    assert (await made.call(PLAIN)).status == 200
    assert [name for name, _ in made.gateway.guards.upstreams.troubled] == ["default/claude-opus-4-6"]


async def test_a_clients_own_errors_open_no_breaker() -> None:
    made = world(Judging(plain=Script(400, JSON, [ERROR])))
    assert {got.status for got in await calls(made, 30, PLAIN)} == {400}


@pytest.mark.parametrize("body", [PLAIN, STREAM], ids=["json", "stream"])
async def test_a_probe_finds_the_upstream_well_again(body: dict[str, object]) -> None:
    upstream = Judging(plain=DOWN)
    made = world(upstream)
    await calls(made, 11, PLAIN)
    upstream.plain = GOOD if body is PLAIN else GOOD_STREAM
    made.clock.advance(2.0)
    assert [got.status for got in await calls(made, 3, body)] == [200] * 3
    assert made.gateway.guards.upstreams.troubled == []


async def test_streams_that_break_off_open_the_breaker_and_only_a_whole_one_closes_it() -> None:
    broken = Script(headers=SSE, chunks=[START + CONTENT + DELTA, RESET])
    upstream = Judging(plain=broken)
    made = world(upstream)
    got = await calls(made, 11, STREAM)
    assert [each.status for each in got] == [200] * 10 + [503]
    made.clock.advance(2.0)
    await calls(made, 2, STREAM)
    assert latest(made).status == 503
    upstream.plain = GOOD_STREAM
    made.clock.advance(2.0)
    assert [each.status for each in await calls(made, 2, STREAM)] == [200, 200]


async def test_a_client_who_leaves_a_probe_holds_nobody_up() -> None:
    upstream = Judging(plain=DOWN)
    made = world(upstream)
    await calls(made, 10, PLAIN)
    upstream.plain = Script(chunks=[None])
    made.clock.advance(2.0)
    leave, sent = asyncio.Event(), len(upstream.sent)
    probe = asyncio.create_task(made.call(PLAIN, leave=leave))
    while len(upstream.sent) == sent:
        await asyncio.sleep(0)
    leave.set()
    await probe
    upstream.plain = GOOD
    made.clock.advance(2.0)
    assert (await made.call(PLAIN)).status == 200


# ---- a candidate with a model of its own

SMALL = "claude-haiku-4-5"


def smaller(upstream: FakeUpstream) -> World:
    made = World(upstream=upstream, settings={"retrying": RetryPolicy(0.0, 0.0), "skill_breaking": Policy()})
    made.serve(state(rollout(variant(CONTRACTS, model=SMALL)), versions=[CONTRACTS]))
    return made


@pytest.mark.parametrize("status", [401, 403, 429])
async def test_what_only_the_candidates_model_refuses_is_served_plainly_and_weighs_on_it(status: int) -> None:
    made = smaller(Judging(composed=Script(status, JSON, [ERROR])))
    got = await made.call(ASK)
    line = latest(made)
    assert (got.status, got.body, models(made)) == (200, MESSAGE, [SMALL, MODEL])
    assert (line.outcome, line.skill_outcome, line.fallback) == (
        Outcome.OK,
        Outcome.UPSTREAM_ERROR,
        "status",
    )
    assert (line.faulted, line.model) == (True, MODEL)
    assert made.gateway.guards.skills.troubled == made.gateway.guards.upstreams.troubled == []


async def test_what_both_models_refuse_is_passed_back() -> None:
    refused = Script(429, JSON, [ERROR])
    made = smaller(Judging(composed=refused, plain=refused))
    got = await made.call(ASK)
    assert (got.status, latest(made).attempts, latest(made).faulted) == (429, 2, True)


async def test_a_candidates_model_that_fails_is_told_of_and_not_the_skill() -> None:
    made = smaller(Judging(composed=DOWN))
    await calls(made, 12)
    assert [name for name, _ in made.gateway.guards.upstreams.troubled] == [f"default/{SMALL}"]
    assert not made.gateway.guards.skills.known
    assert [line.fallback for line in made.spool.records] == ["status"] * 10 + ["upstream_breaker"] * 2
    assert {(line.outcome, line.faulted) for line in made.spool.records} == {(Outcome.OK, True)}


def on_trial(made: World, weight: int) -> None:
    """Every request is candidate, or with weight 0 control, both on the small model."""
    stages = (Stage(name="only", weight=weight, bake_seconds=60),)
    plan = rollout(variant(CONTRACTS, model=SMALL), baseline=variant(model=SMALL), stages=stages)
    made.serve(state(plan, versions=[CONTRACTS]))


def trial(upstream: FakeUpstream) -> World:
    made = World(upstream=upstream, settings={"retrying": RetryPolicy(0.0, 0.0), "skill_breaking": Policy()})
    on_trial(made, 10_000)
    return made


async def test_a_candidate_that_fails_on_controls_model_leaves_controls_breaker_alone() -> None:
    """Else control fell back as it does, looked as broken, and the rollout went on to everybody."""
    made = trial(Judging(composed=DOWN))
    await calls(made, 30)
    assert {line.fallback for line in made.spool.records} == {"status"}
    assert all(line.faulted for line in made.spool.records)
    on_trial(made, 0)
    await calls(made, 10)
    control = made.spool.records[-10:]
    assert {(line.arm, line.faulted) for line in control} == {(Arm.CONTROL, False)}
    assert models(made)[-10:] == [SMALL] * 10
    assert made.gateway.guards.upstreams.troubled == []


async def test_however_late_anyone_looks_the_arms_of_a_broken_candidate_lie_apart() -> None:
    """Control has the skill before on the same model, as a rollout that completed leaves it."""
    broken = skill("contracts", 2, match=("contract",), body="Broken.")

    class Second(FakeUpstream):
        async def send(self, method, target, headers, body, *, deadline):
            self.scripts = [DOWN if b"Broken." in body else GOOD]
            return await super().send(method, target, headers, body, deadline=deadline)

    made = trial(Second())
    plan = rollout(
        variant(broken, model=SMALL),
        baseline=variant(CONTRACTS, model=SMALL),
        stages=(Stage(name="half", weight=5000, bake_seconds=60),),
        unit=Unit.REQUEST,
    )
    made.serve(state(plan, versions=[CONTRACTS, broken]))
    for _ in range(300):
        await made.call(ASK)
        made.clock.advance(0.01)
    arms = {
        arm: [line for line in made.spool.records if line.arm is arm] for arm in (Arm.CANDIDATE, Arm.CONTROL)
    }
    assert min(map(len, arms.values())) > 100
    assert all(line.faulted for line in arms[Arm.CANDIDATE])
    assert not any(line.faulted for line in arms[Arm.CONTROL])


async def test_a_candidates_stream_that_breaks_off_leaves_controls_breaker_alone() -> None:
    cut = Script(headers=SSE, chunks=[START + CONTENT, RESET])
    made = trial(Judging(composed=cut))
    await calls(made, 12, ask("my contract", stream=True))
    assert made.gateway.guards.upstreams.troubled == []


async def test_an_outage_of_the_shared_model_is_learned_from_control_and_spares_candidates() -> None:
    made = trial(Judging(composed=DOWN, claude_haiku_4_5=DOWN))
    on_trial(made, 0)
    await calls(made, 10)
    on_trial(made, 10_000)
    asked = len(made.upstream.sent)
    await calls(made, 3)
    assert [line.fallback for line in made.spool.records[-3:]] == ["upstream_breaker"] * 3
    assert models(made)[asked:] == [MODEL] * 3


async def test_a_candidate_that_does_well_closes_the_breaker_that_control_has_opened() -> None:
    upstream = Judging(claude_haiku_4_5=DOWN)
    made = trial(upstream)
    on_trial(made, 0)
    await calls(made, 10)
    assert made.gateway.guards.upstreams.troubled != []
    on_trial(made, 10_000)
    made.clock.advance(2.0)
    await calls(made, 1)
    assert made.gateway.guards.upstreams.troubled == []


async def test_a_route_shares_every_model_that_it_may_choose() -> None:
    routed = variant(route=Route(small=SMALL, middle="claude-sonnet-4-5"))
    made = trial(Judging(composed=DOWN))
    made.serve(state(rollout(variant(CONTRACTS, model=SMALL), baseline=routed), versions=[CONTRACTS]))
    await calls(made, 12)
    assert made.gateway.guards.upstreams.troubled == []


async def test_a_skill_that_takes_too_long_is_to_blame_at_any_model() -> None:
    made = World(upstream=Judging(composed=HANG), settings={"skill_breaking": Policy()})
    slow = variant(CONTRACTS, model=SMALL, timeout_seconds=0.01)
    made.serve(state(rollout(slow), versions=[CONTRACTS]))
    await calls(made, 10)
    assert [name for name, _ in made.gateway.guards.skills.troubled] == [SKILL]
    assert made.gateway.guards.upstreams.troubled == []


# ---- the chain


CHAIN = Chains({MODEL: (Hop("claude-haiku-4-5"), Hop("gpt-9", "other"))})


def chained(
    upstream: FakeUpstream, *, deadline: float = 60.0, **settings: object
) -> tuple[World, FakeUpstream]:
    """A gateway with a second provider; its requests carry that one's key."""
    other = Judging(gpt_9=Script(chunks=[MESSAGE.replace(MODEL.encode(), b"gpt-9")]))
    made = World(
        upstream=upstream,
        settings={"chains": CHAIN, "retrying": RetryPolicy(0.0, 0.0), **settings},
        claims=[Claim(Endpoint("other", other, ((b"authorization", b"Bearer other"),)), ("gpt-*",))],
    )
    candidate = variant(CONTRACTS, deadline_seconds=deadline)
    made.serve(state(rollout(candidate), versions=[CONTRACTS]))
    return made, other


@pytest.mark.parametrize(
    ("plain", "reason"),
    [
        (DOWN, "upstream_status"),
        (Script(529, JSON, [ERROR]), "upstream_status"),
        (Script(429, JSON, [ERROR]), "upstream_status"),
        (Script(head_error=UpstreamFailure("connect", "no")), "upstream_connect"),
        (Script(head_error=RESET), "upstream_reset"),
        (Script(chunks=[UpstreamFailure("protocol", "odd")]), "upstream_protocol"),
        (Script(headers=SSE, chunks=[START, RESET]), "upstream_reset"),
    ],
)
@pytest.mark.parametrize("body", [PLAIN, STREAM], ids=["json", "stream"])
async def test_the_next_model_answers_where_the_clients_own_fails(
    body: dict[str, object], plain: Script, reason: str
) -> None:
    good = GOOD if body is PLAIN else GOOD_STREAM
    made, _ = chained(Judging(plain=plain, claude_haiku_4_5=good))
    got = await made.call(body)
    line = latest(made)
    assert (got.status, got.headers["tidegate-fallback"]) == (200, reason)
    assert models(made) == [MODEL, "claude-haiku-4-5"]
    assert (line.fallback, line.attempts, line.faulted, line.bad) == (reason, 2, plain.status != 429, False)
    assert made.upstream.sent[1].body == made.upstream.sent[0].body.replace(
        MODEL.encode(), b"claude-haiku-4-5"
    )
    assert ("tidegate_fallbacks_total", (reason,), 1.0) in made.meter.moved
    assert made.upstream.open == 0


async def test_the_chain_is_followed_to_another_provider_with_its_own_key_and_price() -> None:
    made, other = chained(Judging(plain=DOWN, claude_haiku_4_5=DOWN))
    got = await made.call(PLAIN)
    assert got.json["model"] == "gpt-9"
    assert (b"authorization", b"Bearer other") in other.sent[0].headers
    assert b"x-api-key" not in dict(other.sent[0].headers)
    line = latest(made)
    assert (line.model, line.attempts, line.fallback) == ("gpt-9", 3, "upstream_status")
    assert line.cost_usd is None, "gpt-9 has no price"


async def test_a_skill_that_fails_comes_before_a_model_that_fails() -> None:
    made, _ = chained(Judging(composed=Script(400, JSON, [ERROR]), plain=DOWN, claude_haiku_4_5=GOOD))
    got = await made.call(ASK)
    assert carried(made.upstream.sent) == [True, False, False]
    assert got.headers["tidegate-fallback"] == "rejected,upstream_status"
    assert (latest(made).skill_outcome, latest(made).faulted) == (Outcome.SKILL_ERROR, True)
    assert ("tidegate_fallbacks_total", ("rejected",), 1.0) in made.meter.moved


@pytest.mark.parametrize("status", [400, 404, 413])
async def test_a_clients_error_is_passed_back_at_once(status: int) -> None:
    made, _ = chained(Judging(plain=Script(status, JSON, [ERROR])))
    assert (await made.call(PLAIN)).status == status
    assert models(made) == [MODEL]


async def test_where_all_fail_the_client_is_told_what_its_own_model_said() -> None:
    made, other = chained(Judging(plain=DOWN, claude_haiku_4_5=Script(404, JSON, [b"{}"])))
    other.by_model = {"gpt_9": Script(400, JSON, [b'{"not":"yours"}'])}
    got = await made.call(PLAIN)
    assert (got.status, got.body) == (500, ERROR)
    assert (latest(made).model, latest(made).outcome) == (MODEL, Outcome.UPSTREAM_ERROR)


async def test_a_barred_upstream_is_passed_over_for_the_next_model() -> None:
    made, _ = chained(Judging(plain=DOWN, claude_haiku_4_5=GOOD))
    await calls(made, 12, PLAIN)
    assert models(made).count(MODEL) == 10
    line = latest(made)
    assert (line.status, line.fallback, line.attempts, line.faulted) == (200, "upstream_breaker", 1, True)


async def test_what_fails_half_the_time_is_passed_over_where_another_model_can_answer() -> None:
    upstream = Judging(claude_haiku_4_5=GOOD)
    made, _ = chained(upstream)
    assert set(await half_failing(made, upstream, PLAIN, times=25)) == {200}
    assert models(made).count(MODEL) == 19
    assert [line.fallback for line in made.spool.records[-6:]] == ["upstream_breaker"] * 6


async def test_the_last_of_a_chain_is_asked_though_it_fails_half_the_time() -> None:
    made, other = chained(Judging(plain=DOWN, claude_haiku_4_5=DOWN))
    other.by_model = {"gpt_9": DOWN}
    statuses: list[int] = []
    for number in range(40):
        other.by_model = {"gpt_9": GOOD if number % 2 else DOWN}
        statuses.append((await made.call(PLAIN)).status)
    assert statuses[1::2] == [200] * 20


async def test_where_every_breaker_is_open_the_client_is_told_to_come_back() -> None:
    made, other = chained(Judging(plain=DOWN, claude_haiku_4_5=DOWN))
    other.by_model = {"gpt_9": DOWN}
    got = (await calls(made, 12, PLAIN))[-1]
    assert (got.status, got.headers["retry-after"]) == (503, "1")
    assert len(made.upstream.sent) + len(other.sent) == 30


async def test_a_silent_model_is_left_in_time_where_another_can_answer() -> None:
    made, _ = chained(Judging(plain=HANG, claude_haiku_4_5=GOOD), try_seconds=0.05)
    got = await made.call(PLAIN)
    assert (got.status, got.headers["tidegate-fallback"]) == (200, "upstream_timeout")


@pytest.mark.parametrize(
    ("slow", "reported"),
    [(Script(chunks=[None]), 0), (Script(headers=SSE, chunks=[START, None]), 3), (HANG, 3)],
)
async def test_a_whole_answer_that_takes_long_is_left_and_not_held_against_its_upstream(
    slow: Script, reported: int
) -> None:
    made, _ = chained(Judging(plain=slow, claude_haiku_4_5=GOOD), try_seconds=0.01)
    assert [got.status for got in await calls(made, 3, PLAIN)] == [200] * 3
    assert made.gateway.guards.upstreams[PLACE].recent.bit_count() == reported
    assert latest(made).fallback == "upstream_timeout"


async def test_the_last_of_the_chain_may_take_until_the_deadline() -> None:
    made, other = chained(Judging(plain=HANG, claude_haiku_4_5=HANG), try_seconds=0.05, deadline=0.3)
    other.by_model = {"gpt_9": HANG}
    got = await made.call(PLAIN)
    assert (got.status, latest(made).outcome) == (504, Outcome.UPSTREAM_TIMEOUT)
    assert 0.3 <= latest(made).seconds < 0.55


async def test_a_count_of_tokens_is_asked_of_its_own_model_alone() -> None:
    made, _ = chained(Judging(plain=DOWN))
    assert (await made.call(PLAIN, path="/v1/messages/count_tokens")).status == 500
    assert models(made) == [MODEL]


async def test_models_without_a_chain_of_their_own_have_the_one_for_all() -> None:
    made, _ = chained(
        Judging(plain=DOWN, claude_haiku_4_5=GOOD), chains=Chains({"*": (Hop("claude-haiku-4-5"),)})
    )
    assert (await made.call({**PLAIN, "model": "anything"})).status == 200


# ---- the retry budget


async def test_a_spent_budget_stops_retries_not_requests() -> None:
    made = world(Judging(plain=TROUBLE), retrying=RetryPolicy(share=0.0, floor=2.0))
    await calls(made, 4, PLAIN)
    assert [line.attempts for line in made.spool.records] == [3, 1, 1, 1]
    results = [labels for name, labels, _ in made.meter.moved if name == "tidegate_retries_total"]
    assert results == [("default", "made")] * 2 + [("default", "refused")] * 3


async def test_the_plain_request_that_saves_a_skills_is_tried_twice() -> None:
    made = world(Judging(composed=Script(400, JSON, [ERROR]), plain=TROUBLE))
    await calls(made, 1)
    assert carried(made.upstream.sent) == [True, False, False]


# ---- load shedding


async def test_too_much_at_once_waits_and_is_then_refused_with_a_time_to_come_back() -> None:
    upstream = Judging(plain=Script(chunks=[None]))
    made = world(upstream, concurrency=1, queue=1, queue_seconds=0.05)
    leave = asyncio.Event()
    holder = asyncio.create_task(made.call(PLAIN, leave=leave))
    while not upstream.sent:
        await asyncio.sleep(0)
    waiting = asyncio.create_task(made.call(PLAIN))
    while not made.gateway.waiting:
        await asyncio.sleep(0)
    full, late = await made.call(PLAIN), await waiting
    for got in (full, late):
        assert (got.status, got.json["error"]["type"]) == (529, "overloaded_error")
        assert (got.headers["retry-after"], got.headers["x-should-retry"]) == ("1", "true")
    assert [line.outcome for line in made.spool.records] == [Outcome.POLICY_DENIED] * 2
    shed = [labels for name, labels, _ in made.meter.moved if name == "tidegate_shed_requests_total"]
    assert shed == [("normal", "full"), ("normal", "late")]
    leave.set()
    await holder
    assert (made.gateway.open_exchanges, made.gateway.waiting) == (0, 0)


async def test_a_place_that_comes_free_goes_to_who_waits() -> None:
    upstream = Judging(plain=Script(chunks=[None]))
    made = world(upstream, concurrency=1)
    leave = asyncio.Event()
    holder = asyncio.create_task(made.call(PLAIN, leave=leave))
    while not upstream.sent:
        await asyncio.sleep(0)
    waiting = asyncio.create_task(made.call(PLAIN))
    while not made.gateway.waiting:
        await asyncio.sleep(0)
    upstream.plain = GOOD
    leave.set()
    await holder
    assert (await waiting).status == 200
    assert made.gateway.open_exchanges == 0
