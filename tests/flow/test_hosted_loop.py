"""A sample skill's references and script through the official SDK, on real processes; caches measured."""

import asyncio
from collections.abc import AsyncGenerator, Callable

import anthropic
import pytest
import pytest_asyncio
from hosted_parts import CLIENT_CALL, THEN, TIDE
from stack import SKILLS, GatewayProcess, Stack, stack

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("hosted")]

MODEL = "claude-sonnet-4-6"
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
    folder = tmp_path_factory.mktemp("hosted")
    (folder / "home").mkdir()
    # another process does not know the conversation: within the grace it would leave it on the old side
    (folder / "home" / "tidegate.toml").write_text('[routing]\nconversation_grace = "0s"\n')
    async with stack(folder, scripts=True) as it:
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


@pytest.mark.parametrize("stream", [False, True], ids=["json", "stream"])
async def test_a_sample_skill_reads_its_reference_and_runs_its_script(
    running: Stack, client: anthropic.AsyncAnthropic, stream: bool
) -> None:
    read = await answered(client, stream=stream, messages=[user(CONTRACT + READ + THEN)])
    reference = (SKILLS / "contract-analysis" / RUBRIC).read_text()
    assert reference[:300] in "".join(block.text for block in read.content)
    assert read.stop_reason == "end_turn"
    ran = await answered(client, stream=stream, messages=[user(LOGS + RUN + THEN)])
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


@pytest.mark.parametrize("stream", [False, True], ids=["json", "stream"])
async def test_a_mixed_turn_goes_on_in_another_process_and_after_a_rollback(
    running: Stack, client: anthropic.AsyncAnthropic, stream: bool
) -> None:
    request = {"tools": [TIDE], "messages": [user(CONTRACT + READ + CLIENT_CALL + THEN)]}
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
            ended = await answered(elsewhere, stream=stream, tools=[TIDE], messages=history)
        text = "".join(block.text for block in ended.content)
        assert (SKILLS / "contract-analysis" / RUBRIC).read_text()[:300] in text
        assert "6.8 m" in text
    finally:
        assert await other.stop() == 0
    await running.operator("switch", "off", "--skill", "contract-analysis", "--reason", "test")
    try:
        plain = await answered(client, stream=stream, tools=[TIDE], messages=history)
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
