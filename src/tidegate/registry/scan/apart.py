"""Packages are judged in a process of their own: what a stranger sent cannot break the gateway."""

import asyncio
import sys
from asyncio.subprocess import DEVNULL, PIPE
from contextlib import suppress

import msgspec

from tidegate.domain.errors import InvalidInput, Overloaded
from tidegate.domain.skill import SkillPackage
from tidegate.registry.scan.found import Found
from tidegate.registry.scan.frame import LENGTH_BYTES, Asked, Judged, framed, length_of, read_judged

SCAN_SECONDS = 30.0
"""For one package, the start of the process included; the largest that are sent take some seconds."""

IDLE_SECONDS = 10.0
"""Without a package after which the process ends: it takes some 40 MB."""

COMMAND = (sys.executable, "-I", "-m", "tidegate.registry.scan.child")
_ENVIRONMENT = {"LANG": "C.UTF-8"}
"""Nothing of the gateway's, where keys may stand."""

_BROKEN = (ConnectionError, EOFError, msgspec.MsgspecError)
"""What a process that dies, or talks nonsense, is seen by."""


class ScanningProcess:
    """One package at a time; the process starts with the first and ends when none has come for a while."""

    def __init__(
        self, command: tuple[str, ...] = COMMAND, *, seconds: float = SCAN_SECONDS, idle: float = IDLE_SECONDS
    ) -> None:
        self._command = command
        self._seconds = seconds
        self._idle = idle
        self._turn = asyncio.Lock()
        self._process: asyncio.subprocess.Process | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._ends: set[asyncio.Task[int]] = set()
        """Of processes that were killed and are not gone yet."""

    async def scan(self, package: SkillPackage) -> tuple[Found, ...]:
        """Every finding, the worst first.

        Raises InvalidInput where the package cannot be judged, Overloaded where no process can be started.
        """
        refused = f"{package.manifest.name} is refused: "
        async with self._turn:
            try:
                judged = await self._judged(package)
            except TimeoutError as late:
                raise InvalidInput(
                    f"{refused}it was not judged within {self._seconds:g} s; make it smaller"
                ) from late
            except _BROKEN as broken:
                raise InvalidInput(f"{refused}the scanner broke off over it") from broken
        if judged.failure:
            raise InvalidInput(f"{refused}the scanner broke off over it: {judged.failure}")
        return judged.found

    async def close(self) -> None:
        """End the process; a package that it has is refused."""
        self._dismiss()
        await asyncio.gather(*self._ends)

    async def _judged(self, package: SkillPackage) -> Judged:
        if self._process is not None:
            with suppress(*_BROKEN):  # it may have been dying already: a new one tells
                return await self._once(package)
        return await self._once(package)

    async def _once(self, package: SkillPackage) -> Judged:
        process = await self._started()
        answered = False
        try:
            async with asyncio.timeout(self._seconds):
                judged = await _ask(process, package)
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


async def _ask(process: asyncio.subprocess.Process, package: SkillPackage) -> Judged:
    """Raises one of _BROKEN where it has ended."""
    assert process.stdin is not None and process.stdout is not None  # noqa: S101 (both are asked for: PIPE)
    process.stdin.write(framed(Asked(package.manifest, package.archive)))
    await process.stdin.drain()
    head = await process.stdout.readexactly(LENGTH_BYTES)
    return read_judged(await process.stdout.readexactly(length_of(head)))
