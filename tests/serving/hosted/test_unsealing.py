"""What a request may have unsealed: each seal once, so many of them, within bytes and time."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import msgspec
import pytest
from gateway_parts import World, rollout, state, variant
from hosted_parts import CLIENT_CALL, CONTRACTS, TIDE, asked, read_call, reply_to, run_call

from tidegate.domain.script import ScriptResult, ScriptRun
from tidegate.serving.hosted import unsealing
from tidegate.serving.hosted.blocks import block_of
from tidegate.serving.hosted.plan import Round
from tidegate.serving.hosted.seal import LONGEST, MARK, UNPACKED_AT_MOST, Seals
from tidegate.serving.hosted.settings import HostedSettings

Make = Callable[..., Awaitable[World]]
Bodies = Callable[[], list[dict]]


@dataclass
class Sandbox:
    """Takes all the time that a run may take, by the clock of the world that it is in."""

    runs: list[ScriptRun] = field(default_factory=list)
    pass_time: Callable[[float], None] = lambda seconds: None

    async def run(self, run: ScriptRun, allowed: Callable[[], bool]) -> ScriptResult:
        self.runs.append(run)
        self.pass_time(run.seconds)
        return ScriptResult(exit_code=0, stdout=b"forty-two")


async def conversation(world: World, *calls: str) -> dict:
    """A request that brings back a seal for each of these calls."""
    request = asked(*(call + CLIENT_CALL for call in calls), "", tools=[TIDE])
    for _ in calls:
        got = await world.call(request)
        assert got.status == 200, got.body
        request = reply_to(request, got.json, "6.8 m")
    return request


def seals(world: World) -> list[str]:
    return [labels[0] for name, labels, _ in world.meter.moved if name == "tidegate_seals_total"]


def restored(sent: dict) -> int:
    """How many of the gateway's calls the provider was told."""
    return msgspec.json.encode(sent["messages"]).count(b'"name":"tidegate_')


async def test_a_seal_that_is_sent_many_times_is_opened_once(make: Make, upstream_bodies: Bodies) -> None:
    first, sandbox = await make(sandbox=Sandbox()), Sandbox()
    second = await make(sandbox=sandbox)
    request = await conversation(first, run_call())
    opening, *sealed = request["messages"]
    assert (await second.call({**request, "messages": [opening, *sealed * 40]})).status == 200
    assert seals(second) == ["opened", *["repeated"] * 39]
    assert (len(sandbox.runs), restored(upstream_bodies()[-1])) == (1, 1)
    assert MARK not in msgspec.json.encode(upstream_bodies()[-1]).decode()


async def test_what_a_body_has_no_room_for_stays_sealed_and_the_conversation_goes_on(
    make: Make, upstream_bodies: Bodies
) -> None:
    first = await make(hosted=HostedSettings(file_bytes=100_000))
    long = read_call("references/long.md")
    request = await conversation(first, read_call(), long, read_call())
    world = await make(hosted=HostedSettings(file_bytes=100_000), settings={"body_limit": 60_000})
    got = await world.call(request)
    assert (got.status, "tidegate-fallback" in got.headers) == (200, False)
    assert seals(world) == ["opened", "opened", "over_limit", "over_limit"]
    assert restored(upstream_bodies()[-1]) == 1
    assert world.spool.records[0].skill_errors == ("seals_over_limit",)


async def test_so_many_seals_are_opened_and_no_more(
    make: Make, upstream_bodies: Bodies, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = await make()
    request = await conversation(world, read_call(), read_call(), read_call())
    monkeypatch.setattr(unsealing, "MOST_SEALS", 2)
    before = len(seals(world))
    assert (await world.call(request)).status == 200
    assert seals(world)[before:] == ["opened", "opened", "over_limit"]
    assert restored(upstream_bodies()[-1]) == 2


async def test_sealed_scripts_share_the_time_for_skill_work(make: Make) -> None:
    request = await conversation(await make(sandbox=Sandbox()), run_call(), run_call(arguments=["again"]))
    sandbox = Sandbox()
    world = await make(sandbox=sandbox, hosted=HostedSettings(script_seconds=60.0))
    sandbox.pass_time = world.clock.advance
    assert (await world.call(request)).status == 200
    assert [run.arguments for run in sandbox.runs] == [()]
    assert sandbox.runs[0].seconds <= 5.0
    assert seals(world) == ["opened", "over_limit"]


async def test_the_exchanges_deadline_ends_it_too(make: Make) -> None:
    request = await conversation(await make(sandbox=Sandbox()), run_call())
    sandbox = Sandbox()
    world = await make(sandbox=sandbox, settings={"deadline_seconds": 2.0})
    await world.call(request)
    assert sandbox.runs[0].seconds <= 2.0


async def test_a_sandbox_that_does_not_come_back_in_time_is_not_waited_for(make: Make) -> None:
    request = await conversation(await make(sandbox=Sandbox()), run_call())

    class Hangs(Sandbox):
        async def run(self, run: ScriptRun, allowed: Callable[[], bool]) -> ScriptResult:
            return await asyncio.get_running_loop().create_future()

    world = await make(sandbox=Hangs())
    world.serve(state(rollout(variant(CONTRACTS, timeout_seconds=0.1)), versions=[CONTRACTS]))
    got = await world.call(request)
    assert (got.status, got.headers["tidegate-fallback"]) == (200, "skill_timeout")
    assert seals(world) == ["opened", "over_limit"]
    assert "seals_over_limit" in world.spool.records[0].skill_errors


def test_calls_that_would_open_to_much_are_not_sealed() -> None:
    call = {"type": "tool_use", "id": "toolu_g", "name": "tidegate_run_skill_script"}
    fits, over = (
        block_of(msgspec.json.encode({**call, "input": {"skill": "a", "stdin": "x" * size}}))
        for size in (UNPACKED_AT_MOST - 1_000, UNPACKED_AT_MOST)
    )
    made = Seals(b"s" * 32)
    sealed = made.seal("tenant", "toolu_1", [Round(0, (fits,))], {})
    assert sealed is not None
    assert len(sealed) <= LONGEST
    assert made.open("tenant", sealed) is not None
    assert made.seal("tenant", "toolu_1", [Round(0, (over,))], {}) is None
