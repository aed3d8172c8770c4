"""The OpenAI SDK speaks to the gateway, and Anthropic's does, each in front of both kinds of upstream."""

import asyncio
import base64
import sys
from collections.abc import AsyncGenerator

import aiohttp
import anthropic
import msgspec
import openai
import pytest
import pytest_asyncio
from stack import Stack, stack

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("openai")]

GPT, CLAUDE = "gpt-4o", "claude-sonnet-4-6"
BOTH = pytest.mark.parametrize("model", [GPT, CLAUDE])
PARAMETERS = {"type": "object", "properties": {"place": {"type": "string"}}, "required": ["place"]}
TOOL = {
    "type": "function",
    "function": {"name": "tide_table", "description": "Height of the tide.", "parameters": PARAMETERS},
}
QUESTION = {"role": "user", "content": "How high is the tide at Dover?"}
CONFIG = """
[upstreams.open]
kind = "openai"
url = "EMULATOR"
key = "open-secret"
models = ["gpt-*", "qwen*"]
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Stack]:
    async with stack(tmp_path_factory.mktemp("openai"), config=CONFIG) as it:
        yield it


@pytest_asyncio.fixture(loop_scope="module")
async def client(running: Stack) -> AsyncGenerator[openai.AsyncOpenAI]:
    await running.faults()
    async with openai.AsyncOpenAI(
        base_url=f"{running.url}/v1", api_key=running.client_key, max_retries=0
    ) as sdk:
        yield sdk


@pytest_asyncio.fixture(loop_scope="module")
async def claude(running: Stack) -> AsyncGenerator[anthropic.AsyncAnthropic]:
    await running.faults()
    async with anthropic.AsyncAnthropic(
        base_url=running.url, api_key=running.client_key, max_retries=0
    ) as sdk:
        yield sdk


async def sent(running: Stack) -> dict:
    """The latest request the emulator got: its path, headers and body."""
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{running.emulator}/emulator/recent?n=1") as response,
    ):
        latest = msgspec.json.decode(await response.read())["requests"][0]
    body = base64.b64decode(latest["body"])
    return {"path": latest["target"], "headers": dict(latest["headers"]), "raw": body}


@BOTH
async def test_create(running: Stack, client: openai.AsyncOpenAI, model: str) -> None:
    answer = await client.chat.completions.create(model=model, messages=[QUESTION])
    assert answer.object == "chat.completion"
    assert answer.id.startswith("chatcmpl-")
    assert answer.choices[0].message.content
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage.prompt_tokens > 0
    assert answer._request_id.startswith("req_")
    assert running.client_key not in str((await sent(running))["headers"])


@BOTH
async def test_a_stream_says_the_same_as_the_whole(client: openai.AsyncOpenAI, model: str) -> None:
    whole = await client.chat.completions.create(model=model, messages=[QUESTION])
    async with client.chat.completions.stream(
        model=model, messages=[QUESTION], stream_options={"include_usage": True}
    ) as stream:
        final = await stream.get_final_completion()
    assert final.choices[0].message.content == whole.choices[0].message.content
    assert final.choices[0].finish_reason == whole.choices[0].finish_reason
    assert final.usage.to_dict() == whole.usage.to_dict()


@BOTH
async def test_usage_is_streamed_only_on_request(client: openai.AsyncOpenAI, model: str) -> None:
    stream = await client.chat.completions.create(model=model, messages=[QUESTION], stream=True)
    chunks = [chunk async for chunk in stream]
    assert all(chunk.usage is None and chunk.choices for chunk in chunks)
    assert chunks[0].choices[0].delta.role == "assistant"
    assert chunks[-1].choices[0].finish_reason == "stop"


@BOTH
async def test_tools_round_trip(client: openai.AsyncOpenAI, model: str) -> None:
    asked = await client.chat.completions.create(
        model=model, messages=[QUESTION], tools=[TOOL], tool_choice="required"
    )
    call = asked.choices[0].message.tool_calls[0]
    assert asked.choices[0].finish_reason == "tool_calls"
    assert call.function.name == "tide_table"
    assert "place" in msgspec.json.decode(call.function.arguments)
    answered = await client.chat.completions.create(
        model=model,
        tools=[TOOL],
        messages=[
            QUESTION,
            asked.choices[0].message.model_dump(exclude_none=True),
            {"role": "tool", "tool_call_id": call.id, "content": "6.8 m"},
        ],
    )
    assert "6.8 m" in answered.choices[0].message.content


@BOTH
async def test_parallel_calls_come_in_fragments(client: openai.AsyncOpenAI, model: str) -> None:
    text = (
        '[[tool: tide_table {"place": "Dover"}]] [[tool: tide_table {"place": "Calais, on the other side"}]]'
    )
    stream = await client.chat.completions.create(
        model=model, messages=[{"role": "user", "content": text}], tools=[TOOL], stream=True
    )
    arguments: dict[int, str] = {}
    fragments = 0
    async for chunk in stream:
        for call in chunk.choices[0].delta.tool_calls or ():
            fragments += 1
            arguments[call.index] = arguments.get(call.index, "") + (call.function.arguments or "")
    assert [msgspec.json.decode(each) for each in arguments.values()] == [
        {"place": "Dover"},
        {"place": "Calais, on the other side"},
    ]
    assert fragments > 4


@BOTH
async def test_structured_output(client: openai.AsyncOpenAI, model: str) -> None:
    form = {
        "type": "json_schema",
        "json_schema": {"name": "tide", "strict": True, "schema": PARAMETERS},
    }
    answer = await client.chat.completions.create(model=model, messages=[QUESTION], response_format=form)
    assert "place" in msgspec.json.decode(answer.choices[0].message.content)


@BOTH
async def test_upstream_errors_arrive_as_their_typed_exceptions(
    running: Stack, client: openai.AsyncOpenAI, model: str
) -> None:
    await running.faults({"kind": "status", "status": 429, "retry_after": 7})
    with pytest.raises(openai.RateLimitError) as limited:
        await client.chat.completions.create(model=model, messages=[QUESTION])
    assert limited.value.response.headers["retry-after"] == "7"
    assert limited.value.request_id.startswith("req_")
    assert limited.value.code == "rate_limit_exceeded"
    await running.faults({"kind": "status", "status": 500})
    with pytest.raises(openai.InternalServerError):
        await client.chat.completions.create(model=model, messages=[QUESTION])


@BOTH
async def test_a_broken_stream_is_an_error_and_no_end(
    running: Stack, client: openai.AsyncOpenAI, model: str
) -> None:
    await running.faults({"kind": "cut", "after_bytes": 1500})
    stream = await client.chat.completions.create(
        model=model, messages=[{"role": "user", "content": "[[tokens: 400]]"}], stream=True
    )
    with pytest.raises(openai.APIError, match="broke off"):
        async for chunk in stream:
            assert chunk.choices[0].finish_reason is None
    await running.faults({"kind": "stream_error", "after_bytes": 1500})
    stream = await client.chat.completions.create(
        model=model, messages=[{"role": "user", "content": "[[tokens: 400]]"}], stream=True
    )
    with pytest.raises(openai.APIError, match="Overloaded"):
        async for _ in stream:
            pass


@BOTH
async def test_client_mistakes_arrive_as_their_typed_exceptions(
    running: Stack, client: openai.AsyncOpenAI, model: str
) -> None:
    with pytest.raises(openai.BadRequestError, match="temperature") as refused:
        await client.chat.completions.create(model=model, messages=[QUESTION], temperature=2.5)
    assert refused.value.type == "invalid_request_error"
    with pytest.raises(openai.BadRequestError):
        await client.chat.completions.create(
            model=model, messages=[{"role": "tool", "tool_call_id": "c", "content": "x"}]
        )
    with pytest.raises(openai.NotFoundError):
        await client.chat.completions.create(model=f"{model}-none", messages=[QUESTION])
    async with openai.AsyncOpenAI(base_url=f"{running.url}/v1", api_key="tgk_wrong") as stranger:
        with pytest.raises(openai.AuthenticationError) as unknown:
            await stranger.chat.completions.create(model=model, messages=[QUESTION])
    assert unknown.value.code == "invalid_api_key"


async def test_what_cannot_be_told_is_refused_not_dropped(client: openai.AsyncOpenAI) -> None:
    audio = {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}}
    for change, place in (
        ({"n": 2}, "n"),
        ({"logprobs": True}, "logprobs"),
        ({"frequency_penalty": 0.5}, "frequency_penalty"),
        ({"response_format": {"type": "json_object"}}, "response_format"),
        ({"messages": [{"role": "user", "content": [audio]}]}, "messages.0.content.0"),
        ({"extra_body": {"guided_regex": "x"}}, "guided_regex"),
    ):
        with pytest.raises(openai.BadRequestError, match=f"{place}: .*Messages API"):
            await client.chat.completions.create(**{"model": CLAUDE, "messages": [QUESTION], **change})


@BOTH
async def test_the_sdk_retries_by_retry_after(running: Stack, model: str) -> None:
    await running.reset_emulator_counts()
    await running.faults({"kind": "status", "status": 429, "retry_after": 1})
    async with openai.AsyncOpenAI(
        base_url=f"{running.url}/v1", api_key=running.client_key, max_retries=1
    ) as patient:
        asked = asyncio.ensure_future(patient.chat.completions.create(model=model, messages=[QUESTION]))
        while not (await running.emulator_counts())["faults"].get("status"):
            await asyncio.sleep(0.02)
        await running.faults()
        assert (await asked).choices[0].message.content


async def test_an_openai_upstream_gets_and_gives_the_very_bytes(running: Stack) -> None:
    await running.faults()
    body = (
        b'{ "model" : "gpt-4o","messages":[ {"role":"user","name":"ann",'
        b'"content":"caf\\u00e9 \xc3\xa9"} ],\n "n":2, "logprobs":true,"seed":7, "logit_bias":{"5":-1} }'
    )
    headers = {"authorization": f"Bearer {running.client_key}", "content-type": "application/json"}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.post(f"{running.url}/v1/chat/completions", data=body) as response,
    ):
        assert response.status == 200, await response.text()
        answer = await response.read()
        assert response.headers["x-ratelimit-limit-requests"] == "10000"
    got = await sent(running)
    assert (got["raw"], got["path"]) == (body, "/v1/chat/completions")
    assert got["headers"]["authorization"] == "Bearer open-secret"
    told = msgspec.json.decode(answer)
    assert len(told["choices"]) == 2
    assert told["choices"][1]["logprobs"]["content"]
    assert told["system_fingerprint"] == "fp_emulated"


async def test_models_in_the_shape_of_who_asks(
    client: openai.AsyncOpenAI, claude: anthropic.AsyncAnthropic
) -> None:
    assert CLAUDE in [model.id async for model in client.models.list()]
    assert (await client.models.retrieve(CLAUDE)).object == "model"
    assert CLAUDE in [model.id async for model in claude.models.list()]


async def test_the_other_sdk_in_front_of_an_openai_upstream(claude: anthropic.AsyncAnthropic) -> None:
    whole = await claude.messages.create(model=GPT, max_tokens=300, messages=[QUESTION])
    assert whole.id.startswith("msg_")
    assert whole.stop_reason == "end_turn"
    async with claude.messages.stream(model=GPT, max_tokens=300, messages=[QUESTION]) as stream:
        final = await stream.get_final_message()
    assert final.content[0].text == whole.content[0].text
    assert final.usage.input_tokens == whole.usage.input_tokens > 0
    assert final.usage.output_tokens == whole.usage.output_tokens
    events = await claude.messages.create(model=GPT, max_tokens=300, messages=[QUESTION], stream=True)
    kinds = [event.type async for event in events]
    assert (kinds[0], kinds[1], kinds[-2:]) == (
        "message_start",
        "content_block_start",
        ["message_delta", "message_stop"],
    )


async def test_the_other_sdk_uses_tools_of_an_openai_upstream(claude: anthropic.AsyncAnthropic) -> None:
    tool = {"name": "tide_table", "input_schema": PARAMETERS}
    async with claude.messages.stream(
        model=GPT, max_tokens=300, messages=[QUESTION], tools=[tool], tool_choice={"type": "any"}
    ) as stream:
        asked = await stream.get_final_message()
    use = next(block for block in asked.content if block.type == "tool_use")
    assert asked.stop_reason == "tool_use"
    answered = await claude.messages.create(
        model=GPT,
        max_tokens=300,
        tools=[tool],
        messages=[
            QUESTION,
            {"role": "assistant", "content": [block.model_dump() for block in asked.content]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": use.id, "content": "6.8 m"}]},
        ],
    )
    assert "6.8 m" in answered.content[0].text


async def test_the_other_sdk_gets_its_own_errors(running: Stack, claude: anthropic.AsyncAnthropic) -> None:
    with pytest.raises(anthropic.NotFoundError, match="cannot count tokens"):
        await claude.messages.count_tokens(model=GPT, messages=[QUESTION])
    with pytest.raises(anthropic.BadRequestError, match=r"tools\.0: web_search_20250305"):
        search = {"type": "web_search_20250305", "name": "web_search"}
        await claude.messages.create(model=GPT, max_tokens=9, messages=[QUESTION], tools=[search])
    with pytest.raises(anthropic.BadRequestError, match="temperature"):
        await claude.messages.create(
            model=GPT, max_tokens=9, messages=[QUESTION], extra_body={"temperature": -1}
        )
    await running.faults({"kind": "status", "status": 429, "retry_after": 7})
    with pytest.raises(anthropic.RateLimitError) as limited:
        await claude.messages.create(model=GPT, max_tokens=9, messages=[QUESTION])
    assert limited.value.response.headers["retry-after"] == "7"
    assert limited.value.request_id.startswith("req_")
    assert limited.value.body["error"]["type"] == "rate_limit_error"


async def test_exchanges_feedback_and_cost_are_on_the_ledger(
    running: Stack, client: openai.AsyncOpenAI, claude: anthropic.AsyncAnthropic
) -> None:
    known = {row["id"] for row in await running.ledger()}
    long = "Be brief. " * 1500
    told: dict[str, object] = {}
    for model in (CLAUDE, GPT):
        for _ in range(2):
            answer = await client.chat.completions.create(
                model=model,
                messages=[{"role": "system", "content": long}, QUESTION],
                user="ann",
            )
        told[answer.id] = answer
    message = await claude.messages.create(model=GPT, max_tokens=200, messages=[QUESTION])
    rows = {row["message_id"]: row for row in await running.ledger() if row["id"] not in known}
    assert len(rows) == 5
    for identifier, answer in told.items():
        row = rows[identifier]
        cached = answer.usage.prompt_tokens_details.cached_tokens
        assert (row["route"], row["model"]) == ("chat_completions", answer.model)
        assert row["usage"].get("cache_read_tokens", 0) == cached
        assert row["usage"]["input_tokens"] == answer.usage.prompt_tokens - cached
        assert row["usage"]["output_tokens"] == answer.usage.completion_tokens
        assert row["cost_usd"] > 0
        async with (
            aiohttp.ClientSession(headers={"x-api-key": running.client_key}) as session,
            session.post(
                f"{running.url}/v1/feedback", json={"request_id": identifier, "vote": "up"}
            ) as response,
        ):
            assert await response.json() == {"status": "counted"}
    gpt = rows[message.id]
    assert (gpt["route"], gpt["model"]) == ("messages", GPT)
    assert rows[answer.id]["usage"]["cache_read_tokens"] > 3000


SYNC = """
import openai, sys
client = openai.OpenAI(base_url=sys.argv[1] + "/v1", api_key=sys.argv[2])
ask = {"model": sys.argv[3], "messages": [{"role": "user", "content": "Hello"}]}
whole = client.chat.completions.create(**ask)
text = "".join(c.choices[0].delta.content or "" for c in client.chat.completions.create(**ask, stream=True))
assert text == whole.choices[0].message.content
print(whole.choices[0].finish_reason)
"""


@BOTH
async def test_sync_client(running: Stack, model: str) -> None:
    await running.faults()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SYNC, running.url, running.client_key, model, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    assert (process.returncode, out.decode().strip()) == (0, "stop")


ROLLOUT = """
apiVersion: tidegate/v1
kind: Rollout
metadata: {name: contract-skills}
spec:
  candidate: {skills: {contract-analysis: latest}}
  stages:
    - {name: half, weight: 50, bake: 1h, promote: manual}
    - {name: full, weight: 100, bake: 1h, promote: manual}
"""


@BOTH
async def test_a_candidates_skill_is_served_and_control_untouched(
    running: Stack, client: openai.AsyncOpenAI, model: str
) -> None:
    if model == GPT:
        await running.publish("contract-analysis")
        await running.start_rollout(ROLLOUT)
    seen: dict[str, bytes] = {}
    for user in range(40):
        raw = await client.chat.completions.with_raw_response.create(
            model=model,
            messages=[
                {"role": "system", "content": "You are a lawyer."},
                {"role": "user", "content": "Review this contract for risky clauses."},
            ],
            user=f"user-{user}",
        )
        arm = raw.headers["tidegate-arm"]
        body = (await sent(running))["raw"]
        assert (b'<skill name=\\"contract-analysis\\"' in body) is (arm == "candidate")
        assert ("tidegate-skills" in raw.headers) is (arm == "candidate")
        seen[arm] = body
        if len(seen) == 2:
            break
    assert seen.keys() == {"candidate", "control"}
    assert b"You are a lawyer." in seen["candidate"]
    if model == GPT:
        assert msgspec.json.decode(seen["control"])["messages"][0]["content"] == "You are a lawyer."
        assert len(msgspec.json.decode(seen["candidate"])["messages"]) == 2
    await running.faults({"kind": "status", "status": 500, "skill": "contract-analysis"})
    fallbacks = 0
    for user in range(40):
        raw = await client.chat.completions.with_raw_response.create(
            model=model,
            messages=[{"role": "user", "content": "Review this contract for risky clauses."}],
            user=f"user-{user}",
        )
        fallbacks += raw.headers.get("tidegate-fallback") == "status"
        if fallbacks:
            break
    assert fallbacks
