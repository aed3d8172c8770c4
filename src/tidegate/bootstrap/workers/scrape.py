"""The numbers of all workers as one, asked for at each scrape and every second in between."""

import asyncio
from collections.abc import Callable, Iterable

from tidegate.adapters.telemetry.merged import MergedReports
from tidegate.bootstrap.workers.messages import Collect, Merged, Reported
from tidegate.bootstrap.workers.process import WorkerProcess
from tidegate.domain.merging import Report, Sample

WAIT_SECONDS = 1.0
"""A worker that does not answer within it is shown as it was the last time."""

_OWN = "supervisor"


class Scrapes:
    """Asks the `living` workers and keeps what each said; `own` are the supervisor's numbers."""

    def __init__(self, living: Callable[[], Iterable[WorkerProcess]], own: Callable[[], Report]) -> None:
        self._living = living
        self._own = own
        self._reports = MergedReports()
        self._asked = 0
        self._answers = asyncio.Condition()

    def ask(self) -> int:
        """Ask every worker for its numbers; returns the number of the question."""
        self._asked += 1
        for worker in self._living():
            if worker.ready.is_set():
                worker.channel.send(Collect(self._asked))
        return self._asked

    async def take(self, worker: WorkerProcess, reported: Reported) -> None:
        """A worker's answer."""
        self._reports.take(worker, reported.samples)
        worker.answered = max(worker.answered, reported.asked)
        async with self._answers:
            self._answers.notify_all()

    async def end(self, worker: WorkerProcess) -> None:
        """A worker has ended: what it counted stays."""
        self._reports.end(worker)
        async with self._answers:
            self._answers.notify_all()

    async def answer(self, worker: WorkerProcess, scrape: int) -> None:
        """Tell a worker the numbers of all, once each has answered or had its time to."""
        asked = self.ask()
        try:
            async with asyncio.timeout(WAIT_SECONDS), self._answers:
                await self._answers.wait_for(lambda: self._answered(asked))
        except TimeoutError:
            pass  # what the others said the last time is shown for those that are silent
        worker.channel.send(Merged(scrape, self.merged()))

    def merged(self) -> list[Sample]:
        """The numbers as they are known now."""
        self._reports.take(_OWN, self._own())
        return self._reports.merged()

    def _answered(self, asked: int) -> bool:
        return all(
            worker.answered >= asked
            for worker in self._living()
            if worker.ready.is_set() and not worker.ended.is_set()
        )
