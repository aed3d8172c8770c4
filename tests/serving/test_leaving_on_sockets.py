"""Clients that hang up on real sockets leave no upstream call behind, before the answer or in it."""

import asyncio
import gc
import itertools
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from types import FrameType, TracebackType

import msgspec
import pytest
from gateway_parts import CONTENT, DELTA, END, SECRET, SSE, START, STOP, FakeUpstream, Script, World, ask

from tidegate.adapters.upstream.http1 import Http1Upstream
from tidegate.adapters.upstream.settings import UpstreamSettings
from tidegate.domain.exchange import Outcome
from tidegate.harness.emulator import Emulator, Fault, Profile, start_emulator
from tidegate.web.connection_limits import ConnectionLimits
from tidegate.web.server import Server

CLIENTS = 100
HANG = Fault(kind="hang")
SLOW = Fault(kind="slow", seconds=30.0)


def head_and_body(body: dict[str, object]) -> bytes:
    raw = msgspec.json.encode(body)
    return (
        b"POST /v1/messages HTTP/1.1\r\nhost: h\r\nx-api-key: %s\r\nanthropic-version: 2023-06-01\r\n"
        b"content-type: application/json\r\ncontent-length: %d\r\n\r\n%s" % (SECRET.encode(), len(raw), raw)
    )


@dataclass
class Live:
    """A gateway on a socket before an emulator on another."""

    emulator: Emulator
    upstream: Http1Upstream
    world: World
    server: Server
    writers: list[asyncio.StreamWriter] = field(default_factory=list)

    async def ask(self, body: dict[str, object]) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.server.port)
        self.writers.append(writer)
        writer.write(head_and_body(body))
        return reader, writer

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(10):
            while not holds():
                await asyncio.sleep(0.005)


@asynccontextmanager
async def live(**settings: object) -> AsyncGenerator[Live]:
    emulator = await start_emulator(Profile(seed=1))
    upstream = Http1Upstream(UpstreamSettings(base_url=emulator.url))
    world = World(upstream=upstream, settings=settings)
    server = Server(world.gateway, ConnectionLimits())
    await server.listen("127.0.0.1", 0)
    running = Live(emulator, upstream, world, server)
    try:
        yield running
    finally:
        for writer in running.writers:
            writer.close()
        await server.drain(delay=0, limit=1, hurry=asyncio.Event())
        await upstream.aclose()
        await emulator.close()


@pytest.mark.parametrize("fault", [HANG, SLOW], ids=["before the head", "in the body"])
async def test_nothing_stays_open_of_clients_that_left(fault: Fault) -> None:
    async with live() as running:
        running.emulator.set_faults([fault])
        streams = itertools.cycle([{"stream": True}, {}])
        clients = [await running.ask(ask("hello", **next(streams))) for _ in range(CLIENTS)]
        await running.until(lambda: running.emulator.counts.open_requests == CLIENTS)
        if fault is SLOW:  # the streamed half has begun to answer
            for reader, _ in clients[::2]:
                await reader.readuntil(b"message_start")
        for _, writer in clients:
            writer.transport.abort()
        await running.until(lambda: running.emulator.counts.open_requests == 0)
        await running.until(lambda: running.world.gateway.open_exchanges == 0)
        assert running.upstream.busy_connections == 0
        outcomes = [record.outcome for record in running.world.spool.records]
        assert outcomes == [Outcome.CLIENT_CLOSED] * CLIENTS


async def test_a_kept_connection_serves_the_next_request_after_a_stream() -> None:
    async with live() as running:
        for _ in range(3):
            reader, _ = await running.ask(ask("hello", stream=True))
            await reader.readuntil(b"message_stop")
            await running.until(lambda: running.upstream.busy_connections == 0)
        assert running.upstream.open_connections == 1
        assert running.emulator.counts.open_connections == 1


@asynccontextmanager
async def alone(upstream: FakeUpstream) -> AsyncGenerator[tuple[World, asyncio.StreamWriter]]:
    """A gateway whose exchanges have 1 s, and one client; it must go down at once in the end."""
    world = World(upstream=upstream, settings={"deadline_seconds": 1.0})
    server = Server(world.gateway, ConnectionLimits())
    await server.listen("127.0.0.1", 0)
    _, writer = await asyncio.open_connection("127.0.0.1", server.port)
    yield world, writer
    async with asyncio.timeout(10):
        while not world.spool.records:
            await asyncio.sleep(0.005)
    assert 1 <= world.spool.records[0].seconds < 5
    assert world.spool.records[0].outcome is Outcome.CLIENT_CLOSED
    assert (world.gateway.open_exchanges, upstream.open) == (0, 0)
    assert await server.drain(delay=0, limit=1, hurry=asyncio.Event()) == 0
    writer.close()


async def test_a_client_that_stops_reading_is_dropped_at_the_deadline() -> None:
    """It must not hold its place, its connection and the upstream's for ever."""
    much = Script(headers=SSE, chunks=[START + CONTENT, *[DELTA * 20_000] * 40])
    async with alone(FakeUpstream([much])) as (world, writer):
        writer.transport.pause_reading()  # pyright: ignore[reportAttributeAccessIssue] a socket's transport can
        writer.write(head_and_body(ask("hello", stream=True)))
    assert world.spool.records[0].usage.input_tokens == 50


async def test_a_client_that_never_ends_its_body_is_dropped_at_the_deadline() -> None:
    async with alone(FakeUpstream()) as (world, writer):
        writer.write(head_and_body(ask("hello"))[:-1])
    assert world.upstream.sent == []


async def test_a_stream_that_is_over_takes_no_watch_from_the_next_request() -> None:
    """Its upstream may take a moment to end the body, in which the client asks again."""
    ending = asyncio.Event()
    first = Script(headers=SSE, chunks=[START + CONTENT, DELTA + END + STOP, ending])
    upstream = FakeUpstream([first, Script(hang=True)])
    world = World(upstream=upstream)
    server = Server(world.gateway, ConnectionLimits())
    await server.listen("127.0.0.1", 0)
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    async with asyncio.timeout(10):
        writer.write(head_and_body(ask("hello", stream=True)))
        await reader.readuntil(b"message_stop")
        writer.write(head_and_body(ask("hello")))
        while len(upstream.sent) < 2:
            await asyncio.sleep(0)
        assert world.gateway.open_exchanges == 2
        ending.set()
        while world.gateway.open_exchanges == 2:
            await asyncio.sleep(0)
        writer.transport.abort()
        while world.gateway.open_exchanges:
            await asyncio.sleep(0.005)
    assert [line.outcome for line in world.spool.records] == [Outcome.OK, Outcome.CLIENT_CLOSED]
    assert await server.drain(delay=0, limit=1, hurry=asyncio.Event()) == 0


@contextmanager
def rings() -> Generator[list[str]]:
    """What of the gateway, in the block, could be freed by the collector alone; filled in at its end."""
    found: list[str] = []
    gc.collect()
    gc.disable()
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        yield found
        gc.collect()
        found += [type(each).__name__ for each in gc.garbage if _is_ours(each)]
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()


def _is_ours(each: object) -> bool:
    if isinstance(each, TracebackType):
        return _is_ours(each.tb_frame)
    if isinstance(each, FrameType):
        return "/tidegate/" in each.f_code.co_filename and "/harness/" not in each.f_code.co_filename
    module = type(each).__module__
    return module.startswith("tidegate.") and not module.startswith("tidegate.harness.")


@pytest.mark.parametrize(
    ("fault", "stream"),
    [
        (Fault(kind="cut", after_bytes=900), True),
        (Fault(kind="slow", after_bytes=900, seconds=30.0), True),
        (Fault(kind="stream_error"), True),
        (Fault(kind="reset"), False),
        (HANG, False),
        (None, True),
        (None, False),
    ],
    ids=["cut", "drip", "error event", "reset", "hang", "good stream", "good"],
)
async def test_no_exchange_leaves_work_for_the_collector(fault: Fault | None, *, stream: bool) -> None:
    """Broken ones do not, either: what waits for the collector would make memory grow in a bad hour."""
    async with live(deadline_seconds=1.0) as running:
        running.emulator.set_faults([fault] if fault else [])

        async def once() -> None:
            reader, writer = await running.ask(ask("hello", stream=stream))
            await reader.readuntil(b"0\r\n\r\n" if stream and fault is not HANG else b"}")
            writer.transport.abort()
            await running.until(lambda: not running.world.gateway.open_exchanges)

        await once()
        with rings() as found:
            await once()
            await once()
        assert found == []
