"""The hosted loop in front of an upstream of chat completions: every turn is on the bill."""

from collections.abc import Awaitable, Callable

import msgspec
import pytest
from gateway_parts import FakeUpstream, Script, World, rollout, state, variant
from hosted_parts import CONTRACTS, asked, events_of, message_of, read_call

from tidegate.adapters.upstream.http1 import Http1Upstream
from tidegate.adapters.upstream.openai_upstream import OpenAIUpstream
from tidegate.adapters.upstream.settings import UpstreamSettings
from tidegate.domain.cost import Price
from tidegate.harness.emulator import Emulator
from tidegate.serving.hosted.tools import READ
from tidegate.serving.upstreams import Claim, Endpoint

GPT = "gpt-4o"


class Listed:
    """One dollar per million input tokens, two per million output tokens."""

    def price(self, model: str) -> Price | None:
        if not model.startswith(GPT):
            return None
        return Price(input=1, output=2, cache_read=1, cache_write_5m=1, cache_write_1h=1)


@pytest.mark.parametrize("stream", [False, True], ids=["json", "stream"])
@pytest.mark.parametrize("answers", [("",), (read_call(), "")], ids=["one turn", "two turns"])
async def test_each_turn_is_billed(
    make: Callable[..., Awaitable[World]], emulator: Emulator, answers: tuple[str, ...], stream: bool
) -> None:
    upstream = OpenAIUpstream(Http1Upstream(UpstreamSettings(base_url=emulator.url)))
    opening = ((b"authorization", b"Bearer open-key"),)
    world = await make(
        claims=(Claim(Endpoint("open", upstream, opening, chat=True), (GPT,)),), prices=Listed()
    )
    got = await world.call({**asked(*answers, stream=stream), "model": GPT})
    await upstream.aclose()
    assert got.status == 200, got.body
    message = message_of(events_of(got)) if stream else got.json
    (line,) = world.spool.records
    used = emulator.counts.usage
    assert line.turns == len(answers)
    assert used.input_tokens > 0
    assert used.output_tokens > 0
    assert (line.usage.input_tokens, line.usage.output_tokens) == (used.input_tokens, used.output_tokens)
    assert line.cost_usd == pytest.approx((used.input_tokens + 2 * used.output_tokens) / 1e6)
    assert message["usage"]["input_tokens"] == used.input_tokens
    assert message["usage"]["output_tokens"] == used.output_tokens


SKILL = "contracts@1"
CHAT = "/v1/chat/completions"


def chat_world_parts(*answers: dict) -> tuple[FakeUpstream, dict[str, object]]:
    """A server of chat completions that gives these answers in turn, and a gateway's claim to it."""
    headers = [(b"content-type", b"application/json")]
    scripts = [Script(headers=headers, chunks=[msgspec.json.encode(answer)]) for answer in answers]
    fake = FakeUpstream(scripts=scripts)
    endpoint = Endpoint("open", OpenAIUpstream(fake), ((b"authorization", b"Bearer open-key"),), chat=True)
    return fake, {"claims": (Claim(endpoint, (GPT,)),)}


def completion(message: dict, finish: str, *, used: int = 5) -> dict:
    usage = {"prompt_tokens": 10, "completion_tokens": used, "total_tokens": 10 + used}
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": finish}
    return {"id": "chatcmpl-1", "model": GPT, "choices": [choice], "usage": usage}


def calling(name: str, arguments: str, *, used: int = 5) -> dict:
    call = {"id": "call_1", "type": "function", "function": {"name": name, "arguments": arguments}}
    return completion({"content": None, "tool_calls": [call]}, "tool_calls", used=used)


DONE = completion({"content": "It is forty-two."}, "stop")
READING = msgspec.json.encode({"skill": "contracts", "path": "references/terms.md"}).decode()


async def test_a_half_written_answer_has_the_skill_without_its_files(
    make: Callable[..., Awaitable[World]],
) -> None:
    fake, claims = chat_world_parts(DONE)
    world = await make(**claims)
    turns = [{"role": "user", "content": "My contract."}, {"role": "assistant", "content": "It is"}]
    for _ in range(12):
        got = await world.call({"model": GPT, "messages": turns}, path=CHAT)
        assert (got.status, got.headers["tidegate-skills"]) == (200, SKILL)
        assert "tidegate-fallback" not in got.headers
    sent = msgspec.json.decode(fake.sent[-1].body)
    assert "<skill" in sent["messages"][0]["content"]
    assert sent["messages"][1:] == turns
    assert "tools" not in sent
    assert world.gateway.guards.skills.known is False


async def test_what_the_gateway_itself_refuses_is_no_evidence_against_a_skill(
    make: Callable[..., Awaitable[World]],
) -> None:
    fake, claims = chat_world_parts(DONE)
    world = await make(**claims)
    world.serve(state(rollout(variant(CONTRACTS, model=GPT)), versions=[CONTRACTS]))
    request = asked("")
    request["messages"].append({"role": "assistant", "content": "It is"})
    for _ in range(12):
        got = await world.call(request)
        assert (got.status, got.headers["tidegate-fallback"]) == (200, "rejected")
    assert fake.sent == []
    guards = world.gateway.guards
    assert (guards.skills.known, guards.upstreams.known) == (False, False)
    assert all((line.skill_outcome, line.faulted) == (None, False) for line in world.spool.records)


@pytest.mark.parametrize("limit", [None, 20_000], ids=["no limit", "a limit"])
async def test_only_a_limit_that_the_client_has_set_ends_an_answer(
    make: Callable[..., Awaitable[World]], limit: int | None
) -> None:
    fake, claims = chat_world_parts(calling(READ, READING, used=20_000), DONE)
    world = await make(**claims)
    request = {"model": GPT, "messages": [{"role": "user", "content": "My contract."}], "max_tokens": limit}
    got = await world.call(request, path=CHAT)
    choice = got.json["choices"][0]
    assert "tidegate-fallback" not in got.headers
    assert (choice["finish_reason"], len(fake.sent)) == (("length", 1) if limit else ("stop", 2))
    if limit is None:
        assert all("max_tokens" not in msgspec.json.decode(sent.body) for sent in fake.sent)


TIDE = {"type": "function", "function": {"name": "tide_table", "parameters": {"type": "object"}}}
NO_OBJECT = pytest.mark.parametrize("arguments", ['{"place": "Dov', '["Dover"]', " Dover "])


@NO_OBJECT
async def test_a_clients_call_whose_arguments_are_no_object_reaches_it_as_the_model_wrote_them(
    make: Callable[..., Awaitable[World]], arguments: str
) -> None:
    fake, claims = chat_world_parts(calling(READ, READING), calling("tide_table", arguments))
    world = await make(**claims)
    turns = [{"role": "user", "content": "My contract."}]
    got = await world.call({"model": GPT, "messages": turns, "tools": [TIDE]}, path=CHAT)
    assert (got.status, len(fake.sent)) == (200, 2)
    assert "tidegate-fallback" not in got.headers
    (call,) = got.json["choices"][0]["message"]["tool_calls"]
    assert call["function"] == {"name": "tide_table", "arguments": arguments}
    assert world.gateway.guards.skills.known is False


@NO_OBJECT
async def test_a_call_of_the_gateways_own_without_an_object_is_answered_and_goes_back_without_input(
    make: Callable[..., Awaitable[World]], arguments: str
) -> None:
    fake, claims = chat_world_parts(calling(READ, arguments), DONE)
    world = await make(**claims)
    got = await world.call(
        {"model": GPT, "messages": [{"role": "user", "content": "My contract."}]}, path=CHAT
    )
    assert got.json["choices"][0]["message"]["content"] == "It is forty-two."
    assert "tidegate-fallback" not in got.headers
    called = msgspec.json.decode(fake.sent[-1].body)["messages"][-2]
    assert called["tool_calls"][0]["function"]["arguments"] == "{}"


@NO_OBJECT
async def test_a_stream_has_such_arguments_too(make: Callable[..., Awaitable[World]], arguments: str) -> None:
    fake, claims = chat_world_parts(DONE)
    (choice,) = calling("tide_table", arguments)["choices"]
    chunk = {"id": "chatcmpl-1", "model": GPT, "choices": [{**choice, "delta": choice.pop("message")}]}
    lines = b"data: %s\n\ndata: [DONE]\n\n" % msgspec.json.encode(chunk)
    fake.scripts = [Script(headers=[(b"content-type", b"text/event-stream")], chunks=[lines])]
    world = await make(**claims)
    turns = [{"role": "user", "content": "My contract."}]
    got = await world.call({"model": GPT, "messages": turns, "tools": [TIDE], "stream": True}, path=CHAT)
    chunks = [each for each in events_of_chat(got.body) if each["choices"]]
    calls = [call for each in chunks for call in each["choices"][0]["delta"].get("tool_calls", ())]
    assert "".join(call["function"]["arguments"] for call in calls) == arguments
    assert world.gateway.guards.skills.known is False


def events_of_chat(body: bytes) -> list[dict]:
    lines = [line[6:] for line in body.split(b"\n") if line.startswith(b"data: {")]
    return [msgspec.json.decode(line) for line in lines]
