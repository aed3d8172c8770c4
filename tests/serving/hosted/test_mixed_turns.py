"""Turns with the gateway's calls and the client's: sealed for the client, taken up again by any process."""

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import msgspec
import pytest
from gateway_parts import World, key, off, rollout, state, variant
from hosted_parts import (
    CLIENT_CALL,
    CONTRACTS,
    TIDE,
    asked,
    events_of,
    message_of,
    read_call,
    reply_to,
    run_call,
)
from hypothesis import given
from hypothesis import strategies as st

from tidegate.domain.exchange import Outcome
from tidegate.domain.rollout import Variant
from tidegate.domain.script import ScriptResult, ScriptRun
from tidegate.serving.hosted.blocks import block_of
from tidegate.serving.hosted.plan import Round
from tidegate.serving.hosted.seal import LONGEST, MARK, Seals, original

Make = Callable[..., Awaitable[World]]
Bodies = Callable[[], list[dict]]
STREAMS = pytest.mark.parametrize("stream", [False, True], ids=["json", "stream"])
MIXED = asked(read_call() + CLIENT_CALL, "", tools=[TIDE])


@dataclass
class CountingSandbox:
    runs: list[ScriptRun] = field(default_factory=list)

    async def run(self, run: ScriptRun, allowed: Callable[[], bool]) -> ScriptResult:
        self.runs.append(run)
        return ScriptResult(exit_code=0, stdout=b"run %d" % len(self.runs))


async def said(world: World, request: dict, **more: object) -> dict:
    got = await world.call(request, **more)
    assert got.status == 200, got.body
    assert "tidegate-fallback" not in got.headers
    return message_of(events_of(got)) if request.get("stream") else got.json


def calls(message: dict) -> list[dict]:
    return [block for block in message["content"] if block["type"] == "tool_use"]


def seals(world: World) -> list[str]:
    return [labels[0] for name, labels, _ in world.meter.moved if name == "tidegate_seals_total"]


@STREAMS
async def test_a_mixed_turn_stops_for_the_client_and_goes_on_in_another_process(
    make: Make, upstream_bodies: Bodies, stream: bool
) -> None:
    first, second = await make(), await make()
    request = {**MIXED, "stream": stream}
    stopped = await said(first, request)
    assert stopped["stop_reason"] == "tool_use"
    assert [call["name"] for call in calls(stopped)] == ["tide_table"]
    assert len(calls(stopped)[0]["id"]) <= LONGEST
    ended = await said(second, reply_to(request, stopped, "6.8 m"))
    sent = upstream_bodies()[-1]["messages"]
    assistant, user = sent[-2]["content"], sent[-1]["content"]
    assert [block.get("name") for block in assistant if block["type"] == "tool_use"] == [
        "tidegate_read_skill_file",
        "tide_table",
    ]
    assert MARK not in msgspec.json.encode(sent).decode()
    assert "forty-two" in user[0]["content"]
    assert user[1]["content"] == "6.8 m"
    assert "forty-two" in ended["content"][0]["text"]
    assert (seals(first), seals(second)) == (["sealed"], ["opened"])
    assert second.spool.records[0].fallback is None


async def test_hidden_turns_before_a_clients_call_come_back_as_they_were(
    make: Make, upstream_bodies: Bodies
) -> None:
    """What the provider has seen is a prefix of what it sees next, so its cache holds."""
    world = await make()
    thinking = {"type": "enabled", "budget_tokens": 1024}
    request = asked(read_call(), read_call() + CLIENT_CALL, "", tools=[TIDE], thinking=thinking)
    stopped = await said(world, request)
    seen = upstream_bodies()[-1]["messages"]
    await said(world, reply_to(request, stopped, "6.8 m"))
    again = upstream_bodies()[-1]["messages"]
    assert again[: len(seen)] == seen
    assert [block["type"] for block in again[len(seen)]["content"]] == [
        "thinking",
        "text",
        "tool_use",
        "tool_use",
    ]


async def test_a_client_that_joins_texts_has_its_calls_back(make: Make, upstream_bodies: Bodies) -> None:
    world = await make()
    request = asked(read_call(), CLIENT_CALL + read_call(), "", tools=[TIDE])
    stopped = await said(world, request)
    joined = {**stopped, "content": [stopped["content"][0], *calls(stopped)]}
    await said(world, reply_to(request, joined, "6.8 m"))
    kinds = [
        [block.get("name", block["type"]) for block in turn["content"]]
        for turn in upstream_bodies()[-1]["messages"][1:]
    ]
    assert kinds == [
        ["tidegate_read_skill_file"],
        ["tool_result"],
        ["text", "tide_table", "tidegate_read_skill_file"],
        ["tool_result", "tool_result"],
    ]


async def test_a_conversation_keeps_its_seals_over_many_turns(make: Make, upstream_bodies: Bodies) -> None:
    world = await make(sandbox=CountingSandbox())
    request = asked(run_call() + CLIENT_CALL, "", tools=[TIDE])
    stopped = await said(world, request)
    request = reply_to(request, stopped, "6.8 m")
    ended = await said(world, request)
    once = upstream_bodies()[-1]["messages"]
    turns = [
        *request["messages"],
        {"role": "assistant", "content": ended["content"]},
        {"role": "user", "content": "and now? [[echo: bye]]"},
    ]
    await said(world, {**request, "messages": turns})
    assert upstream_bodies()[-1]["messages"][: len(once)] == once
    assert len(world.sandbox.runs) == 1  # told again from memory: the model sees the same bytes


def forged(call_id: str) -> str:
    head, mark, seal = call_id.partition(MARK)
    return head + mark + ("A" if seal[0] != "A" else "B") + seal[1:]


def moved(call_id: str) -> str:
    return "toolu_other" + MARK + call_id.partition(MARK)[2]


@pytest.mark.parametrize(
    "change",
    [
        forged,
        moved,
        lambda call_id: original(call_id) + MARK,
        lambda call_id: original(call_id) + MARK + "x" * 99,
    ],
    ids=["changed", "moved", "empty", "nonsense"],
)
async def test_a_forged_seal_is_left_out_and_the_conversation_goes_on(
    make: Make, upstream_bodies: Bodies, change: Callable[[str], str]
) -> None:
    world = await make()
    stopped = await said(world, MIXED)
    calls(stopped)[0]["id"] = change(calls(stopped)[0]["id"])
    await said(world, reply_to(MIXED, stopped, "6.8 m"))
    sent = upstream_bodies()[-1]["messages"]
    assert [block["name"] for block in sent[-2]["content"] if block["type"] == "tool_use"] == ["tide_table"]
    assert MARK not in msgspec.json.encode(sent).decode()
    assert seals(world) == ["sealed", "forged"]


ODD_ID = "messages: a content block has Expected `str | null`"
THE_PROVIDERS_WORD = "Extra inputs are not permitted"


@pytest.mark.parametrize(
    ("odd", "told"),
    [
        ({"id": None}, THE_PROVIDERS_WORD),
        ({"tool_use_id": None}, THE_PROVIDERS_WORD),
        ({"id": 5}, ODD_ID),
        ({"tool_use_id": []}, ODD_ID),
    ],
)
@pytest.mark.parametrize("role", ["user", "assistant"])
async def test_a_block_with_an_odd_id_beside_a_seal_is_no_fault_of_the_gateway(
    make: Make, odd: dict, told: str, role: str
) -> None:
    world = await make()
    blocks = [{"type": "text", "text": f"what does {MARK} mean?", **odd}]
    turns = [{"role": role, "content": blocks}, {"role": "user", "content": "my contract"}]
    got = await world.call({**asked(""), "messages": turns})
    assert got.status == 400
    assert got.json["error"]["type"] == "invalid_request_error"
    assert told in got.json["error"]["message"]


async def test_another_tenants_seal_is_left_out(make: Make, upstream_bodies: Bodies) -> None:
    world = await make()
    stopped = await said(world, MIXED)
    other = key("tgk_other", tenant="other")
    world.serve(state(rollout(variant(CONTRACTS)), versions=[CONTRACTS], keys=(key(), other)))
    await said(world, reply_to(MIXED, stopped, "6.8 m"), secret="tgk_other")
    assert "forty-two" not in msgspec.json.encode(upstream_bodies()[-1]["messages"]).decode()
    assert seals(world)[-1] == "forged"


@pytest.mark.parametrize(
    "after",
    [
        state(),
        state(rollout(Variant()), versions=[CONTRACTS]),
        state(rollout(variant(CONTRACTS)), versions=[CONTRACTS], switches=(off("skill", "contracts"),)),
        state(rollout(variant(CONTRACTS)), versions=[CONTRACTS], switches=(off("all"),)),
        state(rollout(variant(CONTRACTS))),
    ],
    ids=["rolled back", "without skills", "switched off", "all off", "revoked"],
)
@STREAMS
async def test_a_conversation_whose_skill_is_gone_goes_on_plainly(
    make: Make, upstream_bodies: Bodies, after: object, stream: bool
) -> None:
    world = await make()
    request = {**MIXED, "stream": stream}
    stopped = await said(world, request)
    world.serve(after)
    ended = await said(world, reply_to(request, stopped, "6.8 m"))
    sent = upstream_bodies()[-1]
    assert [tool["name"] for tool in sent["tools"]] == ["tide_table"]
    assert [block["content"] for block in sent["messages"][-1]["content"]] == ["6.8 m"]
    assert sent["messages"][-1]["content"][0]["tool_use_id"] == original(calls(stopped)[0]["id"])
    assert "6.8 m" in ended["content"][0]["text"]
    assert seals(world)[-1] == "unassigned"
    assert world.spool.records[-1].outcome is Outcome.OK


async def test_a_new_version_of_the_skill_takes_no_calls_of_the_old_one(make: Make) -> None:
    world = await make()
    stopped = await said(world, MIXED)
    newer = msgspec.structs.replace(CONTRACTS, number=2, digest="sha256:newer")
    world.serve(state(rollout(variant(newer)), versions=[newer]))
    await said(world, reply_to(MIXED, stopped, "6.8 m"))
    assert seals(world)[-1] == "unassigned"


async def test_the_plain_request_of_a_fallback_has_the_providers_own_ids(
    make: Make, upstream_bodies: Bodies
) -> None:
    world = await make()
    stopped = await said(world, MIXED)
    fault = '[[fault: {"kind": "status", "status": 400, "skill": "contracts"}]]'
    got = await world.call(reply_to(MIXED, stopped, "6.8 m", text=fault))
    assert (got.status, got.headers["tidegate-fallback"]) == (200, "rejected")
    sent = upstream_bodies()[-1]
    assert MARK not in msgspec.json.encode(sent).decode()
    assert "system" not in sent


async def test_calls_too_large_to_be_sealed_are_dropped_and_noted(make: Make) -> None:
    world = await make(sandbox=CountingSandbox())
    noise = "".join(random.Random(1).choices("abcdefghijklmnopqrstuvwxyz0123456789", k=6000))
    call = run_call(stdin=noise)
    request = asked(call + CLIENT_CALL, "", tools=[TIDE], max_tokens=8000)
    stopped = await said(world, request)
    assert MARK not in calls(stopped)[0]["id"]
    line = world.spool.records[0]
    assert (seals(world), line.skill_errors) == (["too_large"], ("seal_too_large",))
    await said(world, reply_to(request, stopped, "6.8 m"))


async def test_two_mixed_turns_in_a_row_are_each_taken_up(make: Make, upstream_bodies: Bodies) -> None:
    world = await make()
    text = read_call() + CLIENT_CALL
    request = asked(text, text, "", tools=[TIDE])
    for _ in range(2):
        stopped = await said(world, request)
        request = reply_to(request, stopped, "6.8 m")
    await said(world, request)
    names = [
        block["name"]
        for turn in upstream_bodies()[-1]["messages"]
        if turn["role"] == "assistant"
        for block in turn["content"]
        if block["type"] == "tool_use"
    ]
    assert names == ["tidegate_read_skill_file", "tide_table"] * 2
    assert seals(world) == ["sealed", "opened", "sealed", "opened", "opened"]


SECRET = b"s" * 32


def one_round(text: str, before: int) -> Round:
    call = {"type": "tool_use", "id": "toolu_g", "name": "tidegate_read_skill_file"}
    client = block_of(b'{"type":"tool_use","id":"toolu_c","name":"theirs","input":{}}')
    ours = block_of(msgspec.json.encode({**call, "input": {"skill": "a", "path": text}}))
    blocks = [client] * before + [ours]
    return Round(before, tuple(blocks))


@given(st.text(max_size=200), st.integers(0, 3), st.text(min_size=1, max_size=20))
def test_what_is_sealed_comes_back_for_the_same_tenant_and_id_alone(
    text: str, before: int, tenant: str
) -> None:
    made = Seals(SECRET)
    sealed = made.seal(tenant, "toolu_1", [one_round(text, before)], {"a": "sha256:a"})
    assert sealed is not None
    assert original(sealed) == "toolu_1"
    found = Seals(SECRET).open(tenant, sealed)
    assert found is not None
    call = found[0].calls[0]
    assert (found[0].shown, call.before, call.skill, call.digest) == (before, before, "a", "sha256:a")
    assert msgspec.json.decode(bytes(call.block))["input"]["path"] == text
    assert made.open(tenant + "x", sealed) is None
    assert made.open(tenant, "toolu_2" + sealed.removeprefix("toolu_1")) is None
    assert Seals(b"t" * 32).open(tenant, sealed) is None


@given(st.text(alphabet=st.characters(codec="ascii"), max_size=300))
def test_no_text_opens_as_a_seal(text: str) -> None:
    assert Seals(SECRET).open("tenant", "toolu_1" + MARK + text) is None
