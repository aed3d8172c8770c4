"""Reuse: what is given again and to whom, what never is, and what becomes of those who wait together."""

import asyncio
from collections.abc import Sequence

import msgspec
import pytest
from gateway_parts import (
    CONTENT,
    DELTA,
    JSON,
    MODEL,
    SECRET,
    SSE,
    STOP,
    Got,
    Script,
    World,
    ask,
    event,
    key,
    off,
    rollout,
    skill,
    state,
    variant,
)

from tidegate.domain.exchange import Arm, Outcome, Usage
from tidegate.domain.reuse import CachedAnswer
from tidegate.domain.rollout import CachePolicy, Stage, Variant
from tidegate.domain.skill import SkillVersion, VersionState
from tidegate.ports import UpstreamFailure
from tidegate.serving.settings import ReuseSettings
from tidegate.serving.workspace_files import FileTags

CONTRACTS = skill("contracts", match=("contract",))
POLICY = CachePolicy(ttl_seconds=60.0)
ALWAYS = CachePolicy(ttl_seconds=60.0, when="always")
ASK = ask("my contract", temperature=0)
STREAM = {**ASK, "stream": True}
MESSAGE = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": MODEL,
    "content": [{"type": "text", "text": "hello"}],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": {"input_tokens": 100, "output_tokens": 20, "cache_read_input_tokens": 7},
}
GOOD = Script(chunks=[msgspec.json.encode(MESSAGE)])
OUTAGE = Script(500, [*JSON, (b"x-should-retry", b"false")], [b'{"type":"error"}'])
STREAM_START = event("message_start", message={**MESSAGE, "content": [], "stop_reason": None})
STREAM_END = event(
    "message_delta", delta={"stop_reason": "end_turn", "stop_sequence": None}, usage={"output_tokens": 9}
)
GOOD_STREAM = Script(headers=SSE, chunks=[STREAM_START + CONTENT, DELTA, DELTA + STREAM_END + STOP])
OTHER = "tgk_other_secret"
KEYS = (key(), key(OTHER, tenant="other"))
FILE = FileTags(b"s" * 32).tagged("default", "file_1")


def world(*scripts: Script, cache: CachePolicy | None = POLICY, **more: object) -> World:
    """A gateway whose every request is a candidate's; its variant may be answered from what is kept."""
    made = World(settings={"reuse": more.pop("reuse", ReuseSettings())})
    serve(made, variant(CONTRACTS, cache=cache, **more))
    made.upstream.scripts = list(scripts) or [GOOD]
    return made


def serve(
    made: World, candidate: Variant, versions: Sequence[SkillVersion] = (CONTRACTS,), **more: object
) -> None:
    made.serve(state(rollout(candidate), versions=versions, keys=KEYS, **more))


def looked_up(made: World) -> list[str | None]:
    return [record.cache for record in made.spool.records]


def text_of(got: Got) -> str:
    return got.json["content"][0]["text"]


def events_of(got: Got) -> list[dict]:
    return [msgspec.json.decode(each.split(b"data: ")[1]) for each in got.body.split(b"\n\n") if each]


async def settled(made: World) -> None:
    """Let flights that nobody waits for come to their end."""
    for _ in range(20):
        await asyncio.sleep(0)


async def test_the_second_equal_request_is_answered_without_the_provider() -> None:
    made = world()
    first, second = await made.call(ASK), await made.call(ASK)
    assert len(made.upstream.sent) == 1
    assert (first.headers["tidegate-cache"], second.headers["tidegate-cache"]) == ("miss", "hit")
    assert second.headers["tidegate-skills"] == "contracts@1"
    assert {**second.json, "id": ""} == {**MESSAGE, "id": ""}
    assert looked_up(made) == ["miss", "hit"]


async def test_a_hit_is_an_exchange_of_its_own_that_used_and_cost_nothing() -> None:
    made = world()
    await made.call(ASK)
    got = await made.call(ASK)
    line = made.spool.records[1]
    assert (line.usage, line.cost_usd, line.attempts, line.outcome) == (Usage(), 0.0, 0, Outcome.OK)
    assert (line.skill_outcome, line.first_attempt_failed, line.arm) == (Outcome.OK, False, Arm.CANDIDATE)
    assert line.id == got.headers["tidegate-request-id"] == got.headers["request-id"]
    assert line.message_id == got.json["id"] == "msg_" + line.id
    assert made.spool.records[0].message_id == "msg_1"


async def test_a_hit_of_a_model_without_a_price_is_unpriced_like_its_misses() -> None:
    made = world(Script(chunks=[msgspec.json.encode({**MESSAGE, "model": "local"})]))
    for _ in range(2):
        await made.call(ASK)
    assert [line.cost_usd for line in made.spool.records] == [None, None]


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        ({**ASK, "metadata": {"user_id": "another"}}, "hit"),
        (dict(reversed(ASK.items())), "hit"),
        ({**ASK, "max_tokens": 11}, "miss"),
        ({**ASK, "temperature": 0.0}, "miss"),
        ({**ASK, "system": "be brief"}, "miss"),
        ({**ASK, "messages": [{"role": "user", "content": "my contract!"}]}, "miss"),
        ({**ASK, "model": "claude-opus-4-6"}, "miss"),
        ({**ASK, "something_new": 1}, "miss"),
    ],
)
async def test_what_makes_requests_equal(other: dict, expected: str) -> None:
    made = world()
    await made.call(ASK)
    assert (await made.call(other)).headers["tidegate-cache"] == expected


@pytest.mark.parametrize(
    "headers", [{"anthropic-beta": "context-1m"}, {"anthropic-version": "2026-01-01"}], ids=str
)
async def test_what_the_provider_reads_in_headers_makes_requests_differ(headers: dict[str, str]) -> None:
    made = world()
    await made.call(ASK)
    assert (await made.call(ASK, headers=headers)).headers["tidegate-cache"] == "miss"
    assert (await made.call(ASK, path="/v1/messages?beta=true")).headers["tidegate-cache"] == "miss"


@pytest.mark.parametrize(
    "request_",
    [
        ask("my contract"),
        {**ASK, "temperature": 0.1},
        {**ASK, "temperature": None},
        {**ASK, "temperature": "0"},
        {**ASK, "tools": []},
        {**ASK, "tools": [{"name": "t", "input_schema": {"type": "object"}}]},
        {**ASK, "mcp_servers": []},
        {**ASK, "container": {"skills": [{"type": "anthropic", "skill_id": "pdf", "version": "latest"}]}},
        {**ASK, "container": {"skills": [{"skill_id": "tidegate:contracts"}]}},
        {
            **ASK,
            "messages": [
                {
                    "role": "user",
                    "content": [{"type": "document", "source": {"type": "file", "file_id": FILE}}],
                }
            ],
        },
        {
            **ASK,
            "messages": [
                {
                    "role": "user",
                    "content": [{"type": "image", "source": {"type": "url", "url": "https://x"}}],
                }
            ],
        },
    ],
    ids=lambda request_: msgspec.json.encode(request_).decode()[40:],
)
async def test_what_is_never_given_again(request_: dict) -> None:
    made = world()
    for _ in range(2):
        assert (await made.call(request_)).headers["tidegate-cache"] == "bypass"
    assert len(made.upstream.sent) == 2
    assert [record.cache_key for record in made.spool.records] == ["", ""]


async def test_equal_requests_have_the_same_beginning_of_a_key_on_record_and_others_another() -> None:
    made = world()
    for request_ in (ASK, ASK, ask("my other contract", temperature=0)):
        await made.call(request_)
    one, same, other = (record.cache_key for record in made.spool.records)
    assert one == same != other
    assert {len(one), len(other)} == {16}
    assert int(one, 16)


@pytest.mark.parametrize(
    "spelt", [b'"file_id"', b'"file\\u005fid"', b'"\\u0066ile_id"', b'"\\u0066\\u0069\\u006c\\u0065_id"']
)
async def test_a_file_is_found_however_it_is_spelt(spelt: bytes) -> None:
    made = world(cache=ALWAYS)
    body = msgspec.json.encode(
        {**ASK, "messages": [{"role": "user", "content": [{"type": "document", "source": {"KEY": FILE}}]}]}
    ).replace(b'"KEY"', spelt)
    assert (await made.call(body)).headers["tidegate-cache"] == "bypass"


async def test_a_body_that_cannot_be_searched_for_files_is_not_given_again() -> None:
    made = world(cache=ALWAYS)
    body = msgspec.json.encode({**ASK, "soon": "ODD", "name": "SPELT"})
    body = body.replace(b'"ODD"', b"1e999").replace(b"SPELT", b"\\u0066")
    for _ in range(2):
        got = await made.call(body)
        assert (got.status, got.headers["tidegate-cache"]) == (200, "bypass")


async def test_text_that_speaks_of_a_file_id_is_text() -> None:
    made = world()
    spoken = ask('my contract says "file_id": "file_1" and "url"', temperature=0)
    await made.call(spoken)
    assert (await made.call(spoken)).headers["tidegate-cache"] == "hit"


async def test_always_means_any_temperature() -> None:
    made = world(cache=ALWAYS)
    for expected in ("miss", "hit"):
        assert (await made.call(ask("my contract"))).headers["tidegate-cache"] == expected


async def test_without_a_policy_nothing_is_looked_up_or_said() -> None:
    made = world(cache=None)
    for _ in range(2):
        assert "tidegate-cache" not in (await made.call(ASK)).headers
    assert (len(made.upstream.sent), looked_up(made)) == (2, [None, None])
    assert not [moved for moved in made.meter.moved if "cache" in moved[0]]


async def test_the_gateways_own_policy_is_for_requests_outside_rollouts() -> None:
    made = world(cache=None, reuse=ReuseSettings(everywhere=POLICY))
    for _ in range(2):
        assert "tidegate-cache" not in (await made.call(ASK)).headers
    made.serve(state(keys=KEYS))
    assert [(await made.call(ASK)).headers["tidegate-cache"] for _ in range(2)] == ["miss", "hit"]


async def test_counting_tokens_looks_nothing_up() -> None:
    made = world()
    for _ in range(2):
        assert "tidegate-cache" not in (await made.call(ASK, path="/v1/messages/count_tokens")).headers
    assert len(made.upstream.sent) == 2


async def test_tenants_never_share() -> None:
    made = world()
    await made.call(ASK)
    other = await made.call(ASK, secret=OTHER)
    assert (other.status, other.headers["tidegate-cache"]) == (200, "miss")
    assert len(made.upstream.sent) == 2


async def test_a_cache_that_mixes_tenants_up_is_not_believed() -> None:
    class Mixed:
        async def get(self, key: bytes) -> CachedAnswer:
            return CachedAnswer("other", MODEL, msgspec.json.encode(MESSAGE), 1e12)

        async def put(self, key: bytes, answer: CachedAnswer) -> None:
            return

    made = World(cache=Mixed())
    serve(made, variant(CONTRACTS, cache=POLICY))
    made.upstream.scripts = [GOOD]
    assert (await made.call(ASK)).headers["tidegate-cache"] == "miss"
    assert (await made.call(ASK, secret=OTHER)).headers["tidegate-cache"] == "hit"


async def test_arms_and_variants_have_answers_of_their_own() -> None:
    made = world()
    await made.call(ASK)
    serve(made, variant(CONTRACTS, cache=POLICY, model="claude-haiku-4-5"))
    assert (await made.call(ASK)).headers["tidegate-cache"] == "miss"
    serve(made, variant(CONTRACTS, cache=POLICY))
    assert (await made.call(ASK)).headers["tidegate-cache"] == "hit"
    half = (Stage(name="half", weight=1, bake_seconds=60), Stage(name="full", weight=10_000, bake_seconds=60))
    made.serve(state(rollout(variant(CONTRACTS, cache=POLICY), stages=half), versions=[CONTRACTS], keys=KEYS))
    control = await made.call(ASK)
    assert (control.headers["tidegate-arm"], "tidegate-cache" in control.headers) == ("control", False)


async def test_an_answer_past_its_time_is_asked_for_anew() -> None:
    made = world(cache=CachePolicy(ttl_seconds=30))
    await made.call(ASK)
    made.clock.advance(29)
    assert (await made.call(ASK)).headers["tidegate-cache"] == "hit"
    made.clock.advance(2)
    assert (await made.call(ASK)).headers["tidegate-cache"] == "miss"
    assert ("tidegate_cache_evictions_total", ("expired",), 1.0) in made.meter.moved


async def test_a_revoked_version_is_never_given_again() -> None:
    made = world()
    await made.call(ASK)
    revoked = msgspec.structs.replace(CONTRACTS, state=VersionState.REVOKED)
    serve(made, variant(CONTRACTS, cache=POLICY), [revoked])
    got = await made.call(ASK)
    assert (got.headers["tidegate-cache"], "tidegate-skills" in got.headers) == ("miss", False)
    assert [b"<skill name" in sent.body for sent in made.upstream.sent] == [True, False]


@pytest.mark.parametrize("switch", [("all", "*"), ("skill", "contracts"), ("tenant", "default")])
async def test_a_switch_keeps_what_is_kept_from_being_given(switch: tuple[str, str]) -> None:
    made = world()
    await made.call(ASK)
    serve(made, variant(CONTRACTS, cache=POLICY), switches=(off(*switch),))
    got = await made.call(ASK)
    assert got.headers.get("tidegate-cache") != "hit"
    assert "tidegate-skills" not in got.headers


async def test_clearing_forgets_a_tenants_answers_or_all() -> None:
    made = world()
    for secret in (SECRET, OTHER):
        await made.call(ASK, secret=secret)
    serve(made, variant(CONTRACTS, cache=POLICY), cleared=(("other", 7),))
    got = [(await made.call(ASK, secret=secret)).headers["tidegate-cache"] for secret in (SECRET, OTHER)]
    assert got == ["hit", "miss"]
    serve(made, variant(CONTRACTS, cache=POLICY), cleared=(("other", 7), ("*", 9)))
    got = [(await made.call(ASK, secret=secret)).headers["tidegate-cache"] for secret in (SECRET, OTHER)]
    assert got == ["miss", "miss"]


@pytest.mark.parametrize(
    "script",
    [
        OUTAGE,
        Script(400, JSON, [b'{"type":"error"}']),
        *(
            Script(chunks=[msgspec.json.encode({**MESSAGE, "stop_reason": reason})])
            for reason in ("refusal", "pause_turn", "tool_use", "model_context_window_exceeded", None)
        ),
        Script(chunks=[msgspec.json.encode({**MESSAGE, "content": [{"type": "tool_use", "id": "t"}]})]),
        Script(chunks=[b"no JSON"]),
        Script(chunks=[b'{"type":"message"}']),
    ],
)
async def test_only_whole_good_answers_are_kept(script: Script) -> None:
    made = world(script)
    first, second = await made.call(ASK), await made.call(ASK)
    assert second.headers.get("tidegate-cache") == "miss"
    assert first.body == second.body


@pytest.mark.parametrize("reason", ["end_turn", "stop_sequence", "max_tokens"])
async def test_what_ended_by_itself_is_kept(reason: str) -> None:
    made = world(Script(chunks=[msgspec.json.encode({**MESSAGE, "stop_reason": reason})]))
    await made.call(ASK)
    assert (await made.call(ASK)).json["stop_reason"] == reason


async def test_a_fallbacks_answer_is_not_kept_as_the_skills() -> None:
    made = world(OUTAGE, GOOD, GOOD)
    first = await made.call(ASK)
    assert (first.status, first.headers["tidegate-fallback"]) == (200, "status")
    second = await made.call(ASK)
    assert (second.headers["tidegate-cache"], second.headers["tidegate-skills"]) == ("miss", "contracts@1")
    assert (await made.call(ASK)).headers["tidegate-cache"] == "hit"


async def test_warming_up_keeps_answers_and_is_no_evidence() -> None:
    made = world()
    await made.call(ASK, headers={"tidegate-warm-up": "true"})
    assert (await made.call(ASK)).headers["tidegate-cache"] == "hit"
    assert [line.counted for line in made.spool.records] == [False, True]
    assert all(name != b"tidegate-warm-up" for name, _ in made.upstream.sent[0].headers)


async def test_a_large_answer_is_not_kept() -> None:
    made = world(reuse=ReuseSettings(entry_bytes=100))
    for _ in range(2):
        assert (await made.call(ASK)).headers["tidegate-cache"] == "miss"
    assert ("tidegate_cache_answers_total", ("too_large",), 1.0) in made.meter.moved


async def test_a_large_stream_goes_on_to_its_reader() -> None:
    made = world(GOOD_STREAM, reuse=ReuseSettings(entry_bytes=100))
    for _ in range(2):
        got = await made.call(STREAM)
        assert got.body == b"".join(GOOD_STREAM.chunks)
        assert got.headers["tidegate-cache"] == "miss"
    assert made.upstream.open == 0
    assert [line.usage.output_tokens for line in made.spool.records] == [9, 9]


async def test_a_stream_with_something_unknown_goes_through_and_is_not_kept() -> None:
    new = Script(
        headers=SSE, chunks=[STREAM_START, event("something_new", x=1) + CONTENT + STREAM_END + STOP]
    )
    made = world(new)
    for _ in range(2):
        got = await made.call(STREAM)
        assert (got.body, got.headers["tidegate-cache"]) == (b"".join(new.chunks), "miss")
    assert made.upstream.open == 0


# ---- JSON and streams ------------------------------------------------------------------------------------


async def test_a_stream_passes_unchanged_while_it_is_recorded_and_is_given_as_a_stream() -> None:
    made = world(GOOD_STREAM)
    first, second = await made.call(STREAM), await made.call(STREAM)
    assert first.body == b"".join(GOOD_STREAM.chunks)
    assert second.headers["tidegate-cache"] == "hit"
    assert second.headers["content-type"].startswith("text/event-stream")
    told = events_of(second)
    assert [each["type"] for each in told] == [
        "message_start",
        "content_block_start",
        "content_block_delta",
        "content_block_stop",
        "message_delta",
        "message_stop",
    ]
    assert told[0]["message"]["id"] == made.spool.records[1].message_id
    assert told[2]["delta"]["text"] == "hihi"
    assert told[4]["delta"] == {"stop_reason": "end_turn", "stop_sequence": None}
    assert told[4]["usage"]["output_tokens"] == 9
    line = made.spool.records[1]
    assert (line.usage, line.cost_usd, line.stream) == (Usage(), 0.0, True)
    assert line.first_token_seconds is not None


async def test_json_is_given_as_a_stream_and_a_stream_as_json() -> None:
    made = world(GOOD)
    await made.call(ASK)
    streamed = await made.call(STREAM)
    assert events_of(streamed)[2]["delta"]["text"] == "hello"
    made = world(GOOD_STREAM)
    await made.call(STREAM)
    whole = await made.call(ASK)
    assert (text_of(whole), whole.json["stop_reason"]) == ("hihi", "end_turn")
    assert whole.json["usage"] == {**MESSAGE["usage"], "output_tokens": 9}
    assert len(made.upstream.sent) == 1


# ---- single flight ---------------------------------------------------------------------------------------


async def test_equal_requests_at_once_make_one_call() -> None:
    gate = asyncio.Event()
    made = world(held(GOOD, gate))
    calls = [asyncio.ensure_future(made.call(STREAM if n % 2 else ASK)) for n in range(100)]
    await settled(made)
    gate.set()
    got = await asyncio.gather(*calls)
    assert len(made.upstream.sent) == 1
    assert {each.status for each in got} == {200}
    assert sorted(looked_up(made)) == ["miss"] + ["shared"] * 99
    assert len({line.message_id for line in made.spool.records}) == 100
    assert sum(line.usage.output_tokens for line in made.spool.records) == 20


async def test_a_failed_leader_does_not_fail_its_followers() -> None:
    gate = asyncio.Event()
    made = world(held(OUTAGE, gate), OUTAGE, GOOD)
    calls = [asyncio.ensure_future(made.call(ASK)) for _ in range(5)]
    await settled(made)
    gate.set()
    got = await asyncio.gather(*calls)
    assert [each.status for each in got].count(200) >= 4
    assert looked_up(made) == ["miss"] * 5


async def test_a_stream_that_breaks_for_its_leader_does_not_fail_its_followers() -> None:
    gate = asyncio.Event()
    cut = UpstreamFailure("reset", "the connection was reset")
    broken = Script(headers=SSE, chunks=[STREAM_START + CONTENT + DELTA, gate, cut])
    made = world(broken, GOOD_STREAM)
    calls = [asyncio.ensure_future(made.call(STREAM)) for _ in range(3)]
    await settled(made)
    gate.set()
    leader, *followers = await asyncio.gather(*calls)
    assert b"event: error" in leader.body
    assert [each.body for each in followers] == [b"".join(GOOD_STREAM.chunks)] * 2
    assert made.upstream.open == 0


async def test_a_leader_that_leaves_before_an_answer_leaves_its_call_to_the_others() -> None:
    gate, leave = asyncio.Event(), asyncio.Event()
    made = world(held(GOOD, gate))
    leader = asyncio.ensure_future(made.call(ASK, leave=leave))
    await settled(made)
    follower = asyncio.ensure_future(made.call(ASK))
    await settled(made)
    leave.set()
    await leader
    assert made.spool.records == []
    gate.set()
    assert (await follower).headers["tidegate-cache"] == "shared"
    await settled(made)
    lines = {line.cache: line for line in made.spool.records}
    assert (lines["miss"].outcome, lines["miss"].usage.output_tokens) == (Outcome.CLIENT_CLOSED, 20)
    assert (len(made.upstream.sent), made.upstream.open) == (1, 0)
    assert (await made.call(ASK)).headers["tidegate-cache"] == "hit"


async def test_a_leader_that_leaves_a_stream_is_billed_all_of_it_and_it_is_kept() -> None:
    gate, leave = asyncio.Event(), asyncio.Event()
    made = world(Script(headers=SSE, chunks=[STREAM_START + CONTENT, DELTA, gate, STREAM_END + STOP]))
    leader = asyncio.ensure_future(made.call(STREAM, leave=leave))
    await settled(made)
    leave.set()
    await leader
    made.clock.advance(3)
    gate.set()
    await settled(made)
    line = made.spool.records[0]
    assert (line.outcome, line.usage.input_tokens, line.usage.output_tokens) == (
        Outcome.CLIENT_CLOSED,
        100,
        9,
    )
    assert line.seconds < 3  # the client waited no longer than it was there
    assert (await made.call(STREAM)).headers["tidegate-cache"] == "hit"
    assert made.upstream.open == 0


async def test_a_long_stream_whose_leader_left_before_it_began_is_read_to_its_end() -> None:
    gate, leave = asyncio.Event(), asyncio.Event()
    long = event("content_block_delta", index=0, delta={"type": "text_delta", "text": "x" * 300_000})
    chunks = [gate, STREAM_START + CONTENT, *[long] * 8, STREAM_END + STOP]
    made = world(Script(headers=SSE, chunks=chunks), reuse=ReuseSettings(entry_bytes=4_000_000))
    leader = asyncio.ensure_future(made.call(STREAM, leave=leave))
    await settled(made)
    leave.set()
    await leader
    gate.set()
    for _ in range(5):
        await settled(made)
    (line,) = made.spool.records
    assert (line.outcome, line.usage.output_tokens) == (Outcome.CLIENT_CLOSED, 9)
    assert made.upstream.open == 0
    assert (await made.call(STREAM)).headers["tidegate-cache"] == "hit"


BEGUN = Script(headers=SSE, chunks=[STREAM_START + CONTENT + DELTA, None])
UNKNOWN = Script(headers=SSE, chunks=[STREAM_START + event("something_new", x=1) + DELTA, None])


@pytest.mark.parametrize("turns", range(20))
@pytest.mark.parametrize(
    ("scripts", "limit"),
    [((OUTAGE, BEGUN), 1_000_000), ((BEGUN,), 100), ((UNKNOWN,), 1_000_000)],
    ids=["fallback", "too large", "unknown"],
)
async def test_whenever_a_leader_leaves_an_answer_that_is_not_kept_is_closed_and_billed(
    scripts: tuple[Script, ...], limit: int, turns: int
) -> None:
    leave = asyncio.Event()
    made = world(*scripts, reuse=ReuseSettings(entry_bytes=limit))
    leader = asyncio.ensure_future(made.call(STREAM, leave=leave))
    for _ in range(turns):
        await asyncio.sleep(0)
    leave.set()
    await leader
    for _ in range(3):
        await settled(made)
    assert made.upstream.open == 0
    (line,) = made.spool.records
    assert line.outcome is Outcome.CLIENT_CLOSED
    assert line.usage.input_tokens == (100 if len(made.upstream.sent) == len(scripts) else 0)


async def test_at_the_end_what_goes_on_alone_is_cut_and_on_record() -> None:
    leave = asyncio.Event()
    made = world(Script(headers=SSE, chunks=[STREAM_START + CONTENT, DELTA, None]))
    leader = asyncio.ensure_future(made.call(STREAM, leave=leave))
    await settled(made)
    leave.set()
    await leader
    assert made.spool.records == []
    await made.gateway.close()
    assert [(line.outcome, line.usage.input_tokens) for line in made.spool.records] == [
        (Outcome.CLIENT_CLOSED, 100)
    ]
    assert made.upstream.open == 0


async def test_a_follower_waits_so_long_and_then_asks_itself() -> None:
    gate = asyncio.Event()
    made = world(held(GOOD, gate), GOOD, reuse=ReuseSettings(wait_seconds=0.02))
    leader = asyncio.ensure_future(made.call(ASK))
    await settled(made)
    follower = await made.call(ASK)
    assert (follower.status, follower.headers["tidegate-cache"]) == (200, "miss")
    gate.set()
    await leader
    assert len(made.upstream.sent) == 2


@pytest.mark.parametrize("how", ["switch", "revoked"])
async def test_a_follower_is_not_given_what_was_barred_while_it_waited(how: str) -> None:
    gate = asyncio.Event()
    made = world(held(GOOD, gate), GOOD)
    leader = asyncio.ensure_future(made.call(ASK))
    await settled(made)
    follower = asyncio.ensure_future(made.call(ASK))
    await settled(made)
    if how == "switch":
        serve(made, variant(CONTRACTS, cache=POLICY), switches=(off("all"),))
    else:
        serve(
            made,
            variant(CONTRACTS, cache=POLICY),
            [msgspec.structs.replace(CONTRACTS, state=VersionState.REVOKED)],
        )
    gate.set()
    await leader
    got = await follower
    assert (got.status, "tidegate-skills" in got.headers) == (200, False)
    assert [b"<skill name" in sent.body for sent in made.upstream.sent] == [True, False]


async def test_what_is_assigned_anew_is_on_record_with_its_own_model() -> None:
    gate = asyncio.Event()
    made = world(held(GOOD, gate), OUTAGE, model="claude-haiku-4-5")
    leader = asyncio.ensure_future(made.call(ASK))
    await settled(made)
    follower = asyncio.ensure_future(made.call(ASK))
    await settled(made)
    serve(made, variant(CONTRACTS, cache=POLICY, model="claude-haiku-4-5"), switches=(off("all"),))
    gate.set()
    await leader
    assert (await follower).status == 500
    assert [msgspec.json.decode(sent.body)["model"] for sent in made.upstream.sent] == [
        "claude-haiku-4-5",
        MODEL,
    ]
    assert made.spool.records[-1].model == MODEL


async def test_a_leaver_among_followers_harms_nobody() -> None:
    gate, leave = asyncio.Event(), asyncio.Event()
    made = world(held(GOOD, gate))
    calls = [asyncio.ensure_future(made.call(ASK)) for _ in range(2)]
    leaver = asyncio.ensure_future(made.call(ASK, leave=leave))
    await settled(made)
    leave.set()
    await leaver
    gate.set()
    assert [each.status for each in await asyncio.gather(*calls)] == [200, 200]
    outcomes = sorted((line.outcome, line.usage.output_tokens) for line in made.spool.records)
    assert outcomes == [(Outcome.CLIENT_CLOSED, 0), (Outcome.OK, 0), (Outcome.OK, 20)]


def held(script: Script, gate: asyncio.Event) -> Script:
    """The same answer, once the gate is open."""
    return Script(script.status, script.headers, [gate, *script.chunks])
