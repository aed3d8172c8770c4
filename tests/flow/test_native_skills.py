"""Native skills end to end: synced by the command line, served by the provider, seen by the official SDK."""

from collections.abc import AsyncGenerator
from pathlib import Path

import anthropic
import pytest
import pytest_asyncio
from stack import Stack, stack

from tidegate.domain.errors import TidegateError

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("native")]

MODEL = "claude-sonnet-4-6"
SKILL_MD = """\
---
name: tide-table
description: Reads tide tables.
metadata:
  tidegate.mode: native
  tidegate.match: tide
---
Read the table of the place.
"""
SPEC = """\
apiVersion: tidegate/v1
kind: Rollout
metadata: {name: tides}
spec:
  candidate: {skills: {tide-table: latest}, timeout: 30s}
  stages: [{name: full, weight: 100, bake: 1h, promote: manual, holdout: 0}]
  gates: {errors: {max: 2%, worse: rollback}}
"""
QUESTION = {"role": "user", "content": "How high is the tide? [[code: cat /skills/tide-table/dover.txt]]"}
CODE = {
    "ga": {"type": "code_execution_20260521", "name": "code_execution"},
    "beta": {"type": "code_execution_20250825", "name": "code_execution"},
}
BETAS = ["code-execution-2025-08-25", "skills-2025-10-02"]


class Tides:
    """A running stack with a native skill rolled out, in one of the two dialects."""

    def __init__(self, running: Stack, dialect: str, synced: list[dict]) -> None:
        self.running = running
        self.dialect = dialect
        self.synced = synced

    def sdk(self, key: str | None = None) -> anthropic.AsyncAnthropic:
        return anthropic.AsyncAnthropic(
            base_url=self.running.url, api_key=key or self.running.client_key, max_retries=0
        )


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=["ga", "beta"])
async def tides(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[Tides]:
    folder = tmp_path_factory.mktemp("native")
    package = folder / "tide-table"
    package.mkdir()
    (package / "SKILL.md").write_text(SKILL_MD)
    (package / "dover.txt").write_text("6.8 m\n")
    (folder / "home").mkdir(mode=0o700)
    (folder / "home" / "tidegate.toml").write_text(f'[native]\ndialect = "{request.param}"\n')
    beta = "true" if request.param == "beta" else "false"
    async with stack(folder, profile=f"seed = 1\nonly_beta = {beta}\n") as running:
        await running.publish(str(package))
        await running.start_rollout(SPEC)
        synced = [await sync(running) for _ in range(2)]
        yield Tides(running, request.param, synced)


async def sync(running: Stack) -> dict:
    return await running.operator("skill", "sync", "tide-table", "--reason", "test")


async def test_a_sync_uploads_once_and_says_where_it_is(tides: Tides) -> None:
    first, again = tides.synced
    assert (first["uploaded"], again["uploaded"]) == (True, False)
    assert first["skill_id"].startswith("skill_")
    assert {**first, "uploaded": 0} == {**again, "uploaded": 0}
    shown = await tides.running.operator("skill", "get", "tide-table")
    assert (shown["mode"], shown["synced"][0]["version_id"]) == ("native", first["version_id"])


async def test_the_provider_reads_and_runs_the_skill(tides: Tides) -> None:
    async with tides.sdk() as sdk:
        raw = await sdk.messages.with_raw_response.create(model=MODEL, max_tokens=300, messages=[QUESTION])
    message = await raw.parse()
    assert raw.headers["tidegate-skills"] == "tide-table@1"
    assert [block.type for block in message.content] == [
        "server_tool_use",
        "text_editor_code_execution_tool_result",
        "server_tool_use",
        "bash_code_execution_tool_result",
        "text",
    ]
    assert message.content[1].content.content == SKILL_MD
    assert message.content[3].content.stdout == "6.8 m\n"
    assert message.container.skills[0].skill_id == tides.synced[0]["skill_id"]
    exchange = (await tides.running.ledger())[-1]
    assert exchange["outcome"] == "ok"
    assert exchange["usage"]["input_tokens"] == message.usage.input_tokens
    assert exchange["cost_usd"] > 0


async def test_a_stream_goes_on_in_the_container_that_it_named(tides: Tides) -> None:
    async with tides.sdk() as sdk:
        first = await sdk.messages.create(model=MODEL, max_tokens=300, messages=[QUESTION])
        turns = [QUESTION, {"role": "assistant", "content": first.content}, QUESTION]
        again: dict = {"container": first.container.id}
        if tides.dialect == "ga":
            again["tools"] = [CODE["ga"]]
        async with sdk.messages.stream(model=MODEL, max_tokens=300, messages=turns, **again) as stream:
            final = await stream.get_final_message()
    assert final.container.id == first.container.id
    assert "." in first.container.id
    assert final.stop_reason == "end_turn"
    assert final.content[0].type == "server_tool_use"  # read before: it runs at once
    assert final.content[1].content.stdout == "6.8 m\n"


async def test_the_beta_namespace_keeps_its_betas_tools_and_container(tides: Tides) -> None:
    async with tides.sdk() as sdk:
        message = await sdk.beta.messages.create(
            model=MODEL,
            max_tokens=300,
            messages=[QUESTION],
            betas=[*BETAS, "files-api-2025-04-14"],
            container={"skills": [{"type": "anthropic", "skill_id": "pdf", "version": "latest"}]},
            tools=[CODE["beta"]],
        )
    assert [skill.skill_id for skill in message.container.skills] == ["pdf", tides.synced[0]["skill_id"]]


async def test_another_tenant_cannot_name_the_container(tides: Tides) -> None:
    other = await tides.running.operator(
        "keys", "create", "--role", "client", "--name", "acme", "--tenant", "acme"
    )
    async with tides.sdk() as sdk, tides.sdk(str(other["key"])) as stranger:
        made = (await sdk.messages.create(model=MODEL, max_tokens=300, messages=[QUESTION])).container.id
        for named in (made, made.partition(".")[0]):
            with pytest.raises(anthropic.NotFoundError, match="gave no container"):
                await stranger.messages.create(
                    model=MODEL, max_tokens=300, messages=[QUESTION], container=named
                )
        fresh = await stranger.messages.create(model=MODEL, max_tokens=300, messages=[QUESTION])
        assert fresh.container.id != made


async def test_a_paused_turn_goes_on_within_the_gateway(tides: Tides) -> None:
    pausing = {
        "role": "user",
        "content": "How high is the tide? [[stop: pause_turn]] [[then]] "
        "[[code: cat /skills/tide-table/dover.txt]] [[stop: pause_turn]] [[then]] [[echo: 6.8 m]]",
    }
    await tides.running.reset_emulator_counts()
    async with tides.sdk() as sdk:
        plain = await sdk.messages.create(model=MODEL, max_tokens=300, messages=[pausing])
        assert (await tides.running.emulator_counts())["requests"] == 3
        async with sdk.messages.stream(model=MODEL, max_tokens=300, messages=[pausing]) as stream:
            final = await stream.get_final_message()
    for message in (plain, final):
        assert message.stop_reason == "end_turn"
        assert message.content[-1].text == "6.8 m"
        assert message.content[1].content.content == SKILL_MD
        assert message.content[3].content.stdout == "6.8 m\n"
        assert message.container.id.count(".") == 1
    counts = await tides.running.emulator_counts()
    lines = (await tides.running.ledger())[-2:]
    billed = sum(line["usage"]["input_tokens"] for line in lines)
    assert billed == counts["usage"]["input_tokens"] == plain.usage.input_tokens + final.usage.input_tokens


async def test_tokens_are_counted_without_a_container(tides: Tides) -> None:
    async with tides.sdk() as sdk:
        counted = await sdk.messages.count_tokens(model=MODEL, messages=[QUESTION])
    assert counted.input_tokens > 20


async def test_a_failing_native_skill_falls_back_and_a_switch_takes_it_away(tides: Tides) -> None:
    running = tides.running
    await running.faults({"kind": "status", "status": 500, "skill": "tide-table"})
    async with tides.sdk() as sdk:
        raw = await sdk.messages.with_raw_response.create(model=MODEL, max_tokens=300, messages=[QUESTION])
        assert raw.headers["tidegate-fallback"] == "status"
        await running.faults()
        await running.operator("switch", "off", "--skill", "tide-table", "--reason", "test")
        message = await sdk.messages.create(model=MODEL, max_tokens=300, messages=[QUESTION])
        assert message.container is None
        await running.operator("switch", "on", "--skill", "tide-table", "--reason", "test")


async def test_a_provider_in_trouble_fails_the_command_with_what_to_do(tides: Tides, tmp_path: Path) -> None:
    package = tmp_path / "tide-table"
    package.mkdir()
    (package / "SKILL.md").write_text(SKILL_MD + "Then answer.\n")
    await tides.running.publish(str(package))
    for fault, said in (
        ({"kind": "status", "status": 401}, "check the credential"),
        ({"kind": "status", "status": 413}, "413"),
        ({"kind": "cut", "after_bytes": 1}, "run the same command again"),
    ):
        await tides.running.faults({**fault, "route": "skills"})
        with pytest.raises(TidegateError, match=said):
            await sync(tides.running)
    await tides.running.faults()
    done = await sync(tides.running)
    assert (done["uploaded"], done["version"], done["skill_id"]) == (True, 2, tides.synced[0]["skill_id"])
