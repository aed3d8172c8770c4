"""Sends what is due when it is due, and never waits for an answer to send the next."""

import asyncio
import math
from collections.abc import Callable, Iterable

from tidegate.harness.load.connection import Answer, Broken, Target
from tidegate.harness.load.question import body
from tidegate.harness.load.shot import Result, Shot

MOST_OPEN = 20_000
"""Requests in flight; one that would be more is not sent, and fails the run."""


class Generator:
    """Counts what it does: `sent`, `open` now, and `unsent` where more than MOST_OPEN were in flight."""

    def __init__(
        self, target: Target, take: Callable[[Result], None], *, patience: float, emulated: bool = False
    ) -> None:
        self.sent = 0
        self.unsent = 0
        self.open = 0
        self.started = 0.0
        self.sending_seconds = 0.0
        """From the first request sent to the latest."""
        self._first = math.inf
        self._target = target
        self._take = take
        self._patience = patience
        self._emulated = emulated
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self, shots: Iterable[Shot]) -> None:
        """Send them all, then wait for the answers that are out; each has `patience` seconds from its due."""
        loop = asyncio.get_running_loop()
        self.started = loop.time()
        try:
            for shot in shots:
                wait = self.started + shot.at - loop.time()
                if wait > 0:
                    await asyncio.sleep(wait)
                self._send(shot)
            while self._tasks:
                await asyncio.wait(self._tasks)
        finally:
            for task in self._tasks:
                task.cancel()
            self._target.close()

    def _send(self, shot: Shot) -> None:
        if self.open >= MOST_OPEN:
            self.unsent += 1
            return
        self.sent += 1
        self.open += 1
        now = asyncio.get_running_loop().time()
        self._first = min(self._first, now)
        self.sending_seconds = now - self._first
        task = asyncio.create_task(self._one(shot))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _one(self, shot: Shot) -> None:
        loop = asyncio.get_running_loop()
        due = self.started + shot.at
        late = loop.time() - due
        answer, failure = Answer(), ""
        try:
            async with asyncio.timeout_at(max(due, loop.time()) + self._patience):
                answer = await self._target.ask(body(shot, emulated=self._emulated))
            failure = _failure(answer, stream=shot.stream)
        except TimeoutError:
            failure = "timeout"
        except Broken:
            failure = "reset"
        except OSError:
            failure = "refused"
        finally:
            self.open -= 1
        self._take(_result(shot, answer, failure, due=due, late=late, now=loop.time()))


def _failure(answer: Answer, *, stream: bool) -> str:
    if answer.status != 200:
        return "status"
    if not stream or answer.ended_by == "message_stop":
        return ""
    return "error_event" if answer.ended_by == "error" else "truncated"


def _result(shot: Shot, answer: Answer, failure: str, *, due: float, late: float, now: float) -> Result:
    def told(name: bytes) -> str:
        return answer.headers.get(name, b"").decode("latin-1")

    return Result(
        shot=shot,
        late=late,
        seconds=now - due,
        first_token_seconds=None if answer.first_token is None else answer.first_token - due,
        status=answer.status,
        failure=failure,
        request_id=told(b"tidegate-request-id"),
        skills=told(b"tidegate-skills"),
        fallback=told(b"tidegate-fallback"),
    )
