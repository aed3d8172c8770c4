"""The process that holds the listening socket, keeps the workers going, and replaces them one by one."""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import msgspec

from tidegate.bootstrap.workers.backoff import HOPELESS_STARTS, Backoff
from tidegate.bootstrap.workers.messages import Died, Ready, Reported, Retire, Scraped, Standing, Switched
from tidegate.bootstrap.workers.process import WorkerProcess
from tidegate.bootstrap.workers.scrape import Scrapes
from tidegate.bootstrap.workers.seats import Seats
from tidegate.domain import metrics
from tidegate.domain.merging import Sample

START_SECONDS = 60.0
"""A worker that does not serve after so long is ended."""

ASK_SECONDS = 1.0
"""How often each worker tells its numbers: what a kill may cost of its counts."""

HUNG_SECONDS = 30.0
"""A worker that has not said anything for so long is killed and replaced."""

Launch = Callable[[int], Awaitable[WorkerProcess]]
"""Start a worker in that place; raises OSError."""

Sleep = Callable[[float], Awaitable[None]]
"""Wait for so many seconds before the next start."""

_log = logging.getLogger("tidegate.workers")


class Supervisor:
    """Keeps `wanted` workers serving from `start` to `stop`.

    `hopeless` is set, and `trouble` says why, where nobody serves and every new start fails, in every place.
    """

    def __init__(
        self,
        launch: Launch,
        wanted: int,
        seats: Seats,
        *,
        end_seconds: float,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self.hopeless = asyncio.Event()
        self.trouble = ""
        self._launch = launch
        self._wanted = wanted
        self._seats = seats
        self._end_seconds = end_seconds
        self._sleep = sleep
        self._places: dict[int, WorkerProcess] = {}
        self._alive: set[WorkerProcess] = set()
        self._turns = [asyncio.Lock() for _ in range(wanted)]
        self._backoffs = [Backoff() for _ in range(wanted)]
        self._switches: dict[tuple[str, str], str] = {}
        self._exits: Counter[str] = Counter()
        self._faults: Counter[str] = Counter()
        self._scrapes = Scrapes(lambda: self._alive, self._numbers)
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopping = True

    async def start(self) -> int | None:
        """Start the first worker, alone: None once it serves, else the code it ended with.

        The others are started by `run`: what keeps one from starting is then told once.
        """
        first = await self._put(0)
        if await first.serves(START_SECONDS):
            self._stopping = False
            return None
        first.kill()
        await first.ended.wait()
        return first.code if first.code > 0 else 1

    async def run(self) -> None:
        """Keep everybody going until cancelled."""
        for place in range(1, self._wanted):
            self._do(self._fill(place, None))
        while True:
            await asyncio.sleep(ASK_SECONDS)
            self._scrapes.ask()
            self._end_hung(asyncio.get_running_loop().time())

    async def restart(self) -> None:
        """Replace one worker after the other; ends at the first whose successor does not come to serve."""
        for place in range(self._wanted):
            async with self._turns[place]:
                if self._stopping or not await self._replace(place):
                    return
        _log.info("every worker is replaced", extra={"workers": self._wanted})

    async def stop(self, hurry: asyncio.Event) -> int:
        """End all workers, each after its answers; returns how many had to be killed."""
        self._stopping = True
        for worker in self._alive:
            worker.terminate()
        async with _hurrying(hurry, self._hasten):
            waits = [asyncio.create_task(worker.ended.wait()) for worker in self._alive]
            if waits:
                await asyncio.wait(waits, timeout=self._end_seconds)
        late = tuple(self._alive)
        for worker in late:
            worker.kill()
            await worker.ended.wait()
        for task in tuple(self._tasks):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        return len(late)

    # ---- one place

    async def _fill(self, place: int, before: WorkerProcess | None) -> None:
        """A worker in the place of `before`, tried until one is launched or it is hopeless."""
        while not self._stopping and self._places.get(place) is before:
            if self._given_up():
                self.hopeless.set()
                return
            await self._sleep(self._backoffs[place].seconds)
            async with self._turns[place]:
                if not self._stopping and self._places.get(place) is before:
                    await self._try(place)

    def _given_up(self) -> bool:
        return all(backoff.failures >= HOPELESS_STARTS for backoff in self._backoffs) and not any(
            each.serving for each in self._alive
        )

    async def _try(self, place: int) -> None:
        """A launch that the system refuses counts as a worker that died at once."""
        try:
            await self._put(place)
        except OSError as refusal:
            self._backoffs[place] = self._backoffs[place].after(0.0)
            self._refused(place, refusal)

    def _refused(self, place: int, refusal: OSError) -> None:
        self._faults["launch"] += 1
        self._say(f"worker {place} could not be launched: {refusal}")

    async def _put(self, place: int) -> WorkerProcess:
        worker = self._places[place] = await self._begin(place)
        return worker

    async def _begin(self, place: int) -> WorkerProcess:
        worker = await self._launch(place)
        self._alive.add(worker)
        self._do(self._attend(worker))
        return worker

    async def _replace(self, place: int) -> bool:
        """A successor first; its predecessor goes once it serves, so that no fewer serve meanwhile."""
        old = self._places.get(place)
        try:
            new = await self._begin(place)
        except OSError as refusal:
            self._refused(place, refusal)
            return False
        if not await new.serves(START_SECONDS):
            new.kill()
            self._say(f"a restart was given up: the successor of worker {place} did not come to serve")
            return False
        self._places[place] = new
        if old is not None and not old.ended.is_set():
            old.retiring = True
            old.channel.send(Retire())
            with suppress(TimeoutError):
                async with asyncio.timeout(self._end_seconds):
                    await old.ended.wait()
            old.kill()
            await old.ended.wait()
        _log.info("worker replaced", extra={"place": place, "pid": new.pid})
        return True

    async def _attend(self, worker: WorkerProcess) -> None:
        """From a worker's start to its end, and to its successor's start where it was not told to end."""
        await self._listen(worker)
        await worker.wait()
        served = worker.served_seconds(asyncio.get_running_loop().time())
        worker.ended.set()
        self._alive.discard(worker)
        await self._scrapes.end(worker)
        if worker.retiring:
            self._exits["replaced"] += 1
        elif not self._stopping:
            self._mourn(worker, served)
            await self._fill(worker.place, worker)

    async def _listen(self, worker: WorkerProcess) -> None:
        while True:
            try:
                message = await worker.channel.receive()
            except msgspec.MsgspecError as unknown:  # of a worker newer than this process
                message = unknown
            worker.heard_at = asyncio.get_running_loop().time()
            match message:
                case None:
                    break
                case msgspec.MsgspecError():
                    self._faults["message"] += 1
                    _log.warning(
                        "a worker's message is unknown here", extra={"pid": worker.pid, "what": str(message)}
                    )
                case Ready():
                    self._serves(worker)
                case Reported():
                    await self._scrapes.take(worker, message)
                case Scraped(scrape=scrape):
                    self._do(self._scrapes.answer(worker, scrape))
                case Switched():
                    self._switch(worker, message)
        await worker.channel.close()

    def _serves(self, worker: WorkerProcess) -> None:
        worker.ready_at = worker.heard_at
        worker.ready.set()
        for (scope, target), way in self._switches.items():
            worker.channel.send(Switched(way, scope, target))
        self._tell()

    def _mourn(self, worker: WorkerProcess, served: float) -> None:
        """Whoever died: the others take over what it left and wait no longer for it to accept."""
        self._exits["hung" if worker.hung else "died"] += 1
        if self._places.get(worker.place) is worker:
            self._seats.leave(worker.place)
            self._backoffs[worker.place] = self._backoffs[worker.place].after(served)
        for other in self._alive:
            other.channel.send(Died())
        self._say(
            f"worker {worker.place} (pid {worker.pid}) {_how(worker.code)} after serving {served:.0f} s"
        )

    def _end_hung(self, now: float) -> None:
        for worker in self._alive:
            starting = not worker.ready.is_set()
            if now - worker.heard_at > (START_SECONDS if starting else HUNG_SECONDS):
                worker.hung = True
                worker.kill()

    # ---- all of them

    def _switch(self, worker: WorkerProcess, switched: Switched) -> None:
        """Kept for workers to come; one that is on again is kept too: it may be off in a successor."""
        self._switches[switched.scope, switched.target] = switched.way
        for other in self._alive:
            if other is not worker and other.ready.is_set():
                other.channel.send(switched)

    def _tell(self) -> None:
        standing = Standing(sum(each.serving for each in self._alive), self._wanted, self.trouble)
        for worker in self._alive:
            worker.channel.send(standing)

    def _say(self, trouble: str) -> None:
        self.trouble = trouble
        _log.error("a worker is in trouble", extra={"what": trouble})
        self._tell()

    def _numbers(self) -> list[Sample]:
        serving = float(sum(each.serving for each in self._alive))
        states = (("wanted", float(self._wanted)), ("serving", serving))
        return [
            *(Sample(metrics.WORKERS.name, "", (state,), "", value) for state, value in states),
            *(
                Sample(metrics.WORKER_EXITS.name, "", (how,), "", float(self._exits[how]))
                for how in ("replaced", "died", "hung")
            ),
            *(
                Sample(metrics.WORKER_FAULTS.name, "", (what,), "", float(self._faults[what]))
                for what in ("launch", "message", "task")
            ),
        ]

    def _hasten(self) -> None:
        for worker in self._alive:
            worker.terminate()

    def _do(self, work: Awaitable[None]) -> None:
        async def done() -> None:
            await work

        task = asyncio.create_task(done())
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (fault := task.exception()) is not None:
            self._faults["task"] += 1
            _log.error("a task of the supervisor failed; the workers go on", exc_info=fault)


@asynccontextmanager
async def _hurrying(hurry: asyncio.Event, hasten: Callable[[], None]) -> AsyncGenerator[None]:
    """Call `hasten` each time somebody is in a hurry."""

    async def watch() -> None:
        while True:
            await hurry.wait()
            hurry.clear()
            hasten()

    task = asyncio.create_task(watch())
    try:
        yield
    finally:
        task.cancel()


def _how(code: int) -> str:
    return f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"
