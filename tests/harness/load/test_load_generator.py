"""The generator on real sockets: it waits for no answer, times from the schedule, and names what broke."""

import asyncio
import time
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager

import aiohttp
import msgspec
import pytest

from tidegate.domain.errors import InvalidInput
from tidegate.harness.emulator import Fault, Profile, start_emulator
from tidegate.harness.emulator.profile import Timing
from tidegate.harness.emulator.server import Emulator
from tidegate.harness.load.connection import Target
from tidegate.harness.load.generator import Generator
from tidegate.harness.load.run import run_load
from tidegate.harness.load.scenario import SCENARIOS, Phase
from tidegate.harness.load.shot import Kind, Result, Shot


def shots(count: int, *, every: float = 0.0, stream: bool = False) -> list[Shot]:
    return [Shot(at=n * every, kind=Kind.PLAIN, user=n, stream=stream) for n in range(count)]


async def sent(url: str, planned: Iterable[Shot], *, patience: float = 5.0) -> list[Result]:
    results: list[Result] = []
    await Generator(Target(url, "key"), results.append, patience=patience).run(planned)
    return results


@asynccontextmanager
async def provider(first_token: float = 0.0) -> AsyncGenerator[Emulator]:
    emulator = await start_emulator(Profile(timing=Timing(first_token_seconds=first_token)))
    try:
        yield emulator
    finally:
        await emulator.close()


@pytest.mark.parametrize("stream", [False, True])
async def test_whole_answers_are_no_failures(stream: bool) -> None:
    async with provider(0.05) as emulator:
        results = await sent(emulator.url, shots(20, every=0.005, stream=stream))
    assert len(results) == 20
    assert {(result.status, result.failure) for result in results} == {(200, "")}
    assert all((result.first_token_seconds is not None) == stream for result in results)
    assert all(0.04 < result.seconds < 4 for result in results)


async def test_answers_hold_no_request_up() -> None:
    """An answer takes 0.5 s: who waits for each would need 10 s, this one needs one answer's time."""
    began = asyncio.get_running_loop().time()
    async with provider(0.5) as emulator:
        results = await sent(emulator.url, shots(20))
    assert asyncio.get_running_loop().time() - began < 5
    assert len(results) == 20


async def test_time_counts_from_when_a_request_was_due() -> None:
    """The generator itself is held up: what waits because of that is slow, and said to be late."""

    def held_up() -> Iterable[Shot]:
        for index, shot in enumerate(shots(4, every=0.05)):
            if index == 1:
                _block(0.3)
            yield shot

    async with provider() as emulator:
        results = await sent(emulator.url, held_up())
    by_user = {result.shot.user: result for result in results}
    assert by_user[1].late > 0.2
    assert by_user[1].seconds >= by_user[1].late


def _block(seconds: float) -> None:
    time.sleep(seconds)  # holds the event loop up on purpose: the generator must say that it was late


@pytest.mark.parametrize(
    ("fault", "stream", "failure"),
    [
        (Fault(kind="status", status=529), False, "status"),
        (Fault(kind="reset"), False, "reset"),
        (Fault(kind="cut"), False, "reset"),
        (Fault(kind="cut"), True, "reset"),
        (Fault(kind="stream_error"), True, "error_event"),
        (Fault(kind="hang"), True, "timeout"),
    ],
)
async def test_each_failure_has_its_name(fault: Fault, stream: bool, failure: str) -> None:
    async with provider() as emulator:
        emulator.set_faults([fault])
        results = await sent(emulator.url, shots(2, stream=stream), patience=1.0)
    assert [result.failure for result in results] == [failure, failure]


async def faults_of(emulator: Emulator) -> list[object]:
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{emulator.url}/emulator/faults") as response,
    ):
        return (await response.json())["faults"]


async def answered(stream: bytes) -> Result:
    """One stream's result, from a server that sends these bytes, in pieces of seven, as a whole answer."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n"
        writer.write(f"{head}content-length: {len(stream)}\r\n\r\n".encode())
        for begin in range(0, len(stream), 7):
            writer.write(stream[begin : begin + 7])
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        (result,) = await sent(f"http://127.0.0.1:{port}", shots(1, stream=True))
    return result


@pytest.mark.parametrize(
    ("end", "failure"),
    [
        (b"", "truncated"),
        (b"event: message_stop\ndata: {}\n\n", ""),
        (b"event: error\ndata: {}\n\n", "error_event"),
    ],
)
async def test_an_answer_that_speaks_of_events_does_not_end_by_that(end: bytes, failure: str) -> None:
    said = b'event: content_block_delta\ndata: {"text":"event: message_stop\\nevent: error"}\n\n'
    assert (await answered(said + end)).failure == failure


async def test_the_rate_is_that_of_what_was_sent_however_long_the_run_was_to_be() -> None:
    async with provider() as emulator:
        chosen = msgspec.structs.replace(SCENARIOS["trace"], seconds=3600.0, phases=())
        outcome = await run_load(chosen, shots(21, every=0.02), url=emulator.url, key="key")
    assert outcome.requests == 21
    assert 1000 < outcome.sent_per_minute < 3300
    assert 0.3 < outcome.run_seconds < 2


@pytest.mark.parametrize("cancelled", [True, False], ids=["cancelled", "failed"])
async def test_no_fault_is_left_at_the_emulator_however_a_run_ends(cancelled: bool) -> None:
    def planned() -> Iterable[Shot]:
        yield from shots(2, every=0.3)
        if not cancelled:
            raise InvalidInput("the trace is broken here")
        yield Shot(at=60.0, kind=Kind.PLAIN, user=1, stream=False)

    phases = (Phase(begins=0.0, name="all fail", faults=(Fault(kind="status", status=500),)),)
    chosen = msgspec.structs.replace(SCENARIOS["seed"], seconds=60.0, phases=phases)
    async with provider() as emulator:
        run = asyncio.create_task(
            run_load(chosen, planned(), url=emulator.url, key="key", emulator=emulator.url)
        )
        async with asyncio.timeout(10):
            while not await faults_of(emulator):
                await asyncio.sleep(0.01)
        if cancelled:
            run.cancel()
        with pytest.raises(asyncio.CancelledError if cancelled else InvalidInput):
            await run
        assert await faults_of(emulator) == []


async def test_nobody_there_is_refused() -> None:
    async with provider() as emulator:
        url = emulator.url
    assert [result.failure for result in await sent(url, shots(2))] == ["refused", "refused"]


async def test_connections_are_used_again() -> None:
    async with provider() as emulator:
        target = Target(emulator.url, "key")
        results: list[Result] = []
        await Generator(target, results.append, patience=5).run(shots(30, every=0.02))
    assert len(results) == 30
    assert target.opened < 15
