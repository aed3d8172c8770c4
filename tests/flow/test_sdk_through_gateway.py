"""The official SDK speaks to the gateway, unchanged but for `base_url` and key."""

import asyncio
import base64
import sys
from collections.abc import AsyncGenerator

import aiohttp
import anthropic
import msgspec
import pytest
import pytest_asyncio
from stack import Stack, stack

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("sdk")]

TOOL: anthropic.types.ToolParam = {
    "name": "tide_table",
    "description": "Height of the tide at a place.",
    "input_schema": {"type": "object", "properties": {"place": {"type": "string"}}, "required": ["place"]},
}
QUESTION: anthropic.types.MessageParam = {"role": "user", "content": "How high is the tide at Dover?"}
MODEL = "claude-sonnet-4-6"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Stack]:
    async with stack(tmp_path_factory.mktemp("sdk")) as it:
        yield it


@pytest_asyncio.fixture(loop_scope="module")
async def client(running: Stack) -> AsyncGenerator[anthropic.AsyncAnthropic]:
    await running.faults()
    async with anthropic.AsyncAnthropic(
        base_url=running.url, api_key=running.client_key, max_retries=0
    ) as sdk:
        yield sdk


async def test_create(client: anthropic.AsyncAnthropic) -> None:
    message = await client.messages.create(model=MODEL, max_tokens=100, messages=[QUESTION])
    assert message.role == "assistant"
    assert message.content[0].type == "text"
    assert message.usage.input_tokens > 0
    assert message._request_id.startswith("req_")


async def test_stream_by_helper_and_by_events(client: anthropic.AsyncAnthropic) -> None:
    async with client.messages.stream(model=MODEL, max_tokens=100, messages=[QUESTION]) as stream:
        text = "".join([piece async for piece in stream.text_stream])
        final = await stream.get_final_message()
    assert text == final.content[0].text
    assert final.stop_reason in {"end_turn", "max_tokens"}
    events = await client.messages.create(model=MODEL, max_tokens=100, messages=[QUESTION], stream=True)
    kinds = [event.type async for event in events]
    assert (kinds[0], kinds[-1]) == ("message_start", "message_stop")


async def test_tools_round_trip(client: anthropic.AsyncAnthropic) -> None:
    asked = await client.messages.create(
        model=MODEL,
        max_tokens=200,
        messages=[QUESTION],
        tools=[TOOL],
        tool_choice={"type": "tool", "name": "tide_table"},
    )
    use = next(block for block in asked.content if block.type == "tool_use")
    assert asked.stop_reason == "tool_use"
    answered = await client.messages.create(
        model=MODEL,
        max_tokens=200,
        tools=[TOOL],
        messages=[
            QUESTION,
            {"role": "assistant", "content": [block.model_dump() for block in asked.content]},
            {
                "role": "user",
                "content": [{"type": "tool_result", "tool_use_id": use.id, "content": "6.8 m"}],
            },
        ],
    )
    assert answered.stop_reason == "end_turn"


async def test_count_tokens_and_models(client: anthropic.AsyncAnthropic) -> None:
    counted = await client.messages.count_tokens(model=MODEL, messages=[QUESTION])
    assert counted.input_tokens > 0
    listed = await client.models.list()
    assert MODEL in str(listed.data)


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"kind": "status", "status": 429, "retry_after": 1}, anthropic.RateLimitError),
        ({"kind": "status", "status": 529}, anthropic.InternalServerError),
        ({"kind": "status", "status": 500}, anthropic.InternalServerError),
    ],
    ids=["429", "529", "500"],
)
async def test_upstream_errors_arrive_as_their_typed_exceptions(
    running: Stack, client: anthropic.AsyncAnthropic, fault: dict[str, object], error: type[Exception]
) -> None:
    await running.faults({**fault, "share": 1.0})
    with pytest.raises(error) as raised:
        await client.messages.create(model=MODEL, max_tokens=10, messages=[QUESTION])
    assert raised.value.body["type"] == "error"
    if "retry_after" in fault:
        assert raised.value.response.headers["retry-after"] == str(fault["retry_after"])


async def test_client_mistakes_arrive_as_their_typed_exceptions(
    running: Stack, client: anthropic.AsyncAnthropic
) -> None:
    with pytest.raises(anthropic.NotFoundError):
        await client.messages.create(model="claude-none-9", max_tokens=10, messages=[QUESTION])
    with pytest.raises(anthropic.BadRequestError, match="max_tokens"):
        await client.messages.create(model=MODEL, max_tokens=-1, messages=[QUESTION])
    async with anthropic.AsyncAnthropic(base_url=running.url, api_key="tgk_wrong") as stranger:
        with pytest.raises(anthropic.AuthenticationError):
            await stranger.messages.create(model=MODEL, max_tokens=10, messages=[QUESTION])


async def test_the_sdk_retries_by_retry_after(running: Stack) -> None:
    await running.reset_emulator_counts()
    await running.faults({"kind": "status", "status": 429, "retry_after": 2, "share": 1.0})
    loop = asyncio.get_running_loop()
    async with anthropic.AsyncAnthropic(
        base_url=running.url, api_key=running.client_key, max_retries=1
    ) as patient:
        began = loop.time()
        asked = asyncio.ensure_future(
            patient.messages.create(model=MODEL, max_tokens=10, messages=[QUESTION])
        )
        while not (await running.emulator_counts())["faults"].get("status"):
            await asyncio.sleep(0.02)
        await running.faults()
        message = await asked
    assert message.content
    assert loop.time() - began >= 2.0  # the SDK's own backoff is half a second: it obeyed the header


async def test_sync_client(running: Stack) -> None:
    await running.faults()
    program = (
        "import anthropic, sys\n"
        "client = anthropic.Anthropic(base_url=sys.argv[1], auth_token=sys.argv[2], api_key=None)\n"
        f"message = client.messages.create(model={MODEL!r}, max_tokens=20,"
        " messages=[{'role': 'user', 'content': 'Hello'}])\n"
        "with client.messages.stream("
        f"model={MODEL!r}, max_tokens=20, messages=[{{'role': 'user', 'content': 'Hello'}}]) as stream:\n"
        "    text = ''.join(stream.text_stream)\n"
        "assert text == stream.get_final_message().content[0].text\n"
        "print(message.stop_reason)\n"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, running.url, running.client_key, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    assert process.returncode == 0
    assert out.decode().strip() in {"end_turn", "max_tokens"}


async def test_without_a_rollout_the_body_passes_byte_identical(running: Stack) -> None:
    await running.faults()
    body = (
        b'{ "model" : "claude-sonnet-4-6","max_tokens":16, "messages":[ {"role":"user",'
        b'"content":"caf\\u00e9 \xc3\xa9"} ],\n "temperature":1.0 }'
    )
    headers = {"x-api-key": running.client_key, "anthropic-version": "2023-06-01"}
    async with aiohttp.ClientSession(headers=headers) as session:
        async with session.post(f"{running.url}/v1/messages", data=body) as response:
            assert response.status == 200, await response.text()
        async with session.get(f"{running.emulator}/emulator/recent?n=1") as response:
            recent = msgspec.json.decode(await response.read())
    assert base64.b64decode(recent["requests"][0]["body"]) == body
    assert running.client_key not in str(recent)
