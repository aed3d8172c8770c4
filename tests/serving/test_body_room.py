"""Room for the bodies of requests: counted as they come, given back, and shared between keys."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import msgspec
import pytest
from gateway_parts import SECRET, FakeUpstream, Script, World, ask, key
from msgspec.structs import replace

from tidegate.domain.errors import Overloaded
from tidegate.serving.body_room import Body, BodyRoom
from tidegate.web.connection_limits import ConnectionLimits
from tidegate.web.server import Server

ONE, OTHER = replace(key(), id="key_1"), replace(key(), id="key_2")


def test_what_is_here_takes_room_until_it_leaves() -> None:
    room = BodyRoom(100)
    first, second = Body(room, ONE), Body(room, ONE)
    first.came(90)
    with pytest.raises(Overloaded, match="90 of the 100 bytes"):
        second.came(11)
    second.came(10)
    first.leave()
    second.leave()
    assert (room.held, room.coming) == (0, {})


def test_one_body_alone_always_has_room() -> None:
    room = BodyRoom(100)
    large = Body(room, ONE)
    large.piece(90)
    large.piece(90)
    with pytest.raises(Overloaded):
        Body(room, OTHER).came(1)
    large.leave()
    assert (room.held, room.coming) == (0, {})


def test_what_one_key_has_not_sent_in_full_leaves_room_for_others() -> None:
    told: list[str] = []
    room = BodyRoom(100, lambda priority, why: told.append(f"{priority.value} {why}"))
    slow = [Body(room, ONE) for _ in range(3)]
    slow[0].piece(15)
    slow[1].piece(10)
    with pytest.raises(Overloaded):
        slow[2].piece(1)
    Body(room, OTHER).piece(20)
    slow[0].complete()
    slow[2].piece(15)
    assert (room.held, room.coming, told) == (60, {"key_1": 25, "key_2": 20}, ["normal bodies"])


@asynccontextmanager
async def serving(**settings: object) -> AsyncGenerator[tuple[World, int]]:
    world = World(upstream=FakeUpstream([Script()]), settings=settings)
    server = Server(world.gateway, ConnectionLimits())
    await server.listen("127.0.0.1", 0)
    try:
        yield world, server.port
    finally:
        await server.drain(delay=0, limit=1, hurry=asyncio.Event())


def request(body: bytes, *, path: bytes = b"/v1/messages") -> bytes:
    head = b"POST %s HTTP/1.1\r\nhost: h\r\nx-api-key: %s\r\ncontent-length: %d\r\n\r\n"
    return head % (path, SECRET.encode(), len(body)) + body


async def test_a_slow_body_takes_no_place() -> None:
    async with serving(concurrency=1, queue=0) as (world, port), asyncio.timeout(10):
        _, slow = await asyncio.open_connection("127.0.0.1", port)
        slow.write(request(msgspec.json.encode(ask()))[:-1])
        reader, quick = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(3):
            quick.write(request(msgspec.json.encode(ask())))
            assert b" 200 " in await reader.readuntil(b"\r\n\r\n")
            await reader.readuntil(b"}}")
        assert world.gateway.open_exchanges == 0
        slow.close()
        quick.close()


async def test_bodies_beyond_the_room_are_a_529_and_give_it_back() -> None:
    body = msgspec.json.encode(ask("x" * 3000))
    async with serving(bodies=8000) as (world, port), asyncio.timeout(10):
        _, slow = await asyncio.open_connection("127.0.0.1", port)
        slow.write(request(body)[:-1])
        reader, other = await asyncio.open_connection("127.0.0.1", port)
        other.write(request(body)[:-1])
        answer = await reader.readuntil(b"\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 529 ")
        slow.close()
        other.close()
        while len(world.spool.records) < 2:
            await asyncio.sleep(0.005)
        assert world.gateway.body_bytes == 0
    shed = [labels for name, labels, _ in world.meter.moved if name == "tidegate_shed_requests_total"]
    assert shed == [("normal", "bodies")]
