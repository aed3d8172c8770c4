"""Clients that are more than an SDK: a coding agent's traffic, and an agent framework's, pass through whole.

The shapes are written after what such clients put on the wire; the emulator refuses what the real API would.
"""

import base64
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiohttp
import msgspec
import pytest
import pytest_asyncio
from stack import Stack, stack

module_loop = pytest.mark.asyncio(loop_scope="module")
pytestmark = pytest.mark.xdist_group("clients")

PERSON, ACCOUNT, SESSION = (
    "c0ffee" * 10,
    "0b1e4c1e-7a5e-4a53-9a3c-0123456789ab",
    "5e551011-0000-4000-8000-00000000feed",
)
PACKED = f"user_{PERSON}_account_{ACCOUNT}_session_{SESSION}"
PACKED_JSON = json.dumps({"device_id": PERSON, "account_uuid": ACCOUNT, "session_id": SESSION})
BETAS = "claude-code-20250219,interleaved-thinking-2025-05-14,fine-grained-tool-streaming-2025-05-14"
LATER = {"type": "ephemeral"}

AGENT_HEADERS = {
    "accept": "application/json",
    "anthropic-beta": BETAS,
    "anthropic-dangerous-direct-browser-access": "true",
    "anthropic-version": "2023-06-01",
    "content-type": "application/json",
    "user-agent": "claude-cli/2.0.42 (external, cli)",
    "x-app": "cli",
    "x-stainless-arch": "x64",
    "x-stainless-helper-method": "stream",
    "x-stainless-lang": "js",
    "x-stainless-retry-count": "0",
    "x-stainless-timeout": "600",
}
ROLLOUT = """\
apiVersion: tidegate/v1
kind: Rollout
metadata: {name: agents}
spec:
  unit: user
  candidate: {skills: {release-notes: latest}}
  stages: [{name: full, weight: 100, bake: 24h, holdout: 0}]
"""


def tool(name: str) -> dict[str, Any]:
    properties = {"path": {"type": "string"}, "limit": {"type": "integer"}}
    schema = {"type": "object", "properties": properties, "required": ["path"], "additionalProperties": False}
    return {"name": name, "description": f"{name} a file of the project.", "input_schema": schema}


TOOLS = [*map(tool, ["Bash", "Glob", "Grep", "Read", "Edit", "Write", "WebFetch", "Task"])]
REMINDER = "<system-reminder>\nThe task list is empty.\n</system-reminder>"


def agent(turns: list[dict[str, Any]], *, user_id: str = PACKED, stream: bool = True) -> dict[str, Any]:
    """A request of a coding agent: two cached system blocks, cached tools, a cached last turn."""
    system = [
        {"type": "text", "text": "You are a coding agent.", "cache_control": LATER},
        {"type": "text", "text": "Work in the folder /src. " * 200, "cache_control": LATER},
    ]
    return {
        "model": "claude-sonnet-4-6",
        "messages": turns,
        "system": system,
        "tools": [*TOOLS[:-1], {**TOOLS[-1], "cache_control": LATER}],
        "metadata": {"user_id": user_id},
        "max_tokens": 32_000,
        "thinking": {"type": "enabled", "budget_tokens": 4000},
        "stream": stream,
    }


def opening(text: str) -> dict[str, Any]:
    return {"role": "user", "content": [{"type": "text", "text": REMINDER}, {"type": "text", "text": text}]}


def loop(text: str, rounds: int, thought: dict[str, Any]) -> list[dict[str, Any]]:
    """A tool loop of that many rounds, each begun by that thought; the last result is cached."""
    turns = [opening(text)]
    for number in range(rounds):
        use = {
            "type": "tool_use",
            "id": f"toolu_{number:04d}",
            "name": "Read",
            "input": {"path": f"a{number}.py"},
        }
        result = {"type": "tool_result", "tool_use_id": use["id"], "content": f"line {number}\n" * 20}
        turns.append({"role": "assistant", "content": [thought, use]})
        turns.append({"role": "user", "content": [result]})
    turns[-1]["content"][-1] = {**turns[-1]["content"][-1], "cache_control": LATER}
    return turns


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    async with stack(tmp_path_factory.mktemp("clients")) as it:
        yield it


async def post(running: Stack, body: object, *, path: str = "/v1/messages?beta=true", **headers: str):
    """Status, headers and body of an agent's request by its Bearer key."""
    bearer = {"authorization": f"Bearer {running.client_key}"}
    async with (
        aiohttp.ClientSession() as session,
        session.post(
            f"{running.url}{path}",
            data=body if isinstance(body, bytes) else msgspec.json.encode(body),
            headers={**AGENT_HEADERS, **bearer, **headers},
        ) as got,
    ):
        return got.status, got.headers, await got.read()


@dataclass(frozen=True)
class Arrived:
    """A request as the provider saw it."""

    target: str
    headers: dict[str, str]
    body: bytes


async def arrived(running: Stack) -> Arrived:
    """The newest request that the provider saw."""
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{running.emulator}/emulator/recent?n=1") as got,
    ):
        seen = (await got.json())["requests"][-1]
    return Arrived(seen["target"], dict(seen["headers"]), base64.b64decode(seen["body"]))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def thought(running: Stack) -> dict[str, Any]:
    """A thinking block that the provider has signed."""
    _, _, answer = await post(running, agent([opening("[[think]] [[echo: ok]]")], stream=False))
    return msgspec.json.decode(answer)["content"][0]


@module_loop
async def test_an_agents_stream_is_whole_and_its_request_arrives_as_it_was(running: Stack) -> None:
    body = msgspec.json.encode(agent([opening("Fix the failing test.")]))
    status, headers, answer = await post(running, body, **{"x-claude-code-session-id": SESSION})
    assert status == 200
    assert headers["content-type"].startswith("text/event-stream")
    assert answer.startswith(b"event: message_start")
    assert answer.rstrip().endswith(b'{"type":"message_stop"}')
    seen = await arrived(running)
    assert seen.headers["anthropic-beta"] == BETAS
    assert seen.headers["x-stainless-helper-method"] == "stream"
    assert "authorization" not in seen.headers
    assert seen.target == "/v1/messages?beta=true"
    assert seen.body == body


@module_loop
@pytest.mark.parametrize("user_id", [PACKED, PACKED_JSON])
async def test_a_session_is_one_conversation_of_one_person(running: Stack, user_id: str) -> None:
    for text in ("Fix the failing test.", "And now the docs."):
        await post(running, agent([opening(text)], user_id=user_id))
    await post(
        running, agent([opening("Elsewhere.")], user_id=user_id), **{"x-claude-code-session-id": "other"}
    )
    first, second, other = (await running.ledger())[-3:]
    assert first["unit_hash"] == second["unit_hash"] == other["unit_hash"]


@module_loop
async def test_tokens_are_counted_for_what_would_be_sent(running: Stack, thought: dict[str, Any]) -> None:
    asked = agent(loop("Fix the failing test.", 3, thought))
    for field in ("stream", "max_tokens", "metadata"):
        asked.pop(field)
    status, _, answer = await post(running, asked, path="/v1/messages/count_tokens?beta=true")
    assert status == 200
    assert msgspec.json.decode(answer)["input_tokens"] > 500


@module_loop
async def test_a_long_tool_loop_keeps_its_skill_and_its_four_breakpoints(
    running: Stack, thought: dict[str, Any]
) -> None:
    await running.publish("release-notes")
    await running.start_rollout(ROLLOUT)
    skills, systems = [], []
    for rounds in (0, 1, 2, 20, 60):
        turns = loop("Write the release notes for version 2.", rounds, thought)
        status, headers, answer = await post(running, agent(turns))
        assert status == 200, answer
        skills.append(headers["tidegate-skills"])
        systems.append(json.dumps(json.loads((await arrived(running)).body)["system"]))
    assert set(skills) == {"release-notes@1"}
    assert len(set(systems)) == 1


FRAMEWORK = {
    "model": "claude-sonnet-4-6",
    "max_tokens": 1024,
    "system": "Use the tools. Write the release notes for version 2 when asked.",
    "temperature": 0.2,
    "tools": [{**tool("get_changes"), "strict": False}, tool("final_result")],
    "tool_choice": {"type": "auto", "disable_parallel_tool_use": False},
}
STEPS = [
    {"role": "user", "content": "What changed?"},
    {
        "role": "assistant",
        "content": [
            {"type": "text", "text": "I will look."},
            {"type": "tool_use", "id": "call_1", "name": "get_changes", "input": {"path": "."}},
            {"type": "tool_use", "id": "call_2", "name": "get_changes", "input": {"path": "docs"}},
        ],
    },
    {
        "role": "user",
        "content": [
            {
                "type": "tool_result",
                "tool_use_id": "call_1",
                "content": [{"type": "text", "text": "three files"}],
            },
            {"type": "tool_result", "tool_use_id": "call_2", "content": "none", "is_error": True},
            {"type": "text", "text": "Write the release notes for version 2."},
        ],
    },
]


@module_loop
@pytest.mark.parametrize("steps", [1, 3])
@pytest.mark.parametrize("stream", [False, True])
async def test_an_agent_framework_goes_on_step_by_step(running: Stack, steps: int, stream: bool) -> None:
    body = {**FRAMEWORK, "messages": STEPS[:steps], "stream": stream}
    status, _, answer = await post(
        running,
        body,
        path="/v1/messages",
        **{"user-agent": "agents/1.0", "anthropic-beta": "tools-2024-05-16"},
    )
    assert status == 200, answer
    sent = msgspec.json.decode((await arrived(running)).body)
    own = len(FRAMEWORK["tools"])
    assert sent["tools"][:own] == FRAMEWORK["tools"]
    assert all(added["name"].startswith("tidegate_") for added in sent["tools"][own:])
    added_to = {"system", "tools"}  # by the skill, where the rollout of the test before has it
    kept = {key: value for key, value in sent.items() if key not in added_to}
    assert kept == {key: value for key, value in body.items() if key not in added_to}


@module_loop
async def test_an_agents_mistake_comes_back_in_the_providers_words(
    running: Stack, thought: dict[str, Any]
) -> None:
    turns = loop("Fix it.", 1, thought)[:2]
    status, _, answer = await post(running, agent([*turns, {"role": "user", "content": "no result"}]))
    error = msgspec.json.decode(answer)
    assert (status, error["type"], error["error"]["type"]) == (400, "error", "invalid_request_error")
    assert "tool_result" in error["error"]["message"]
