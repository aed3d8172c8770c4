"""What is done to the gateway during a soak, and how much memory its processes take."""

import asyncio
import contextlib
import os
import signal
from pathlib import Path

from tidegate.harness.load.testbed import Testbed
from tidegate.harness.soak.plan import KILL_AT, RESTART_AT


class Watch:
    """`memory` is one (seconds, megabytes) a second, of all processes; `done` what was done."""

    def __init__(self, testbed: Testbed, seconds: float) -> None:
        self.memory: list[tuple[float, float]] = []
        self.largest = 0.0
        """Of any one worker, in megabytes."""
        self.done: list[tuple[float, str]] = []
        self._supervisor = testbed.supervisor
        self._replaced: set[int] = set()
        self._seconds = seconds

    async def run(self) -> None:
        """Until the run's time is over: restart, kill, and weigh in between."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        due = [(RESTART_AT, self._restart), (KILL_AT, self._kill)]
        while (now := loop.time() - began) < self._seconds:
            if due and now >= due[0][0] * self._seconds and self._settled():
                self.done.append((now, due.pop(0)[1]()))
            self._weigh(now)
            await asyncio.sleep(1.0)

    def at(self, share: float) -> float:
        """The memory then: the median of the ten seconds around, in megabytes."""
        middle = share * self._seconds
        near = sorted(megabytes for at, megabytes in self.memory if abs(at - middle) <= 5)
        return near[len(near) // 2] if near else 0.0

    def _settled(self) -> bool:
        """Nobody is left of those that a restart replaces: what follows must not strike in its midst."""
        return not self._replaced & set(children(self._supervisor))

    def _restart(self) -> str:
        self._replaced = set(children(self._supervisor))
        os.kill(self._supervisor, signal.SIGHUP)
        return "rolling restart"

    def _kill(self) -> str:
        worker = children(self._supervisor)[0]
        os.kill(worker, signal.SIGKILL)
        return f"worker {worker} killed"

    def _weigh(self, now: float) -> None:
        workers = [resident(pid) for pid in children(self._supervisor)]
        self.memory.append((now, resident(self._supervisor) + sum(workers)))
        self.largest = max([self.largest, *workers])


def children(pid: int) -> list[int]:
    """The child processes, by id; none where the process is gone."""
    found: list[int] = []
    for tasks in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            found += map(int, tasks.read_text(encoding="ascii").split())
    return sorted(found)


def resident(pid: int) -> float:
    """Resident memory in megabytes; 0 where the process is gone."""
    try:
        text = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except OSError:
        return 0.0
    lines = [line for line in text.splitlines() if line.startswith("VmRSS:")]
    return int(lines[0].split()[1]) / 1024 if lines else 0.0
