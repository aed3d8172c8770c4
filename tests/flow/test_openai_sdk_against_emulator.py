"""The official OpenAI SDK speaks to the emulator's chat completions side, unchanged but for `base_url`."""

from collections.abc import AsyncIterator

import openai
import pytest

from tidegate.harness.emulator import Emulator, Fault, Profile, start_emulator

MODEL = "gpt-4o"
QUESTION = {"role": "user", "content": "How high is the tide at Dover?"}
TOOL = {
    "type": "function",
    "function": {
        "name": "tide_table",
        "description": "Height of the tide at a place.",
        "parameters": {
            "type": "object",
            "properties": {"place": {"type": "string"}},
            "required": ["place"],
        },
    },
}


@pytest.fixture
async def emulator() -> AsyncIterator[Emulator]:
    running = await start_emulator(Profile(), keys=["k"])
    yield running
    await running.close()


@pytest.fixture
async def client(emulator: Emulator) -> AsyncIterator[openai.AsyncOpenAI]:
    async with openai.AsyncOpenAI(base_url=f"{emulator.url}/v1", api_key="k", max_retries=0) as sdk:
        yield sdk


async def test_create_bills_what_it_counts(emulator: Emulator, client: openai.AsyncOpenAI) -> None:
    answer = await client.chat.completions.create(model=MODEL, messages=[QUESTION])
    assert answer.id.startswith("chatcmpl-")
    assert answer.choices[0].finish_reason == "stop"
    assert answer.choices[0].message.content
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens
    assert emulator.counts.usage.input_tokens == answer.usage.prompt_tokens
    assert emulator.counts.usage.output_tokens == answer.usage.completion_tokens
    assert answer._request_id.startswith("req_")


async def test_a_stream_says_the_same_as_the_whole(client: openai.AsyncOpenAI) -> None:
    whole = await client.chat.completions.create(model=MODEL, messages=[QUESTION])
    text, finish, usage = "", None, None
    stream = await client.chat.completions.create(
        model=MODEL, messages=[QUESTION], stream=True, stream_options={"include_usage": True}
    )
    async for chunk in stream:
        usage = chunk.usage or usage
        for choice in chunk.choices:
            text += choice.delta.content or ""
            finish = choice.finish_reason or finish
    assert (text, finish) == (whole.choices[0].message.content, "stop")
    assert usage == whole.usage


async def test_usage_is_streamed_only_on_request(client: openai.AsyncOpenAI) -> None:
    stream = await client.chat.completions.create(model=MODEL, messages=[QUESTION], stream=True)
    assert [chunk async for chunk in stream if chunk.usage or not chunk.choices] == []


async def test_tools_round_trip_streamed_in_fragments(client: openai.AsyncOpenAI) -> None:
    async with client.chat.completions.stream(
        model=MODEL, messages=[QUESTION], tools=[TOOL], tool_choice="required"
    ) as stream:
        asked = await stream.get_final_completion()
    call = asked.choices[0].message.tool_calls[0]
    assert asked.choices[0].finish_reason == "tool_calls"
    assert call.function.name == "tide_table"
    answered = await client.chat.completions.create(
        model=MODEL,
        tools=[TOOL],
        messages=[
            QUESTION,
            {
                "role": "assistant",
                "tool_calls": [
                    {
                        "id": call.id,
                        "type": "function",
                        "function": {"name": call.function.name, "arguments": call.function.arguments},
                    }
                ],
            },
            {"role": "tool", "tool_call_id": call.id, "content": "6.8 m"},
        ],
    )
    assert "6.8 m" in answered.choices[0].message.content


async def test_several_choices_and_logprobs(client: openai.AsyncOpenAI) -> None:
    answer = await client.chat.completions.create(model=MODEL, messages=[QUESTION], n=3, logprobs=True)
    assert [choice.index for choice in answer.choices] == [0, 1, 2]
    assert answer.choices[2].logprobs.content[0].token == answer.choices[2].message.content


async def test_a_long_prompt_is_cached_by_itself(client: openai.AsyncOpenAI) -> None:
    long = [{"role": "system", "content": "Be brief. " * 1000}, QUESTION]
    first = await client.chat.completions.create(model=MODEL, messages=long)
    again = await client.chat.completions.create(model=MODEL, messages=[*long, QUESTION])
    assert first.usage.prompt_tokens_details.cached_tokens == 0
    cached = again.usage.prompt_tokens_details.cached_tokens
    assert cached > 2000
    assert cached % 128 == 0


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"messages": []}, "messages"),
        ({"temperature": 3}, "temperature"),
        ({"extra_body": {"top_k": 4}}, "Unrecognized request argument supplied: top_k"),
        ({"messages": [{"role": "tool", "tool_call_id": "c", "content": "x"}]}, "role 'tool'"),
        ({"tool_choice": "required"}, "tool_choice"),
        ({"stream_options": {"include_usage": True}}, "stream_options"),
        ({"max_tokens": 4, "max_completion_tokens": 4}, "at the same time"),
        ({"messages": [{"role": "robot", "content": "x"}]}, "robot"),
    ],
)
async def test_what_the_api_refuses_is_a_bad_request(
    client: openai.AsyncOpenAI, change: dict, said: str
) -> None:
    with pytest.raises(openai.BadRequestError, match=said) as raised:
        await client.chat.completions.create(**{"model": MODEL, "messages": [QUESTION], **change})
    assert raised.value.type == "invalid_request_error"


async def test_unanswered_calls_are_refused(client: openai.AsyncOpenAI) -> None:
    call = {"id": "call_1", "type": "function", "function": {"name": "tide_table", "arguments": "{}"}}
    with pytest.raises(openai.BadRequestError, match="call_1"):
        await client.chat.completions.create(
            model=MODEL, messages=[QUESTION, {"role": "assistant", "tool_calls": [call]}, QUESTION]
        )


async def test_unknown_models_and_keys(emulator: Emulator, client: openai.AsyncOpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as missing:
        await client.chat.completions.create(model="gpt-none", messages=[QUESTION])
    assert missing.value.code == "model_not_found"
    async with openai.AsyncOpenAI(base_url=f"{emulator.url}/v1", api_key="wrong") as stranger:
        with pytest.raises(openai.AuthenticationError) as refused:
            await stranger.models.list()
    assert refused.value.code == "invalid_api_key"


async def test_models(client: openai.AsyncOpenAI) -> None:
    assert MODEL in [model.id async for model in client.models.list()]
    assert (await client.models.retrieve("qwen3-8b")).owned_by == "emulator"
    with pytest.raises(openai.NotFoundError):
        await client.models.retrieve("none")


@pytest.mark.parametrize(
    ("status", "error"), [(429, openai.RateLimitError), (500, openai.InternalServerError)]
)
async def test_status_faults(
    emulator: Emulator, client: openai.AsyncOpenAI, status: int, error: type[Exception]
) -> None:
    emulator.set_faults([Fault(kind="status", status=status, retry_after=3, model=MODEL)])
    with pytest.raises(error) as raised:
        await client.chat.completions.create(model=MODEL, messages=[QUESTION])
    assert raised.value.response.headers["retry-after"] == "3"


async def test_a_stream_error_ends_a_stream(emulator: Emulator, client: openai.AsyncOpenAI) -> None:
    emulator.set_faults([Fault(kind="stream_error")])
    stream = await client.chat.completions.create(model=MODEL, messages=[QUESTION], stream=True)
    with pytest.raises(openai.APIError, match="Overloaded"):
        async for _ in stream:
            pass


async def test_a_fault_of_a_skill_finds_it_in_the_system_message(
    emulator: Emulator, client: openai.AsyncOpenAI
) -> None:
    emulator.set_faults([Fault(kind="status", skill="pilot")])
    await client.chat.completions.create(model=MODEL, messages=[QUESTION])
    with pytest.raises(openai.InternalServerError):
        await client.chat.completions.create(
            model=MODEL,
            messages=[{"role": "system", "content": '<skill name="pilot" version="1">x</skill>'}, QUESTION],
        )
    assert emulator.counts.skills == {"pilot": 1}
