"""A thousand cancels and deadlines, before the head and in the body: no call, socket or task is left."""

import asyncio
import contextlib
import random

import psutil
from raw_server import Peer, response

from tidegate.ports import UpstreamFailure

INTERRUPTED = (
    "cancel-at-once",
    "cancel-before-head",
    "cancel-in-body",
    "close-in-body",
    "deadline-before-head",
    "deadline-in-body",
)
PROMPTLY = 3.0
"""Seconds, on a loop that is busy with dozens of TLS handshakes and shares its cores."""


class World:
    """The server's script and the client's doings, with what each saw of every request."""

    def __init__(self, upstream, seed: int) -> None:
        self.upstream = upstream
        self.random = random.Random(seed)
        self.asked: dict[str, asyncio.Event] = {}
        self.answered: dict[str, asyncio.Event] = {}
        self.ended: dict[str, float] = {}
        self.hung_up: dict[str, float] = {}
        self.outcomes: dict[str, int] = {}

    async def script(self, peer: Peer) -> None:
        while True:
            request = await peer.request()
            name, how = request.body.decode().split(" ")
            self.asked[name].set()
            if how == "answer":
                await peer.send(response(b"whole"))
                continue
            if how.endswith("in-body"):
                await peer.send(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nstart\r\n")
            try:
                await peer.hung_up()
            finally:
                self.hung_up[name] = asyncio.get_running_loop().time()
            return

    async def one(self, number: int, turnstile: asyncio.Semaphore) -> None:
        name = str(number)
        how = self.random.choice((*INTERRUPTED, "answer"))
        self.asked[name], self.answered[name] = asyncio.Event(), asyncio.Event()
        async with turnstile:
            try:
                outcome = await self.interrupt(name, how)
            finally:
                self.ended[name] = asyncio.get_running_loop().time()
        self.outcomes[outcome] = self.outcomes.get(outcome, 0) + 1

    async def interrupt(self, name: str, how: str) -> str:
        seconds = self.random.uniform(0.005, 0.1) if how.startswith("deadline") else 30.0
        task = asyncio.create_task(self.exchange(name, how, seconds))
        if how == "cancel-at-once":
            for _ in range(self.random.randrange(12)):
                await asyncio.sleep(0)
            task.cancel()
        elif how.startswith("cancel"):
            reached = self.answered if how == "cancel-in-body" else self.asked
            await reached[name].wait()
            for _ in range(self.random.randrange(6)):
                await asyncio.sleep(0)
            task.cancel()
        try:
            return await task
        except asyncio.CancelledError:
            return "cancelled"
        except UpstreamFailure as failure:
            return failure.kind

    async def exchange(self, name: str, how: str, seconds: float) -> str:
        deadline = asyncio.get_running_loop().time() + seconds
        body = f"{name} {how}".encode()
        reply = await self.upstream.send("POST", "/v1/messages", [], body, deadline=deadline)
        self.answered[name].set()
        if how == "close-in-body":
            reply.close()
            return "closed"
        assert await reply.read(1000) == b"whole"
        return "whole"


async def test_a_thousand_interruptions_leave_nothing_behind(rig):
    world = World(None, seed=20)
    server = await rig.serve(world.script)
    world.upstream = upstream = rig.reach(server.url, max_connections=40)
    process = psutil.Process()
    files, tasks = process.num_fds(), len(asyncio.all_tasks())

    turnstile = asyncio.Semaphore(60)
    await asyncio.gather(*(world.one(number, turnstile) for number in range(1000)))

    assert sum(world.outcomes.values()) == 1000
    assert {"cancelled", "closed", "timeout", "whole"} <= set(world.outcomes)
    assert set(world.outcomes) <= {"cancelled", "closed", "timeout", "whole"}
    assert upstream.busy_connections == 0
    async with asyncio.timeout(PROMPTLY):
        while server.open > upstream.open_connections:  # those kept for the next request
            await asyncio.sleep(0.005)
    late = [lag for name, at in world.hung_up.items() if (lag := at - world.ended[name]) > PROMPTLY]
    assert late == []
    await upstream.aclose()
    await server.all_closed()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(PROMPTLY):
            while process.num_fds() > files or len(asyncio.all_tasks()) > tasks:
                await asyncio.sleep(0.005)
    assert (process.num_fds(), len(asyncio.all_tasks())) == (files, tasks)
    assert (upstream.open_connections, upstream.busy_connections) == (0, 0)
