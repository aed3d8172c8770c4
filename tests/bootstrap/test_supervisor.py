"""The supervisor goes on whatever happens to one worker, and gives up only where nobody serves any more."""

import asyncio
import socket
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import cast

import msgspec
import pytest

from tidegate.bootstrap.workers.backoff import HOPELESS_STARTS
from tidegate.bootstrap.workers.channel import Channel, open_channel
from tidegate.bootstrap.workers.messages import FromSupervisor, FromWorker, Merged, Ready, Reported, Scraped
from tidegate.bootstrap.workers.process import WorkerProcess
from tidegate.bootstrap.workers.seats import Seats, seats_file
from tidegate.bootstrap.workers.supervisor import Supervisor
from tidegate.domain import metrics
from tidegate.domain.merging import Sample

NO_MEMORY = OSError(12, "Cannot allocate memory")


class Worker:
    """A worker's process, without one, and its end of the line to the supervisor."""

    def __init__(self, pid: int, line: Channel[FromSupervisor]) -> None:
        self.pid = pid
        self.line = line
        self.returncode: int | None = None
        self._ended = asyncio.Event()

    def end(self, code: int) -> None:
        if self.returncode is None:
            self.returncode = code
            self._ended.set()
            self.closing = asyncio.create_task(self.line.close())

    def terminate(self) -> None:
        self.end(0)

    def kill(self) -> None:
        self.end(-9)

    async def wait(self) -> int | None:
        await self._ended.wait()
        return self.returncode

    async def told(self, kind: type[FromSupervisor]) -> FromSupervisor:
        while not isinstance(message := await self.line.receive(), kind):
            assert message is not None, f"the line ended before {kind.__name__}"
        return message


class Machine:
    """Launches workers: `refuses` says whether it does in that place, `serves` whether they live."""

    def __init__(self, seats: Seats, wanted: int) -> None:
        self.workers: list[Worker] = []
        self.launches: list[int] = []
        self.waits: list[float] = []
        self.refuses: Callable[[int], bool] = lambda place: False
        self.serves = True
        self.supervisor = Supervisor(self.launch, wanted, seats, end_seconds=5.0, sleep=self.sleep)

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        await asyncio.sleep(0)

    async def launch(self, place: int) -> WorkerProcess:
        self.launches.append(place)
        if self.refuses(place):
            raise NO_MEMORY
        ours, theirs = socket.socketpair()
        near, far = msgspec.msgpack.Decoder(FromWorker).decode, msgspec.msgpack.Decoder(FromSupervisor).decode
        worker = Worker(1000 + len(self.launches), await open_channel(theirs, far))
        process = WorkerProcess(
            place, cast(asyncio.subprocess.Process, worker), await open_channel(ours, near)
        )
        self.workers.append(worker)
        if self.serves:
            worker.line.send(Ready())
        else:
            worker.end(1)
        return process

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(10):
            while not holds():
                await asyncio.sleep(0.001)

    async def numbers(self, asker: Worker) -> dict[tuple[str, tuple[str, ...]], float]:
        asker.line.send(Scraped(1))
        merged = cast(Merged, await asyncio.wait_for(asker.told(Merged), 10))
        return {(each.metric, each.labels): each.value for each in merged.samples}


@asynccontextmanager
async def supervised(wanted: int) -> AsyncGenerator[Machine]:
    async with AsyncExitStack() as stack:
        table = stack.enter_context(seats_file(wanted))
        machine = Machine(Seats(table.fileno(), 0), wanted)
        assert await machine.supervisor.start() is None
        running = asyncio.create_task(machine.supervisor.run())
        try:
            await machine.until(lambda: len(machine.workers) == wanted)
            yield machine
        finally:
            running.cancel()
            await machine.supervisor.stop(asyncio.Event())
            await asyncio.gather(*(worker.closing for worker in machine.workers))


async def test_a_launch_that_the_system_refuses_is_tried_again_while_the_others_serve() -> None:
    async with supervised(2) as it:
        refusals = iter([True] * 8)
        it.refuses = lambda place: next(refusals, False)
        it.workers[1].end(1)
        await it.until(lambda: len(it.workers) == 3)
        assert it.launches == [0, 1] + [1] * 9
        assert it.waits[1:] == [0.5, 0.5 * 2, 2, 4, 8, 16, 30, 30, 30]
        assert not it.supervisor.hopeless.is_set()
        assert "Cannot allocate memory" in it.supervisor.trouble
        numbers = await it.numbers(it.workers[0])
        assert numbers[metrics.WORKER_FAULTS.name, ("launch",)] == 8


async def test_a_place_that_could_not_be_filled_at_first_is_filled_later() -> None:
    with seats_file(2) as table:
        it = Machine(Seats(table.fileno(), 0), 2)
        refusals = iter([True, True])
        it.refuses = lambda place: place == 1 and next(refusals, False)
        assert await it.supervisor.start() is None
        running = asyncio.create_task(it.supervisor.run())
        await it.until(lambda: len(it.workers) == 2)
        assert it.launches == [0, 1, 1, 1]
        running.cancel()
        await it.supervisor.stop(asyncio.Event())
        await asyncio.gather(*(worker.closing for worker in it.workers))


@pytest.mark.parametrize("refused", [True, False])
async def test_it_is_hopeless_where_nobody_serves_and_every_start_fails(refused: bool) -> None:
    async with supervised(2) as it:
        it.refuses = lambda place: refused
        it.serves = False
        for worker in it.workers[:2]:
            worker.end(1)
        await asyncio.wait_for(it.supervisor.hopeless.wait(), 10)
        await it.until(lambda: refused or len(it.workers) == len(it.launches))
        starts = it.launches[2:]
        assert min(starts.count(0), starts.count(1)) >= HOPELESS_STARTS - 1


async def test_one_death_is_not_hopeless_where_another_place_has_failed_often() -> None:
    async with supervised(2) as it:
        it.refuses = lambda place: place == 1
        it.workers[1].end(1)
        await it.until(lambda: it.launches.count(1) > HOPELESS_STARTS + 3)
        it.workers[0].end(1)
        await it.until(lambda: len(it.workers) == 3)
        assert not it.supervisor.hopeless.is_set()


async def test_a_restart_that_the_system_refuses_is_given_up_and_the_next_one_done() -> None:
    async with supervised(2) as it:
        it.refuses = lambda place: True
        await it.supervisor.restart()
        assert "Cannot allocate memory" in it.supervisor.trouble
        assert not any(worker.returncode is not None for worker in it.workers)
        it.refuses = lambda place: False
        restart = asyncio.create_task(it.supervisor.restart())
        for at in (0, 1):
            await it.until(lambda at=at: len(it.workers) == 3 + at)
            it.workers[at].end(1)
        await asyncio.wait_for(restart, 10)
        assert it.launches == [0, 1, 0, 0, 1]


async def test_a_worker_of_a_newer_version_is_understood_as_far_as_it_can_be() -> None:
    class Praised(msgspec.Struct, tag="praised"):
        """No message of this version."""

    async with supervised(2) as it:
        newer = it.workers[1]
        newer.line.send(Praised())
        newer.line.send(
            Reported(
                1,
                [
                    Sample(metrics.REQUESTS.name, "", ("messages", "outside", "ok", "new"), "", 1.0),
                    Sample(metrics.REQUESTS.name, "", ("messages", "outside", "ok"), "", 2.0),
                ],
            )
        )
        numbers = await it.numbers(newer)
        assert numbers[metrics.REQUESTS.name, ("messages", "outside", "ok")] == 2.0
        assert numbers[metrics.WORKER_FAULTS.name, ("message",)] == 1
        assert not it.supervisor.hopeless.is_set()
        newer.end(1)
        await it.until(lambda: len(it.workers) == 3)
