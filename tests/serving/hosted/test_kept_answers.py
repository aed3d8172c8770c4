"""The result cache before the hosted loop: answers for which the gateway's tools only read."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

import msgspec
import pytest
from gateway_parts import Got, World, off, packed_skill, rollout, state, variant
from hosted_parts import CONTRACTS, asked, events_of, message_of, read_call

from tidegate.domain.rollout import CachePolicy
from tidegate.harness.emulator import Emulator
from tidegate.serving.client import ClientGone

READING, ARCHIVE = packed_skill(
    "contracts", {"references/terms.md": b"It is forty-two."}, match=("contract",)
)
ALWAYS = CachePolicy(ttl_seconds=60.0, when="always")
STREAMS = pytest.mark.parametrize("stream", [False, True], ids=["json", "stream"])

Make = Callable[..., Awaitable[World]]


async def reading(make: Make, skill: object = READING) -> World:
    """A gateway whose skill has a file to read and, unless another one is given, nothing to run."""
    world = await make()
    world.packed[READING.digest] = ARCHIVE
    world.serve(state(rollout(variant(skill, timeout_seconds=5.0, cache=ALWAYS)), versions=[skill]))
    await world.archives.step()
    return world


def text_of(got: Got, *, stream: bool) -> str:
    message = message_of(events_of(got)) if stream else got.json
    return "".join(block["text"] for block in message["content"])


def cached(world: World) -> list[str | None]:
    return [record.cache for record in world.spool.records]


@STREAMS
async def test_an_answer_that_read_a_file_is_given_again(
    make: Make, emulator: Emulator, stream: bool
) -> None:
    world = await reading(make)
    request = asked(read_call(), "", stream=stream)
    first = await world.call(request)
    sent = emulator.counts.usage
    again = await world.call({**request, "stream": not stream})
    assert cached(world) == ["miss", "hit"]
    assert emulator.counts.usage == sent
    assert "forty-two" in text_of(again, stream=not stream)
    assert text_of(again, stream=not stream) == text_of(first, stream=stream)
    assert [(record.turns, record.cost_usd == 0) for record in world.spool.records] == [(2, False), (1, True)]


@STREAMS
async def test_equal_requests_at_once_read_once(make: Make, stream: bool) -> None:
    world = await reading(make)
    request = asked(read_call(), "", stream=stream)
    got = await asyncio.gather(*(world.call(request) for _ in range(5)))
    assert len({text_of(each, stream=stream) for each in got}) == 1
    assert sorted(filter(None, cached(world))) == ["miss"] + ["shared"] * 4


@STREAMS
async def test_an_answer_that_met_an_error_of_its_skill_is_not_kept(make: Make, stream: bool) -> None:
    world = await reading(make)
    request = asked(read_call("references/none.md"), "", stream=stream)
    for _ in range(2):
        assert (await world.call(request)).status == 200
    assert cached(world) == ["miss", "miss"]
    assert [record.skill_errors for record in world.spool.records] == [("no_such_file",)] * 2


async def test_a_switch_is_looked_at_before_it_is_given_again(make: Make) -> None:
    world = await reading(make)
    request = asked(read_call(), "")
    await world.call(request)
    switched = off("skill", "contracts")
    candidate = variant(READING, timeout_seconds=5.0, cache=ALWAYS)
    world.serve(state(rollout(candidate), versions=[READING], switches=(switched,)))
    assert "forty-two" not in msgspec.json.encode((await world.call(request)).json).decode()


async def test_a_skill_with_scripts_is_not_looked_up(make: Make) -> None:
    world = await reading(make, CONTRACTS)
    for _ in range(2):
        await world.call(asked(read_call(), ""))
    assert cached(world) == ["bypass", "bypass"]


async def test_an_answer_whose_client_leaves_is_read_to_its_end_and_billed_by_all_turns(
    make: Make, emulator: Emulator
) -> None:
    world = await reading(make)
    request = asked("I read. " + read_call(), "", stream=True)
    leave = asyncio.Event()
    with contextlib.suppress(ClientGone):
        await world.call(request, leave=leave, on_piece=lambda _: leave.set())
    while not world.spool.records:
        await asyncio.sleep(0)
    (line,) = world.spool.records
    used = emulator.counts.usage
    assert (line.turns, line.usage.output_tokens) == (2, used.output_tokens)
    assert "forty-two" in text_of(await world.call(request), stream=True)
    assert cached(world) == ["miss", "hit"]
