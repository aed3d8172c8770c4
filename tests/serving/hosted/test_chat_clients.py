"""The hosted loop for clients of chat completions, in front of upstreams of either API."""

from collections.abc import AsyncIterator, Awaitable, Callable

import msgspec
import pytest
from gateway_parts import Got, World, off, rollout, state, variant
from hosted_parts import CLIENT_CALL, CONTRACTS, THEN, read_call, run_call

from tidegate.adapters.upstream.http1 import Http1Upstream
from tidegate.adapters.upstream.openai_upstream import OpenAIUpstream
from tidegate.adapters.upstream.settings import UpstreamSettings
from tidegate.harness.emulator import Emulator
from tidegate.serving.hosted.seal import MARK, original
from tidegate.serving.upstreams import Claim, Endpoint

GPT, CLAUDE = "gpt-4o", "claude-sonnet-4-5"
MODELS = pytest.mark.parametrize("model", [GPT, CLAUDE])
STREAMS = pytest.mark.parametrize("stream", [False, True], ids=["json", "stream"])
PARAMETERS = {"type": "object", "properties": {"place": {"type": "string"}}, "required": ["place"]}
TIDE = {"type": "function", "function": {"name": "tide_table", "parameters": PARAMETERS}}
READ_TOOL = "tidegate_read_skill_file"

Start = Callable[[], Awaitable[World]]
Bodies = Callable[[], list[dict]]


@pytest.fixture
async def start(make: Callable[..., Awaitable[World]], emulator: Emulator) -> AsyncIterator[Start]:
    upstream = OpenAIUpstream(Http1Upstream(UpstreamSettings(base_url=emulator.url)))
    opening = ((b"authorization", b"Bearer open-key"),)
    yield lambda: make(claims=(Claim(Endpoint("open", upstream, opening, chat=True), (GPT,)),))
    await upstream.aclose()


def asked(model: str, *answers: str, **more: object) -> dict:
    """A request whose model answers so, one after the other."""
    text = "My contract. " + THEN.join(answers)
    return {"model": model, "messages": [{"role": "user", "content": text}], **more}


async def got(world: World, request: dict) -> Got:
    answer = await world.call(request, path="/v1/chat/completions")
    assert answer.status == 200, answer.body
    return answer


async def said(world: World, request: dict) -> dict:
    """The one choice, with what a stream says put together."""
    answer = await got(world, request)
    assert "tidegate-fallback" not in answer.headers
    return put_together(answer) if request.get("stream") else answer.json["choices"][0]


def put_together(answer: Got) -> dict:
    lines = [line[6:] for line in answer.body.split(b"\n") if line.startswith(b"data: ")]
    assert lines[-1] == b"[DONE]"
    message: dict = {"role": "assistant", "content": "", "tool_calls": []}
    finish = None
    chunks = [msgspec.json.decode(line) for line in lines[:-1]]
    assert len({chunk["id"] for chunk in chunks}) == 1
    for choice in (choice for chunk in chunks for choice in chunk["choices"]):
        assert finish is None
        message["content"] += choice["delta"].get("content") or ""
        for call in choice["delta"].get("tool_calls", ()):
            if "id" in call:
                assert call["index"] == len(message["tool_calls"])
                message["tool_calls"].append(call)
            else:
                message["tool_calls"][call["index"]]["function"]["arguments"] += call["function"]["arguments"]
        finish = choice["finish_reason"]
    if not message["tool_calls"]:
        del message["tool_calls"]
    return {"message": message, "finish_reason": finish}


def reply_to(request: dict, choice: dict, *results: str) -> dict:
    calls = choice["message"]["tool_calls"]
    told = [
        {"role": "tool", "tool_call_id": call["id"], "content": result}
        for call, result in zip(calls, results, strict=True)
    ]
    return {**request, "messages": [*request["messages"], choice["message"], *told]}


def tools(body: dict) -> list[str]:
    return [tool.get("name") or tool["function"]["name"] for tool in body.get("tools", ())]


@MODELS
@STREAMS
async def test_a_reference_is_read_and_a_refused_script_told(
    start: Start, upstream_bodies: Bodies, model: str, stream: bool
) -> None:
    world = await start()
    request = asked(model, read_call(), run_call(), "", stream=stream)
    choice = await said(world, request)
    assert "forty-two" in msgspec.json.encode(upstream_bodies()[-1]).decode()
    assert choice["finish_reason"] == "stop"
    assert "tool_calls" not in choice["message"]
    (line,) = world.spool.records
    assert (line.turns, line.route, line.skill_errors) == (3, "chat_completions", ("script_refused",))
    assert line.message_id.startswith("chatcmpl-")
    assert all(READ_TOOL in tools(body) for body in upstream_bodies())


@MODELS
@STREAMS
async def test_a_mixed_turn_goes_on_in_another_process(
    start: Start, upstream_bodies: Bodies, model: str, stream: bool
) -> None:
    first, second = await start(), await start()
    request = asked(model, read_call() + CLIENT_CALL, "", tools=[TIDE], stream=stream)
    stopped = await said(first, request)
    (call,) = stopped["message"]["tool_calls"]
    assert (stopped["finish_reason"], call["function"]["name"]) == ("tool_calls", "tide_table")
    assert MARK in call["id"]
    ended = await said(second, reply_to(request, stopped, "6.8 m"))
    sent = msgspec.json.encode(upstream_bodies()[-1]).decode()
    assert MARK not in sent
    assert sent.index("forty-two") < sent.index("6.8 m")
    assert sent.count(original(call["id"])) == 2
    assert "forty-two" in ended["message"]["content"]


GONE = [
    state(),
    state(rollout(variant(CONTRACTS)), versions=[CONTRACTS], switches=(off("all"),)),
]


@MODELS
@pytest.mark.parametrize("after", GONE, ids=["rolled back", "all off"])
async def test_a_conversation_whose_skill_is_gone_goes_on_with_the_providers_own_ids(
    start: Start, upstream_bodies: Bodies, model: str, after: object
) -> None:
    world = await start()
    request = asked(model, read_call() + CLIENT_CALL, "", tools=[TIDE])
    stopped = await said(world, request)
    world.serve(after)
    await said(world, reply_to(request, stopped, "6.8 m"))
    body = upstream_bodies()[-1]
    told = msgspec.json.encode(body).decode()
    assert tools(body) == ["tide_table"]
    assert MARK not in told
    assert told.count(original(stopped["message"]["tool_calls"][0]["id"])) == 2
    assert [labels for name, labels, _ in world.meter.moved if name == "tidegate_seals_total"][-1] == (
        "unassigned",
    )


async def test_a_forged_seal_is_left_out(start: Start, upstream_bodies: Bodies) -> None:
    world = await start()
    request = asked(GPT, read_call() + CLIENT_CALL, "", tools=[TIDE])
    stopped = await said(world, request)
    call = stopped["message"]["tool_calls"][0]
    call["id"] = original(call["id"]) + MARK + "x" * 99
    await said(world, reply_to(request, stopped, "6.8 m"))
    body = msgspec.json.encode(upstream_bodies()[-1]["messages"]).decode()
    assert MARK not in body
    assert "forty-two" not in body


async def test_what_steers_an_upstream_of_chat_completions_reaches_it_as_it_was_written(
    start: Start, upstream_bodies: Bodies
) -> None:
    world = await start()
    steering = {
        "seed": 7,
        "temperature": 1.5,
        "logit_bias": {"5": -1},
        "frequency_penalty": 0.5,
        "store": False,
        "metadata": {"a": "b"},
        "user": "ann",
        "stop": "THE END",
        "reasoning_effort": "minimal",
        "response_format": {"type": "json_object"},
    }
    await said(world, asked(GPT, read_call(), "", **steering))
    assert len(upstream_bodies()) == 2
    for body in upstream_bodies():
        assert {name: body.get(name) for name in steering} == steering
        assert not body.keys() & {"max_tokens", "max_completion_tokens"}
        assert READ_TOOL in tools(body)
    await said(world, asked(GPT, "", max_completion_tokens=700))
    assert upstream_bodies()[-1]["max_tokens"] == 700


@pytest.mark.parametrize(
    "shape", [{"n": 2}, {"logprobs": True}, {"tool_choice": "none", "tools": [TIDE]}], ids=str
)
async def test_an_answer_of_another_shape_has_the_skill_without_its_files(
    start: Start, upstream_bodies: Bodies, shape: dict
) -> None:
    world = await start()
    answer = await got(world, asked(GPT, "", **shape))
    assert answer.headers["tidegate-skills"] == "contracts@1"
    body = upstream_bodies()[-1]
    assert {name: body[name] for name in shape} == shape
    assert READ_TOOL not in tools(body)
    assert "<skill" in body["messages"][0]["content"]
    assert len(answer.json["choices"]) == shape.get("n", 1)


@MODELS
@pytest.mark.parametrize("routing", [state(), GONE[1]], ids=["no rollout", "off"])
async def test_a_clients_tool_with_a_reserved_name_is_refused(
    start: Start, model: str, routing: object
) -> None:
    world = await start()
    world.serve(routing)
    taken = {"type": "function", "function": {"name": READ_TOOL, "parameters": {}}}
    answer = await world.call(asked(model, "", tools=[TIDE, taken]), path="/v1/chat/completions")
    assert answer.status == 400
    assert "tools.1.function.name" in answer.json["error"]["message"]


async def test_a_composed_request_that_is_refused_goes_out_once_more_as_it_came(
    start: Start, upstream_bodies: Bodies
) -> None:
    world = await start()
    request = asked(GPT, read_call() + CLIENT_CALL, "", tools=[TIDE], seed=7)
    stopped = await said(world, request)
    further = reply_to(request, stopped, "6.8 m")
    fault = '[[fault: {"kind": "status", "status": 400, "skill": "contracts"}]]'
    further["messages"].append({"role": "user", "content": fault})
    answer = await got(world, further)
    assert answer.headers["tidegate-fallback"] == "rejected"
    sent = upstream_bodies()[-1]
    assert MARK not in msgspec.json.encode(sent).decode()
    assert sent["messages"][0] == request["messages"][0]
    assert tools(sent) == ["tide_table"]


@pytest.mark.parametrize(
    "odd",
    [
        {"role": "tool", "tool_call_id": 5, "content": MARK},
        {"role": "assistant", "tool_calls": [{"id": 5, "x": MARK}]},
        {"role": "assistant", "tool_calls": MARK},
    ],
    ids=str,
)
@MODELS
async def test_odd_messages_with_a_seals_mark_are_no_fault_of_the_gateway(
    start: Start, model: str, odd: dict
) -> None:
    world = await start()
    request = asked(model, "")
    request["messages"] = [odd, *request["messages"]]
    answer = await world.call(request, path="/v1/chat/completions")
    assert answer.status < 500, answer.body
