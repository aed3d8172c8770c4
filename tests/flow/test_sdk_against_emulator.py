"""The official SDK, unchanged but for its base URL and key, against the emulator on real sockets."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Iterator

import anthropic
import httpx2
import pydantic
import pytest

from tidegate.harness.emulator import Emulator, Fault, Profile, start_emulator

KEY = "emulator-key"
ASK = {"model": "claude-haiku-4-5", "max_tokens": 300}
WEATHER = {
    "name": "get_weather",
    "description": "The weather in a city",
    "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}


def said(text: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": text}]


@pytest.fixture
async def emulator() -> AsyncIterator[Emulator]:
    running = await start_emulator(Profile(), keys=[KEY])
    yield running
    await running.close()


@pytest.fixture
async def client(emulator: Emulator) -> AsyncIterator[anthropic.AsyncAnthropic]:
    async with anthropic.AsyncAnthropic(api_key=KEY, base_url=emulator.url, max_retries=0) as client:
        yield client


@pytest.fixture
def plain(emulator: Emulator) -> Iterator[anthropic.Anthropic]:
    """The synchronous client; its calls go to a thread, as the emulator is on this loop."""
    with anthropic.Anthropic(api_key=KEY, base_url=emulator.url, max_retries=0) as client:
        yield client


async def test_create(client):
    message = await client.messages.create(**ASK, messages=said("hello"))
    assert message.content[0].type == "text"
    assert message.stop_reason == "end_turn"
    assert message.usage.output_tokens > 0
    assert message._request_id.startswith("req_")


async def test_create_with_the_synchronous_client(plain):
    message = await asyncio.to_thread(plain.messages.create, **ASK, messages=said("[[echo: good day]]"))
    assert message.content[0].text == "good day"


async def test_raw_response_headers(client):
    raw = await client.messages.with_raw_response.create(**ASK, messages=said("hello"))
    assert raw.headers["anthropic-organization-id"]
    assert int(raw.headers["anthropic-ratelimit-tokens-remaining"]) > 0
    assert raw.headers["content-type"] == "application/json"


async def test_the_stream_helper_accumulates_the_message_that_create_gives(client):
    whole = await client.messages.create(**ASK, messages=said("hello"))
    async with client.messages.stream(**ASK, messages=said("hello")) as stream:
        text = "".join([piece async for piece in stream.text_stream])
        final = await stream.get_final_message()
    assert text == whole.content[0].text
    assert [block.text for block in final.content] == [block.text for block in whole.content]
    assert final.stop_reason == whole.stop_reason
    assert final.usage == whole.usage


async def test_the_stream_helper_of_the_synchronous_client(plain):
    def streamed() -> str:
        with plain.messages.stream(**ASK, messages=said("[[echo: piece by piece, to the end]]")) as stream:
            return "".join(stream.text_stream)

    assert await asyncio.to_thread(streamed) == "piece by piece, to the end"


async def test_raw_stream_events(client):
    stream = await client.messages.create(**ASK, messages=said("[[echo: hi]]"), stream=True)
    kinds = [event.type async for event in stream]
    assert kinds == [
        "message_start",
        "content_block_start",
        "content_block_delta",
        "content_block_stop",
        "message_delta",
        "message_stop",
    ]


async def test_a_tool_turn_there_and_back(client):
    asked = said('[[tool: get_weather {"city": "Riga"}]]')
    first = await client.messages.create(**ASK, messages=asked, tools=[WEATHER])
    assert first.stop_reason == "tool_use"
    call = first.content[-1]
    assert (call.name, call.input) == ("get_weather", {"city": "Riga"})
    result = {"type": "tool_result", "tool_use_id": call.id, "content": "4 degrees"}
    second = await client.messages.create(
        **ASK,
        tools=[WEATHER],
        messages=[
            *asked,
            {"role": "assistant", "content": first.content},
            {"role": "user", "content": [result]},
        ],
    )
    assert second.stop_reason == "end_turn"
    assert "4 degrees" in second.content[0].text


async def test_a_streamed_tool_call_assembles_its_input(client):
    text = '[[tool: get_weather {"city": "' + "x" * 100 + '"}]] [[tool: get_weather {"city": "Riga"}]]'
    async with client.messages.stream(**ASK, messages=said(text), tools=[WEATHER]) as stream:
        kinds = [event.type async for event in stream]
        final = await stream.get_final_message()
    assert "input_json" in kinds
    assert [block.input["city"] for block in final.content if block.type == "tool_use"] == ["x" * 100, "Riga"]


async def test_a_forced_tool_is_called(client):
    choice = {"type": "tool", "name": "get_weather"}
    message = await client.messages.create(**ASK, messages=said("hi"), tools=[WEATHER], tool_choice=choice)
    assert [(block.type, block.name) for block in message.content] == [("tool_use", "get_weather")]


async def test_streamed_thinking_is_signed(client):
    async with client.messages.stream(
        model="claude-haiku-4-5",
        max_tokens=2000,
        messages=said("hello"),
        thinking={"type": "enabled", "budget_tokens": 1024},
    ) as stream:
        final = await stream.get_final_message()
    assert [block.type for block in final.content] == ["thinking", "text"]
    assert final.content[0].thinking
    assert final.content[0].signature


async def test_structured_output_parses(client):
    class Reply(pydantic.BaseModel):
        ok: bool
        names: list[str]

    message = await client.messages.parse(**ASK, messages=said("hello"), output_format=Reply)
    assert message.parsed_output == Reply(ok=True, names=["example"])


async def test_prompt_cache_usage(client):
    system = [{"type": "text", "text": "x" * 8000, "cache_control": {"type": "ephemeral", "ttl": "1h"}}]
    first = await client.messages.create(**ASK, system=system, messages=said("one"))
    second = await client.messages.create(**ASK, system=system, messages=said("two"))
    assert first.usage.cache_creation.ephemeral_1h_input_tokens == 2000
    assert second.usage.cache_read_input_tokens == 2000
    assert second.usage.input_tokens < 20


async def test_count_tokens(client):
    counted = await client.messages.count_tokens(model="claude-haiku-4-5", messages=said("x" * 400))
    assert counted.input_tokens == 103


async def test_models(client, plain):
    listed = [model.id async for model in client.models.list(limit=2)]
    assert len(listed) == len(set(listed)) > 2
    assert "claude-haiku-4-5-20251001" in listed
    found = await asyncio.to_thread(plain.models.retrieve, "claude-haiku-4-5")
    assert (found.display_name, found.lifecycle) == ("Claude Haiku 4.5", "active")


@pytest.mark.parametrize(
    ("status", "error", "kind"),
    [
        (400, anthropic.BadRequestError, "invalid_request_error"),
        (403, anthropic.PermissionDeniedError, "permission_error"),
        (413, anthropic.ContentTooLargeError, "request_too_large"),
        (429, anthropic.RateLimitError, "rate_limit_error"),
        (500, anthropic.InternalServerError, "api_error"),
        (529, anthropic.OverloadedError, "overloaded_error"),
    ],
)
async def test_statuses_raise_their_typed_errors(client, emulator, status, error, kind):
    emulator.set_faults([Fault(kind="status", status=status)])
    with pytest.raises(error) as raised:
        await client.messages.create(**ASK, messages=said("hello"))
    assert raised.value.status_code == status
    assert raised.value.body["error"]["type"] == kind
    assert raised.value.request_id == raised.value.body["request_id"]


async def test_an_unknown_key_raises_an_authentication_error(emulator):
    async with anthropic.AsyncAnthropic(api_key="other", base_url=emulator.url) as client:
        with pytest.raises(anthropic.AuthenticationError):
            await client.messages.create(**ASK, messages=said("hello"))


async def test_an_unknown_model_raises_not_found(client):
    with pytest.raises(anthropic.NotFoundError, match="model: claude-none"):
        await client.messages.create(model="claude-none", max_tokens=5, messages=said("hello"))


async def test_a_bad_request_raises_with_the_field_named(client):
    with pytest.raises(anthropic.BadRequestError, match="messages: at least one message is required"):
        await client.messages.create(**ASK, messages=[])


async def test_sampling_parameters_are_refused_as_the_sdk_speaks_the_newer_version(client):
    with pytest.raises(anthropic.BadRequestError, match="temperature: Extra inputs are not permitted"):
        await client.messages.create(**ASK, messages=said("hello"), extra_body={"temperature": 0})


async def test_a_retry_waits_as_long_as_the_answer_says(client, emulator):
    emulator.set_faults([Fault(kind="status", status=429, retry_after=0.2)])
    patient = client.with_options(max_retries=1)
    loop = asyncio.get_running_loop()
    began = loop.time()
    with pytest.raises(anthropic.RateLimitError):
        await patient.messages.create(**ASK, messages=said("hello"))
    assert emulator.counts.answers == {"429": 2}
    assert loop.time() - began >= 0.2


async def test_a_retry_succeeds_once_the_fault_is_gone(client, emulator):
    emulator.set_faults([Fault(kind="status", status=529, retry_after=0.3)])
    asked = asyncio.create_task(
        client.with_options(max_retries=1).messages.create(**ASK, messages=said("hello"))
    )
    async with asyncio.timeout(10):
        while not emulator.counts.answers:
            await asyncio.sleep(0)
    emulator.set_faults([])
    assert (await asked).stop_reason == "end_turn"
    assert emulator.counts.answers == {"529": 1, "200": 1}


async def test_a_failed_stream_raises_what_the_error_event_says(client, emulator):
    emulator.set_faults([Fault(kind="stream_error", error="overloaded_error")])
    with pytest.raises(anthropic.APIStatusError) as raised:
        async with client.messages.stream(**ASK, messages=said("hello")) as stream:
            await stream.get_final_message()
    assert raised.value.body["error"]["type"] == "overloaded_error"


async def test_a_reset_raises_a_connection_error(client, emulator):
    emulator.set_faults([Fault(kind="reset")])
    with pytest.raises(anthropic.APIConnectionError):
        await client.messages.create(**ASK, messages=said("hello"))


async def test_a_cut_stream_raises(client, emulator):
    emulator.set_faults([Fault(kind="cut")])
    with pytest.raises(httpx2.RemoteProtocolError):
        async with client.messages.stream(**ASK, messages=said("hello")) as stream:
            await stream.get_final_message()


async def test_a_hang_times_out_and_leaves_nothing_open(client, emulator):
    emulator.set_faults([Fault(kind="hang")])
    with pytest.raises(anthropic.APITimeoutError):
        await client.with_options(timeout=0.1).messages.create(**ASK, messages=said("hello"))
    async with asyncio.timeout(10):
        while emulator.counts.open_requests:
            await asyncio.sleep(0)


async def test_leaving_a_stream_early_leaves_nothing_open(client, emulator):
    text = said("[[tokens: 200]]" + '[[fault: {"kind": "slow", "seconds": 60}]]')
    async with client.messages.stream(**ASK, messages=text) as stream:
        await anext(aiter(stream))
        assert emulator.counts.open_requests == 1
    async with asyncio.timeout(10):
        while emulator.counts.open_requests:
            await asyncio.sleep(0)


async def test_what_the_sdk_sends_is_what_arrives(client, emulator):
    await client.messages.create(**ASK, messages=said("grüße"), metadata={"user_id": "u1"})
    shown = emulator.recent(1)[0]
    assert dict(shown.headers)["authorization"] == f"Bearer {KEY}"
    assert json.loads(base64.b64decode(shown.body))["metadata"] == {"user_id": "u1"}
