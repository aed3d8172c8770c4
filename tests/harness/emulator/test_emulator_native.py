"""Native skills at the emulated provider: containers, the code execution tool, and turns that are paused."""

import anthropic
import httpx2
import pytest

from tidegate.harness.emulator import Fault, Profile

MODEL = "claude-sonnet-4-6"
TOOL = {"type": "code_execution_20260521", "name": "code_execution"}
OLD_TOOL = {"type": "code_execution_20250825", "name": "code_execution"}
SKILL_MD = b"---\nname: tide-table\ndescription: Reads tide tables.\n---\nRead the table.\n"
ASK = [{"role": "user", "content": "How high is the tide?"}]
CODE_BETAS = ["code-execution-2025-08-25", "skills-2025-10-02"]


@pytest.fixture
async def sdk(emulator):
    async with anthropic.AsyncAnthropic(base_url=emulator.url, api_key="key-one", max_retries=0) as client:
        yield client


@pytest.fixture
async def skill(sdk):
    return await sdk.skills.create(
        files=[("tide-table/SKILL.md", SKILL_MD), ("tide-table/references/dover.txt", b"6.8 m\n")]
    )


def reference(skill, version="latest"):
    return {"type": "custom", "skill_id": skill.id, "version": version}


def asking(text):
    return [{"role": "user", "content": text}]


async def test_a_skill_in_a_container_is_read_and_told(sdk, skill):
    message = await sdk.messages.create(
        model=MODEL,
        max_tokens=200,
        messages=asking("How high? [[code: cat /skills/tide-table/references/dover.txt]]"),
        container={"skills": [reference(skill)]},
        tools=[TOOL],
    )
    kinds = [block.type for block in message.content]
    assert kinds == [
        "server_tool_use",
        "text_editor_code_execution_tool_result",
        "server_tool_use",
        "bash_code_execution_tool_result",
        "text",
    ]
    assert message.content[0].input == {"command": "view", "path": "/skills/tide-table/SKILL.md"}
    assert message.content[1].content.content == SKILL_MD.decode()
    assert message.content[1].tool_use_id == message.content[0].id
    assert message.content[3].content.stdout == "6.8 m\n"
    assert message.content[3].content.return_code == 0
    assert message.stop_reason == "end_turn"
    loaded = message.container.skills[0]
    assert (loaded.type, loaded.skill_id, loaded.version) == ("custom", skill.id, skill.latest_version_id)
    assert message.usage.server_tool_use.web_search_requests == 0


async def test_a_stream_carries_the_same_blocks_and_its_container(sdk, skill):
    asked = {
        "model": MODEL,
        "max_tokens": 200,
        "messages": asking("[[code: echo hello]]"),
        "container": {"skills": [reference(skill)]},
        "tools": [TOOL],
    }
    plain = await sdk.messages.create(**asked)
    async with sdk.messages.stream(**asked) as stream:
        kinds = [event.type async for event in stream]
        final = await stream.get_final_message()
    assert [block.type for block in final.content] == [block.type for block in plain.content]
    assert final.content[2].input == {"command": "echo hello"}
    assert final.content[3].content.stdout == "hello\n"
    assert final.container.id.startswith("container_")
    assert final.container.skills[0].skill_id == skill.id
    assert kinds[-1] == "message_stop"
    raw = [event async for event in await sdk.messages.create(**asked, stream=True)]
    starts = [event.content_block.type for event in raw if event.type == "content_block_start"]
    assert starts == [block.type for block in plain.content]
    delta = next(event for event in raw if event.type == "message_delta")
    assert delta.delta.container.expires_at is not None


async def test_the_beta_namespace_takes_epochs_under_the_beta_header(sdk, skill):
    shown = await sdk.beta.skills.versions.retrieve("latest", skill_id=skill.id)
    listed = (await sdk.beta.skills.versions.list(skill.id, betas=["skills-2025-10-02"])).data[0]
    assert listed.id == shown.id
    message = await sdk.beta.messages.create(
        model=MODEL,
        max_tokens=100,
        messages=ASK,
        betas=CODE_BETAS,
        container={"skills": [reference(skill, listed.version)]},
        tools=[OLD_TOOL],
    )
    assert message.container.skills[0].version == listed.version


async def test_a_container_is_used_again_by_its_id_in_both_forms(sdk, skill):
    first = await sdk.messages.create(
        model=MODEL, max_tokens=100, messages=ASK, container={"skills": [reference(skill)]}, tools=[TOOL]
    )
    for container in (first.container.id, {"id": first.container.id, "skills": [reference(skill)]}):
        again = await sdk.messages.create(
            model=MODEL, max_tokens=100, messages=ASK, container=container, tools=[TOOL]
        )
        assert again.container.id == first.container.id


async def test_another_keys_container_is_not_found_and_an_old_one_has_expired(start):
    days = [0.0]
    emulator = await start(now=lambda: 1_000_000.0 + days[0] * 86_400)

    async def run(key, container=None):
        async with anthropic.AsyncAnthropic(base_url=emulator.url, api_key=key, max_retries=0) as client:
            return await client.messages.create(
                model=MODEL,
                max_tokens=100,
                messages=asking("[[code: echo x]]"),
                tools=[TOOL],
                **({"container": container} if container else {}),
            )

    made = (await run("one")).container.id
    with pytest.raises(anthropic.NotFoundError, match="not found"):
        await run("two", made)
    with pytest.raises(anthropic.NotFoundError, match="not found"):
        await run("one", "container_nowhere")
    days[0] = 29
    assert (await run("one", made)).container.id == made
    days[0] = 30
    with pytest.raises(anthropic.BadRequestError, match="has expired"):
        await run("one", made)


async def test_without_a_container_or_code_an_answer_says_nothing_of_containers(client, body):
    plain = (await client.post("/v1/messages", json=body())).json()
    assert "container" not in plain
    assert "server_tool_use" not in plain["usage"]
    tooled = (await client.post("/v1/messages", json=body(tools=[TOOL]))).json()
    assert "container" not in tooled


async def test_a_paused_turn_ends_with_what_ran_and_goes_on(sdk, skill):
    asked = {
        "model": MODEL,
        "max_tokens": 200,
        "container": {"skills": [reference(skill)]},
        "tools": [TOOL],
    }
    question = asking("[[stop: pause_turn]]")
    paused = await sdk.messages.create(messages=question, **asked)
    assert paused.stop_reason == "pause_turn"
    assert paused.content[-1].type == "text_editor_code_execution_tool_result"
    asked["container"] = {"id": paused.container.id, "skills": [reference(skill)]}
    going_on = await sdk.messages.create(
        messages=[*question, {"role": "assistant", "content": paused.content}], **asked
    )
    assert going_on.stop_reason == "end_turn"
    assert [block.type for block in going_on.content] == ["text"]  # the skill has been read
    assert going_on.container.id == paused.container.id


async def test_what_the_tools_said_is_billed_as_input(client, body, sdk, skill):
    asked = body(tools=[TOOL], container={"skills": [reference(skill)]})
    counted = (await client.post("/v1/messages/count_tokens", json={**asked, "container": None})).status_code
    assert counted == 400  # count_tokens knows no container
    read = (await client.post("/v1/messages", json=asked)).json()["usage"]["input_tokens"]
    bare = (await client.post("/v1/messages", json=body(tools=[TOOL]))).json()["usage"]["input_tokens"]
    assert read > bare + len(SKILL_MD) // 4


async def test_a_fault_strikes_requests_that_carry_the_skill_by_its_name_or_id(emulator, sdk, skill):
    for name in ("tide-table", skill.id):
        emulator.set_faults([Fault(kind="status", status=500, skill=name)])
        with pytest.raises(anthropic.InternalServerError):
            await sdk.messages.create(
                model=MODEL,
                max_tokens=9,
                messages=ASK,
                container={"skills": [reference(skill)]},
                tools=[TOOL],
            )
        await sdk.messages.create(model=MODEL, max_tokens=9, messages=ASK)
    assert emulator.counts.skills["tide-table"] == 2


@pytest.mark.parametrize(
    ("command", "code", "out", "err"),
    [
        ("echo 'a b'  c", 0, "a b c\n", ""),
        ("exit 3", 3, "", ""),
        ("cat /skills/none/x", 1, "", "No such file"),
        ("python3 -c 1", 127, "", "command not found"),
        ("echo 'open", 2, "", "No closing quotation"),
    ],
)
async def test_a_command_returns_what_a_shell_would(sdk, command, code, out, err):
    message = await sdk.messages.create(
        model=MODEL, max_tokens=100, messages=asking(f"[[code: {command}]]"), tools=[TOOL]
    )
    result = message.content[1].content
    assert (result.return_code, result.stdout) == (code, out)
    assert err in result.stderr


# ---- refusals -------------------------------------------------------------------------------------------


def _many(count):
    return {"skills": [{"type": "anthropic", "skill_id": "pdf"}] * count}


REFUSED = {
    "no tool": (400, {"container": _many(1)}, "only be used when a code execution tool is enabled"),
    "too many skills": (400, {"container": _many(21), "tools": [TOOL]}, "at most 20"),
    "an unknown skill": (
        404,
        {"container": {"skills": [{"type": "custom", "skill_id": "skill_none"}]}, "tools": [TOOL]},
        "Skill not found: skill_none",
    ),
    "an unknown skill of the provider": (
        404,
        {"container": {"skills": [{"type": "anthropic", "skill_id": "tides"}]}, "tools": [TOOL]},
        "Skill not found: tides",
    ),
    "another kind": (
        400,
        {"container": {"skills": [{"type": "mine", "skill_id": "x"}]}, "tools": [TOOL]},
        "container.Container.skills.0.type",
    ),
    "another version of the tool": (
        400,
        {"tools": [{"type": "code_execution_20990101", "name": "code_execution"}]},
        "tools.0: Input tag",
    ),
    "another name of the tool": (
        400,
        {"tools": [{**TOOL, "name": "run"}]},
        "Input should be 'code_execution'",
    ),
    "an unknown container": (404, {"container": "container_x", "tools": [TOOL]}, "not found"),
}


@pytest.mark.parametrize("case", REFUSED)
async def test_a_wrong_request_is_refused_with_its_reason(client, body, case):
    status, fields, message = REFUSED[case]
    answer = await client.post("/v1/messages", json=body(**fields))
    assert (answer.status_code, message in answer.text) == (status, True), answer.text


async def test_twenty_skills_are_taken_eight_under_the_beta_header(client, body):
    assert (
        await client.post("/v1/messages", json=body(container=_many(20), tools=[TOOL]))
    ).status_code == 200
    under = {"anthropic-beta": "skills-2025-10-02"}
    for count, status in ((8, 200), (9, 400)):
        answer = await client.post(
            "/v1/messages", json=body(container=_many(count), tools=[TOOL]), headers=under
        )
        assert answer.status_code == status


async def test_an_unknown_version_is_refused(client, body, skill):
    asked = body(container={"skills": [reference(skill, "skver_none")]}, tools=[TOOL])
    answer = await client.post("/v1/messages", json=asked)
    assert (answer.status_code, "Skill version not found" in answer.text) == (404, True)


async def test_a_provider_before_general_availability_wants_its_betas(start, body):
    emulator = await start(Profile(only_beta=True))
    headers = {"x-api-key": "key-one", "anthropic-version": "2023-06-01"}
    asked = body(container=_many(1), tools=[OLD_TOOL])

    async def ask(betas, json=asked):
        async with httpx2.AsyncClient(base_url=emulator.url, headers=headers) as client:
            more = {"anthropic-beta": betas} if betas else {}
            return await client.post("/v1/messages", json=json, headers=more)

    assert "tools.0: Input tag" in (await ask("")).text
    assert "Input should be a valid string" in (await ask("code-execution-2025-08-25")).text
    assert (await ask("code-execution-2025-08-25, skills-2025-10-02")).status_code == 200
    newer = body(tools=[TOOL])
    assert "tools.0: Input tag" in (await ask("code-execution-2025-08-25", newer)).text
    upload = [{"type": "container_upload", "file_id": "file_1"}, {"type": "text", "text": "x"}]
    holding = body(messages=[{"role": "user", "content": upload}])
    assert "files-api-2025-04-14" in (await ask("code-execution-2025-08-25", holding)).text
    assert (await ask("files-api-2025-04-14", holding)).status_code == 200
