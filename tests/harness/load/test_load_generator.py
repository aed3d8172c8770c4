"""The generator on real sockets: it waits for no answer, times from the schedule, and names what broke."""

import asyncio
import time
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager

import pytest

from tidegate.harness.emulator import Fault, Profile, start_emulator
from tidegate.harness.emulator.profile import Timing
from tidegate.harness.emulator.server import Emulator
from tidegate.harness.load.connection import Target
from tidegate.harness.load.generator import Generator
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
