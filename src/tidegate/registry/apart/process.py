"""Packages are judged and read in a process of their own: what a stranger sent cannot break the gateway."""

import asyncio
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

import msgspec

from tidegate.domain.capability import Use
from tidegate.domain.errors import InvalidInput, Overloaded
from tidegate.domain.skill import SkillPackage, SkillVersion
from tidegate.domain.skill_diff import SkillDiff
from tidegate.registry.apart.frame import (
    LENGTH_BYTES,
    Asked,
    AskedDiff,
    AskedUses,
    Judged,
    Question,
    framed,
    length_of,
    read_judged,
)
from tidegate.registry.scan.found import Found

SCAN_SECONDS = 30.0
"""For one package, the start of the process included; the largest that are sent take some seconds."""

IDLE_SECONDS = 10.0
"""Without a package after which the process ends: it takes some 40 MB."""

QUEUE, WAIT_SECONDS = 16, 60.0
"""Packages that may wait for the one before them, and how long one does."""

COMMAND = (sys.executable, "-I", "-m", "tidegate.registry.apart.child")
_ENVIRONMENT = {"LANG": "C.UTF-8"}
"""Nothing of the gateway's, where keys may stand."""

_LOOK = "look into its archive: `tidegate skill download`"

_BROKEN = (ConnectionError, EOFError, msgspec.MsgspecError)
"""What a process that dies, or talks nonsense, is seen by."""


class ScanningProcess:
    """One package at a time; the process starts with the first and ends when none has come for a while."""

    def __init__(
        self,
        command: tuple[str, ...] = COMMAND,
        *,
        seconds: float = SCAN_SECONDS,
        idle: float = IDLE_SECONDS,
        queue: int = QUEUE,
        wait: float = WAIT_SECONDS,
    ) -> None:
        self._command = command
        self._seconds = seconds
        self._idle = idle
        self._queue = queue
        self._wait = wait
        self._turn = asyncio.Lock()
        self._waiting = 0
        self._process: asyncio.subprocess.Process | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._ends: set[asyncio.Task[int]] = set()
        """Of processes that were killed and are not gone yet."""

    async def scan(self, package: SkillPackage) -> tuple[Found, ...]:
        """Every finding, the worst first.

        Raises InvalidInput where the package cannot be judged, Overloaded where no process can be started, or
        too many packages wait for it.
        """
        asked = Asked(package.manifest, package.archive)
        return (await self._answer(asked, f"{package.manifest.name} is refused", "make it smaller")).found

    async def uses(self, archive: bytes) -> tuple[Use, ...]:
        """What the scripts of a package make use of; raises as `scan` does."""
        return (await self._answer(AskedUses(archive), "what its scripts use is not told", _LOOK)).uses

    async def diff(
        self, before: SkillVersion, after: SkillVersion, archives: tuple[bytes, bytes]
    ) -> SkillDiff:
        """What changed from one version to another; raises as `scan` does."""
        lead = f"versions {before.number} and {after.number} of {after.name} are not compared"
        diff = (await self._answer(AskedDiff(before, after, archives), lead, _LOOK)).diff
        assert diff is not None  # noqa: S101 (an answer without a failure has what was asked for)
        return diff

    async def _answer(self, asked: Question, lead: str, advice: str) -> Judged:
        """The answer; an InvalidInput begins with `lead`."""
        async with self._in_turn():
            try:
                judged = await self._judged(asked)
            except TimeoutError as late:
                raise InvalidInput(
                    f"{lead}: it was not judged within {self._seconds:g} s; {advice}"
                ) from late
            except _BROKEN as broken:
                raise InvalidInput(f"{lead}: the scanner broke off over it") from broken
        if judged.failure:
            raise InvalidInput(f"{lead}: the scanner broke off over it: {judged.failure}")
        return judged

    @asynccontextmanager
    async def _in_turn(self) -> AsyncGenerator[None]:
        """First come, first served; raises Overloaded where too many wait, or one waited for too long."""
        busy = f"the scanner has {self._waiting or 'a few'} packages before this one; try again in a minute"
        if self._waiting >= self._queue:
            raise Overloaded(busy)
        self._waiting += 1
        try:
            async with asyncio.timeout(self._wait):
                await self._turn.acquire()
        except TimeoutError:
            raise Overloaded(busy) from None
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._turn.release()

    async def close(self) -> None:
        """End the process; a package that it has is refused."""
        self._dismiss()
        await asyncio.gather(*self._ends)

    async def _judged(self, asked: Question) -> Judged:
        if self._process is not None:
            with suppress(*_BROKEN):  # it may have been dying already: a new one tells
                return await self._once(asked)
        return await self._once(asked)

    async def _once(self, asked: Question) -> Judged:
        process = await self._started()
        answered = False
        try:
            async with asyncio.timeout(self._seconds):
                judged = await _ask(process, asked)
            answered = True
        finally:
            self._rest(answered=answered)
        return judged

    async def _started(self) -> asyncio.subprocess.Process:
        if self._timer is not None:
            self._timer.cancel()
        if self._process is not None and self._process.returncode is not None:
            self._dismiss()
        if self._process is None:
            self._process = await self._start()
        return self._process

    async def _start(self) -> asyncio.subprocess.Process:
        try:
            return await asyncio.create_subprocess_exec(
                *self._command, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env=_ENVIRONMENT, cwd="/"
            )
        except OSError as wrong:
            raise Overloaded(f"no process can be started to judge the package: {wrong}; try again") from wrong

    def _rest(self, *, answered: bool) -> None:
        """Keep the process for a while; one that did not answer is of no more use."""
        if answered:
            self._timer = asyncio.get_running_loop().call_later(self._idle, self._dismiss)
        else:
            self._dismiss()

    def _dismiss(self) -> None:
        """Kill it: it has nothing to tidy up."""
        if self._timer is not None:
            self._timer.cancel()
        process, self._process = self._process, None
        if process is None:
            return
        with suppress(ProcessLookupError):
            process.kill()
        end = asyncio.get_running_loop().create_task(process.wait())
        self._ends.add(end)
        end.add_done_callback(self._ends.discard)


async def _ask(process: asyncio.subprocess.Process, asked: Question) -> Judged:
    """Raises one of _BROKEN where it has ended."""
    assert process.stdin is not None and process.stdout is not None  # noqa: S101 (both are asked for: PIPE)
    process.stdin.write(framed(asked))
    await process.stdin.drain()
    head = await process.stdout.readexactly(LENGTH_BYTES)
    return read_judged(await process.stdout.readexactly(length_of(head)))
