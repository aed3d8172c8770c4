"""A sample skill's references and script through both official SDKs, on real processes; caches measured."""

import asyncio
from collections.abc import AsyncGenerator, Callable

import anthropic
import msgspec
import openai
import pytest
import pytest_asyncio
from hosted_parts import CLIENT_CALL, THEN, TIDE
from stack import SKILLS, GatewayProcess, Stack, stack

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("hosted")]

MODEL, GPT = "claude-sonnet-4-6", "gpt-4o"
BOTH = pytest.mark.parametrize("model", [MODEL, GPT], ids=["messages", "chat"])
STREAMS = pytest.mark.parametrize("stream", [False, True], ids=["json", "stream"])
# another process does not know the conversation: within the grace it would leave it on the old side
CONFIG = """
[routing]
conversation_grace = "0s"

[upstreams.open]
kind = "openai"
url = "EMULATOR"
key = "open-secret"
models = ["gpt-*"]
"""
PLAN = """
apiVersion: tidegate/v1
kind: Rollout
metadata: {name: %s}
spec:
  baseline: {skills: {}}
  candidate: {skills: {contract-analysis: 1, log-digest: 1}, timeout: 30s}
  stages: [{name: full, weight: 100, bake: 1h, promote: manual, holdout: 0}]
  gates: {errors: {max: 50%%, worse: pause}, samples: {min: 100, unsure: hold}}
"""
RUBRIC = "references/risk-rubric.md"
READ = f'[[tool: tidegate_read_skill_file {{"skill": "contract-analysis", "path": "{RUBRIC}"}}]]'
LOG = "2026-01-31 12:00:01 ERROR disk 7 is full\\n2026-01-31 12:00:09 ERROR disk 8 is full\\n"
RUN = (
    '[[tool: tidegate_run_skill_script {"skill": "log-digest", "script": "scripts/log_digest.py", '
    f'"arguments": ["--top", "3"], "stdin": "{LOG}"}}]]'
)
CONTRACT, LOGS = "Review this contract for risky clauses. ", "Summarise these logs. "


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Stack]:
    async with stack(tmp_path_factory.mktemp("hosted"), config=CONFIG, scripts=True) as it:
        await it.publish("contract-analysis", "log-digest")
        await it.start_rollout(PLAN % "hosted")
        yield it


@pytest_asyncio.fixture(loop_scope="module")
async def client(running: Stack) -> AsyncGenerator[anthropic.AsyncAnthropic]:
    async with sdk(running.url, running.client_key) as it:
        yield it


def sdk(url: str, key: str) -> anthropic.AsyncAnthropic:
    return anthropic.AsyncAnthropic(base_url=url, api_key=key, max_retries=0)


async def answered(
    client: anthropic.AsyncAnthropic, *, stream: bool, **more: object
) -> anthropic.types.Message:
    """The message by either way; a stream is put together by the SDK itself."""
    asked = {"model": MODEL, "max_tokens": 4000, **more}
    if not stream:
        return await client.messages.create(**asked)
    async with client.messages.stream(**asked) as events:
        return await events.get_final_message()


def user(text: str) -> anthropic.types.MessageParam:
    return {"role": "user", "content": text}


@BOTH
@STREAMS
async def test_a_sample_skill_reads_its_reference_and_runs_its_script(
    running: Stack, client: anthropic.AsyncAnthropic, stream: bool, model: str
) -> None:
    read = await answered(client, stream=stream, model=model, messages=[user(CONTRACT + READ + THEN)])
    reference = (SKILLS / "contract-analysis" / RUBRIC).read_text()
    assert reference[:300] in "".join(block.text for block in read.content)
    assert read.stop_reason == "end_turn"
    ran = await answered(client, stream=stream, model=model, messages=[user(LOGS + RUN + THEN)])
    told = "".join(block.text for block in ran.content)
    assert "exit code: 0" in told
    assert "2 lines, 2 messages: error 2" in told
    assert "disk <n> is full" in told
    lines = (await running.ledger())[-2:]
    assert [line["usage"]["input_tokens"] for line in lines] == [
        read.usage.input_tokens,
        ran.usage.input_tokens,
    ]
    assert [line["skill_outcome"] for line in lines] == ["ok", "ok"]
    assert [line["turns"] for line in lines] == [2, 2]
    assert [line["skill_errors"] for line in lines] == [[], []]


@pytest_asyncio.fixture(loop_scope="module")
async def chat(running: Stack) -> AsyncGenerator[openai.AsyncOpenAI]:
    async with chat_sdk(running.url, running.client_key) as it:
        yield it


def chat_sdk(url: str, key: str) -> openai.AsyncOpenAI:
    return openai.AsyncOpenAI(base_url=f"{url}/v1", api_key=key, max_retries=0)


async def completed(
    chat: openai.AsyncOpenAI, *, stream: bool, **more: object
) -> openai.types.chat.ChatCompletion:
    """The completion by either way; a stream is put together by the SDK itself."""
    if not stream:
        return await chat.chat.completions.create(**more)
    asked = {**more, "stream_options": {"include_usage": True}}
    async with chat.chat.completions.stream(**asked) as events:
        return await events.get_final_completion()


@BOTH
@STREAMS
async def test_a_sample_skill_serves_the_openai_sdk_too(
    running: Stack, chat: openai.AsyncOpenAI, stream: bool, model: str
) -> None:
    read = await completed(chat, stream=stream, model=model, messages=[user(CONTRACT + READ + THEN)])
    ran = await completed(chat, stream=stream, model=model, messages=[user(LOGS + RUN + THEN)])
    reference = (SKILLS / "contract-analysis" / RUBRIC).read_text()
    assert reference[:300] in read.choices[0].message.content
    assert "2 lines, 2 messages: error 2" in ran.choices[0].message.content
    assert [each.choices[0].finish_reason for each in (read, ran)] == ["stop", "stop"]
    assert not read.choices[0].message.tool_calls
    lines = (await running.ledger())[-2:]
    assert [line["message_id"] for line in lines] == [read.id, ran.id]
    cached = [each.usage.prompt_tokens_details.cached_tokens for each in (read, ran)]
    whole = [
        sum(line["usage"].get(kind, 0) for kind in ("input_tokens", "cache_read_tokens")) for line in lines
    ]
    assert whole == [each.usage.prompt_tokens for each in (read, ran)]
    assert [line["usage"].get("cache_read_tokens", 0) for line in lines] == cached
    assert [line["usage"]["output_tokens"] for line in lines] == [
        each.usage.completion_tokens for each in (read, ran)
    ]
    assert [(line["skill_outcome"], line["turns"], line["skill_errors"]) for line in lines] == [
        ("ok", 2, [])
    ] * 2
    assert all(line["cost_usd"] > 0 for line in lines)


CHAT_TIDE = {
    "type": "function",
    "function": {**{key: TIDE[key] for key in ("name", "description")}, "parameters": TIDE["input_schema"]},
}


async def test_mixed_turns_of_the_openai_sdk_go_on_in_another_process(
    running: Stack, chat: openai.AsyncOpenAI
) -> None:
    opening = user(CONTRACT + READ + CLIENT_CALL + THEN)
    other = GatewayProcess(running.gateway.home, running.emulator, running.folder / "another.log")
    await other.start()
    try:
        async with chat_sdk(other.url, running.client_key) as elsewhere:
            for model, stream in ((MODEL, False), (MODEL, True), (GPT, False), (GPT, True)):
                request = {"model": model, "tools": [CHAT_TIDE], "stream": stream}
                stopped = (await completed(chat, **request, messages=[opening])).choices[0]
                (call,) = stopped.message.tool_calls
                assert (stopped.finish_reason, call.function.name) == ("tool_calls", "tide_table")
                assert msgspec.json.decode(call.function.arguments) == {"place": "Dover"}
                history = [
                    opening,
                    stopped.message.model_dump(exclude_none=True, exclude={"parsed"}),
                    {"role": "tool", "tool_call_id": call.id, "content": "6.8 m"},
                ]
                ended = (await completed(elsewhere, **request, messages=history)).choices[0]
                reference = (SKILLS / "contract-analysis" / RUBRIC).read_text()
                assert reference[:300] in ended.message.content
                assert "6.8 m" in ended.message.content
    finally:
        assert await other.stop() == 0


@pytest.mark.parametrize(("stream", "model"), [(True, MODEL), (False, GPT)])
async def test_a_mixed_turn_goes_on_in_another_process_and_after_a_rollback(
    running: Stack, client: anthropic.AsyncAnthropic, stream: bool, model: str
) -> None:
    request = {"model": model, "tools": [TIDE], "messages": [user(CONTRACT + READ + CLIENT_CALL + THEN)]}
    stopped = await answered(client, stream=stream, **request)
    call = stopped.content[-1]
    assert (stopped.stop_reason, call.name, call.input) == ("tool_use", "tide_table", {"place": "Dover"})
    result = {"type": "tool_result", "tool_use_id": call.id, "content": "6.8 m"}
    history = [
        *request["messages"],
        {"role": "assistant", "content": [block.model_dump(exclude_none=True) for block in stopped.content]},
        {"role": "user", "content": [result]},
    ]
    home = running.gateway.home
    other = GatewayProcess(home, running.emulator, running.folder / "other.log")
    await other.start()
    try:
        async with sdk(other.url, running.client_key) as elsewhere:
            ended = await answered(elsewhere, stream=stream, model=model, tools=[TIDE], messages=history)
        text = "".join(block.text for block in ended.content)
        assert (SKILLS / "contract-analysis" / RUBRIC).read_text()[:300] in text
        assert "6.8 m" in text
    finally:
        assert await other.stop() == 0
    await running.operator("switch", "off", "--skill", "contract-analysis", "--reason", "test")
    try:
        plain = await answered(client, stream=stream, model=model, tools=[TIDE], messages=history)
        assert "The tool answered: 6.8 m" in plain.content[0].text
    finally:
        await running.operator("switch", "on", "--skill", "contract-analysis", "--reason", "test")


LONG = "Facts that the client says of itself, many times over. " * 120
MARK = {"cache_control": {"type": "ephemeral"}}


async def conversation(client: anthropic.AsyncAnthropic, opening: str, turns: int = 10) -> list[int]:
    """Cache-read tokens of each turn; all four breakpoints are the client's: tools, system, two messages."""
    tools = [{**TIDE, "description": LONG, **MARK}]
    system = [{"type": "text", "text": LONG, **MARK}]
    history: list[dict] = []
    reads: list[int] = []
    for turn in range(turns):
        text = (opening if turn == 0 else f"and number {turn}? ") + "[[tokens: 80]]"
        history.append({"role": "user", "content": [{"type": "text", "text": text}]})
        users = [message for message in history if message["role"] == "user"]
        for message in users:
            message["content"][0].pop("cache_control", None)
        for message in users[-2:]:
            message["content"][0].update(MARK)
        got = await client.messages.create(
            model=MODEL, max_tokens=200, tools=tools, system=system, messages=history
        )
        reads.append(got.usage.cache_read_input_tokens or 0)
        history.append({"role": "assistant", "content": [{"type": "text", "text": got.content[0].text}]})
    return reads


async def test_a_clients_prompt_cache_is_read_as_without_the_skill(
    client: anthropic.AsyncAnthropic, figure: Callable[[str], None]
) -> None:
    plain, hosted = await asyncio.gather(
        conversation(client, "Tell me of tides. "), conversation(client, CONTRACT)
    )
    shares = [with_skill / without for with_skill, without in zip(hosted[1:], plain[1:], strict=True)]
    figure(f"prompt cache, 10 turns, 4 breakpoints of the client's: cache-read tokens without skill {plain}")
    figure(f"  with a skill and its tools {hosted}; from turn 2 on at least {min(shares):.0%} of it")
    assert min(shares) >= 0.9
