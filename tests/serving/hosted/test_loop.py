"""The hosted loop through the whole gateway: files and scripts answered inside, one message out."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import msgspec
import pytest
from gateway_parts import World, off, rollout, state, variant
from hosted_parts import (
    CLIENT_CALL,
    CONTRACTS,
    TIDE,
    asked,
    events_of,
    message_of,
    read_call,
    run_call,
)

from tidegate.domain.exchange import Exchange, Outcome
from tidegate.domain.hosted import Limits
from tidegate.domain.script import ScriptResult, ScriptRun
from tidegate.harness.emulator import Emulator
from tidegate.serving.fence import data
from tidegate.serving.hosted.settings import HostedSettings
from tidegate.serving.hosted.tools import READ, RUN

Make = Callable[..., Awaitable[World]]
Bodies = Callable[[], list[dict]]
STREAMS = pytest.mark.parametrize("stream", [False, True], ids=["json", "stream"])


@dataclass
class FakeSandbox:
    """Says what it was asked to run; hangs where `hang` is set, and notes that it was killed."""

    runs: list[ScriptRun] = field(default_factory=list)
    hang: bool = False
    killed: bool = False
    exit_code: int = 0
    broken: Exception | None = None

    async def run(self, run: ScriptRun, allowed: Callable[[], bool]) -> ScriptResult:
        self.runs.append(run)
        if self.broken:
            raise self.broken
        try:
            if self.hang:
                await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.killed = True
            raise
        return ScriptResult(exit_code=self.exit_code, stdout=b"forty-two", stderr=b"a warning")


async def said(world: World, request: dict, **more: object) -> dict:
    """The message of an answer, streamed or not."""
    got = await world.call(request, **more)
    assert got.status == 200, got.body
    return message_of(events_of(got)) if request.get("stream") else got.json


def record(world: World) -> Exchange:
    assert len(world.spool.records) == 1
    return world.spool.records[0]


def texts(message: dict) -> str:
    return "".join(block.get("text", "") for block in message["content"])


@STREAMS
async def test_a_file_is_read_inside_and_the_client_sees_one_message(
    make: Make, emulator: Emulator, upstream_bodies: Bodies, stream: bool
) -> None:
    world = await make()
    message = await said(world, asked(read_call(), "", stream=stream))
    assert "The answer is forty-two." in texts(message)
    assert {block["type"] for block in message["content"]} == {"text"}
    assert message["stop_reason"] == "end_turn"
    line, used = record(world), emulator.counts.usage
    assert (line.turns, line.outcome, line.skill_outcome, line.skill_errors) == (2, "ok", "ok", ())
    assert (line.usage.input_tokens, line.usage.output_tokens) == (used.input_tokens, used.output_tokens)
    assert message["usage"]["input_tokens"] == used.input_tokens
    assert message["usage"]["output_tokens"] == used.output_tokens
    first, second = upstream_bodies()
    assert [tool["name"] for tool in first["tools"]] == [READ, RUN]
    assert (first["tools"], first["system"]) == (second["tools"], second["system"])
    assert second["messages"][: len(first["messages"])] == first["messages"]
    assert ("tidegate_skill_tool_calls_total", ("read", "ok"), 1.0) in world.meter.moved


@STREAMS
async def test_several_turns_and_parallel_calls_keep_their_order(
    make: Make, upstream_bodies: Bodies, stream: bool
) -> None:
    world = await make(sandbox=FakeSandbox())
    both = run_call(arguments=["-v"], stdin="in") + read_call()
    message = await said(world, asked(read_call("references/none.md"), both, "", stream=stream))
    results = upstream_bodies()[-1]["messages"][-1]["content"]
    end, out, err = results[0]["content"].split("\nstd")
    assert (end, out, err) == ("exit code: 0", f"out. {data('forty-two')}", f"err. {data('a warning')}")
    assert "forty-two" in results[1]["content"]
    assert record(world).turns == 3
    assert (world.sandbox.runs[0].arguments, world.sandbox.runs[0].stdin) == (("-v",), b"in")
    assert world.sandbox.runs[0].files["scripts/count.py"] == b"print(42)"
    assert not any(path.startswith("evals/") for path in world.sandbox.runs[0].files)
    assert "I will use" in texts(message)


@pytest.mark.parametrize(
    ("call", "reason", "told"),
    [
        (read_call("../../etc/passwd"), "outside_skill", "outside the skill contracts"),
        (read_call("/etc/passwd"), "outside_skill", "outside the skill contracts"),
        (read_call("terms.md"), "no_such_file", "there is `references/terms.md`"),
        (read_call("references/term.md"), "no_such_file", "there is `references/long.md`, "),
        (read_call("evals/evals.json"), "no_such_file", "has no file 'evals/evals.json'"),
        (read_call("references/picture.bin"), "binary_file", "is not text"),
        (read_call("references/long.md"), "file_too_large", "70,000 bytes"),
        (read_call(skill="other"), "unknown_skill", "there is contracts"),
        ('[[tool: tidegate_read_skill_file {"skill": 5}]]', "bad_input", "cannot be read"),
        (run_call(), "script_refused", "there is no sandbox"),
        (run_call("references/terms.md"), "no_such_script", "its scripts: `scripts/count.py`"),
    ],
)
async def test_what_cannot_be_done_is_told_to_the_model_and_put_on_record(
    make: Make, upstream_bodies: Bodies, call: str, reason: str, told: str
) -> None:
    world = await make()
    message = await said(world, asked(call, "[[echo: so be it]]"))
    result = upstream_bodies()[-1]["messages"][-1]["content"][0]
    assert result["is_error"] is True
    assert told in result["content"]
    assert "expected answer" not in result["content"]
    line = record(world)
    assert (line.outcome, line.skill_outcome, line.skill_errors) == ("ok", "skill_error", (reason,))
    assert texts(message).endswith("so be it")


async def test_the_calls_of_one_turn_share_its_time(make: Make) -> None:
    sandbox = FakeSandbox()
    world = await make(sandbox=sandbox, hosted=HostedSettings(parallel=1, script_seconds=1000.0))
    await said(world, asked(run_call(arguments=["1"]) + run_call(arguments=["2"]), ""))
    first, second = (run.seconds for run in sandbox.runs)
    assert second < first <= HostedSettings().limits.seconds


async def test_of_one_turns_calls_so_many_are_answered(make: Make, upstream_bodies: Bodies) -> None:
    world = await make(hosted=HostedSettings(calls=2))
    await said(world, asked(read_call() * 3, ""))
    results = upstream_bodies()[-1]["messages"][-1]["content"]
    assert [each.get("is_error", False) for each in results] == [False, False, True]
    assert "of the calls of one turn 2 are answered" in results[2]["content"]
    assert record(world).skill_errors == ("limit_calls",)


async def test_a_failing_script_is_an_error_with_what_it_wrote(make: Make, upstream_bodies: Bodies) -> None:
    world = await make(sandbox=FakeSandbox(exit_code=3))
    await said(world, asked(run_call(), ""))
    result = upstream_bodies()[-1]["messages"][-1]["content"][0]
    assert result["content"].startswith(f"exit code: 3\nstdout. {data('forty-two')}")
    assert record(world).skill_errors == ("script_failed",)


@STREAMS
async def test_at_the_limit_of_turns_the_model_is_told_and_has_one_last_turn(
    make: Make, upstream_bodies: Bodies, stream: bool
) -> None:
    world = await make(hosted=HostedSettings(limits=Limits(turns=2)))
    message = await said(world, asked(read_call(), read_call(), "[[echo: well then]]", stream=stream))
    last = upstream_bodies()[-1]["messages"][-1]["content"][0]
    assert (last["is_error"], "used up its turns" in last["content"]) == (True, True)
    assert texts(message).endswith("well then")
    line = record(world)
    assert (line.outcome, line.skill_outcome, line.turns) == ("ok", "skill_error", 3)
    assert "limit_turns" in line.skill_errors


@pytest.mark.parametrize("limits", [Limits(seconds=0.0), Limits(tokens=1)], ids=["seconds", "tokens"])
async def test_time_and_tokens_are_limits_as_well(make: Make, limits: Limits) -> None:
    world = await make(hosted=HostedSettings(limits=limits))
    message = await said(world, asked(read_call(), "[[echo: well then]]"))
    assert texts(message).endswith("well then")
    assert record(world).skill_errors[0] == ("limit_seconds" if limits.tokens > 1 else "limit_tokens")


async def test_a_model_that_goes_on_calling_costs_the_skill_and_not_the_user(make: Make) -> None:
    world = await make(hosted=HostedSettings(limits=Limits(turns=2)))
    got = await world.call(asked(*[read_call()] * 5))
    line = record(world)
    assert (got.status, got.headers["tidegate-fallback"]) == (200, "hosted_limit")
    assert (line.outcome, line.skill_outcome, line.fallback) == ("ok", "skill_error", "hosted_limit")


async def test_a_stream_that_overruns_its_limit_ends_with_a_clear_error(make: Make) -> None:
    world = await make(hosted=HostedSettings(limits=Limits(turns=2)))
    got = await world.call(asked(*[read_call()] * 5, stream=True))
    last = events_of(got)[-1]
    assert (last["type"], "goes on calling skill tools" in last["error"]["message"]) == ("error", True)
    assert record(world).outcome is Outcome.SKILL_ERROR


async def test_what_the_client_allowed_in_tokens_covers_the_whole_answer(make: Make) -> None:
    world = await make()
    message = await said(world, asked(read_call(), "[[tokens: 500]]", max_tokens=100))
    assert message["stop_reason"] == "max_tokens"
    assert message["usage"]["output_tokens"] == 100


@STREAMS
async def test_thinking_goes_back_as_it_was_signed(make: Make, upstream_bodies: Bodies, stream: bool) -> None:
    world = await make()
    thinking = {"type": "enabled", "budget_tokens": 1024}
    message = await said(world, asked(read_call(), read_call(), "", stream=stream, thinking=thinking))
    assert [block["type"] for block in message["content"]] == ["thinking", "text"] * 3
    kinds = [block["type"] for block in upstream_bodies()[-1]["messages"][1]["content"]]
    assert kinds == ["thinking", "text", "tool_use"]
    assert (record(world).fallback, record(world).turns) == (None, 3)


async def test_a_clients_own_call_passes_with_its_id(make: Make) -> None:
    world = await make()
    for stream in (False, True):
        message = await said(world, asked(CLIENT_CALL, tools=[TIDE], stream=stream))
        call = message["content"][-1]
        assert (call["name"], call["input"], message["stop_reason"]) == (
            "tide_table",
            {"place": "Dover"},
            "tool_use",
        )
        assert "-tgseal" not in call["id"]


@pytest.mark.parametrize("spelt", ["t", r"\u0074"], ids=["plain", "escaped"])
@pytest.mark.parametrize("name", [READ, RUN])
@pytest.mark.parametrize("text", ["my contract", "nothing of the kind"])
async def test_a_clients_tool_may_not_be_named_like_the_gateways(
    make: Make, name: str, text: str, spelt: str
) -> None:
    world = await make()
    tool = msgspec.Raw(b'{"name":"%s","input_schema":{"type":"object"}}' % (spelt + name[1:]).encode())
    got = await world.call({**asked(), "messages": [{"role": "user", "content": text}], "tools": [tool]})
    assert got.status == 400
    assert f"tools.0.name: {name} is a tool of this gateway's own" in got.json["error"]["message"]


@pytest.mark.parametrize(
    "choice", [{"type": "any"}, {"type": "tool", "name": "tide_table"}, {"type": "none"}]
)
async def test_a_client_that_leaves_no_choice_gets_the_skill_without_tools(
    make: Make, upstream_bodies: Bodies, choice: dict
) -> None:
    world = await make()
    await said(world, asked(tools=[TIDE], tool_choice=choice))
    sent = upstream_bodies()[-1]
    assert [tool["name"] for tool in sent["tools"]] == ["tide_table"]
    assert "references/terms.md (44 bytes)" in sent["system"][0]["text"]
    assert "evals" not in sent["system"][0]["text"]


async def test_the_clients_tools_keep_their_bytes_and_place(make: Make, upstream_bodies: Bodies) -> None:
    world = await make()
    await said(world, asked("", tools=[TIDE], tool_choice={"type": "auto"}))
    assert upstream_bodies()[-1]["tools"][0] == TIDE
    assert [tool["name"] for tool in upstream_bodies()[-1]["tools"]] == ["tide_table", READ, RUN]


async def test_a_switch_between_two_turns_leaves_the_skill(make: Make) -> None:
    sandbox = FakeSandbox()
    world = await make(sandbox=sandbox)
    running = state(rollout(variant(CONTRACTS)), versions=[CONTRACTS], switches=(off("skill", "contracts"),))
    emulator_asked = world.upstream.send

    async def send(*args: object, **more: object) -> object:
        world.serve(running)  # the switch falls while the first turn is under way
        return await emulator_asked(*args, **more)

    world.upstream.send = send
    got = await world.call(asked(run_call(), ""))
    assert (got.status, got.headers["tidegate-fallback"], sandbox.runs) == (200, "switch", [])
    assert record(world).fallback == "switch"


async def test_a_client_that_leaves_kills_its_script_and_pays_for_what_was_done(
    make: Make, emulator: Emulator
) -> None:
    sandbox = FakeSandbox(hang=True)
    world = await make(sandbox=sandbox)
    leave = asyncio.Event()
    asking = asyncio.create_task(world.call(asked(run_call(), ""), leave=leave))
    while not sandbox.runs:
        await asyncio.sleep(0)
    leave.set()
    await asking
    line = record(world)
    assert (sandbox.killed, line.outcome) == (True, Outcome.CLIENT_CLOSED)
    assert line.usage.input_tokens == emulator.counts.usage.input_tokens > 0


async def test_a_further_turn_that_is_refused_falls_back(make: Make) -> None:
    world = await make()
    refused = '[[fault: {"kind": "status", "status": 400}]]'
    got = await world.call(asked(read_call(), refused))
    assert (got.status, got.headers["tidegate-fallback"]) == (200, "hosted_turn")


async def test_skills_that_do_not_fit_into_memory_are_named_and_told(
    make: Make, upstream_bodies: Bodies
) -> None:
    world = await make()
    world.archives._limit = 10
    world.serve(state())
    world.serve(state(rollout(variant(CONTRACTS)), versions=[CONTRACTS]))
    await world.archives.step()
    assert world.archives.left_out == ("contracts@1",)
    await said(world, asked(read_call(), ""))
    assert "are not here now" in upstream_bodies()[-1]["messages"][-1]["content"][0]["content"]
    assert record(world).skill_errors == ("not_loaded",)


async def test_count_tokens_counts_the_tools_and_leaves_no_line(make: Make, emulator: Emulator) -> None:
    world = await make()
    body = {key: value for key, value in asked("").items() if key != "max_tokens"}
    with_skill = await world.call(body, path="/v1/messages/count_tokens")
    world.serve(state())
    without = await world.call(body, path="/v1/messages/count_tokens")
    assert with_skill.json["input_tokens"] > without.json["input_tokens"] + 200
    assert world.spool.records == []


@STREAMS
async def test_a_defect_of_a_scripts_run_costs_that_call_alone(
    make: Make, upstream_bodies: Bodies, stream: bool
) -> None:
    world = await make(sandbox=FakeSandbox(broken=OSError(24, "Too many open files")))
    message = await said(world, asked(run_call(), "", stream=stream))
    [result] = upstream_bodies()[-1]["messages"][-1]["content"]
    assert (result["content"], result["is_error"]) == (
        "the script could not be run here; go on without it",
        True,
    )
    assert message["stop_reason"] == "end_turn"
    assert (record(world).outcome, record(world).skill_errors) == ("ok", ("script_refused",))


@pytest.mark.parametrize(("status", "upstream", "skill"), [(400, 0, 10), (429, 0, 10), (500, 10, 0)])
async def test_a_refused_turn_of_a_stream_speaks_of_the_skill_and_not_of_the_upstream(
    make: Make, status: int, upstream: int, skill: int
) -> None:
    world = await make()
    refused = f'[[fault: {{"kind": "status", "status": {status}}}]]'
    for _ in range(10):
        got = await world.call(asked("Let me look. " + read_call(), refused, stream=True))
        assert events_of(got)[-1]["type"] == "error"
    guards = world.gateway.guards
    failures = [
        guards.upstreams["default/claude-sonnet-4-5"].recent.bit_count(),
        guards.skills["contracts@1"].recent.bit_count(),
    ]
    assert failures == [upstream, skill]


async def test_a_tool_of_a_stream_works_until_the_exchanges_deadline_at_most(make: Make) -> None:
    sandbox = FakeSandbox(hang=True)
    # Long enough that a busy machine has sent the first turn's head by then: the tool is what is late.
    world = await make(sandbox=sandbox, settings={"deadline_seconds": 3.0})
    got = await world.call(asked("Let me count. " + run_call(), "", stream=True))
    assert got.status == 200, got.body
    last, line = events_of(got)[-1], record(world)
    assert (last["type"], last["error"]["type"]) == ("error", "timeout_error")
    assert (sandbox.killed, line.outcome) == (True, Outcome.UPSTREAM_TIMEOUT)
    assert sandbox.runs[0].seconds <= 3 <= line.seconds < 30
