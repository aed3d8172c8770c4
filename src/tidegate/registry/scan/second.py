"""A second opinion: another scanner's findings on a package, by a program that the operator names."""

import asyncio
import os
import resource
import signal
import sys
import tempfile
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tidegate.domain.skill import SkillPackage
from tidegate.registry.archive import files_of
from tidegate.registry.scan.found import Found
from tidegate.registry.scan.policy import NO_OPINION
from tidegate.registry.scan.sarif import read_sarif
from tidegate.registry.scan.severity import Severity

MOST_BYTES = 8 << 20
"""Of a report; who writes more has none."""

MEMORY_BYTES = 2 << 30
"""Of data in each of its processes (Linux): a package made for it must not take the machine's memory."""

_PATH = "/usr/local/bin:/usr/bin:/bin"
_END_SECONDS = 2.0
"""For a killed program to be gone, and for the last of what an ended one wrote."""


class NoOpinionError(Exception):
    """Why there is none, in words that follow the command's name."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a program finds the package, and where it is at home: neither is inside the other."""

    folder: Path
    home: Path


class SecondOpinion:
    """Asks one program at a time; what it does not answer in time, or in SARIF, is a finding that says so.

    The program is started without a shell, gets the package's folder as its last argument, no input, nothing
    of this process's environment, and a home of its own, removed afterwards, which it is started in: many a
    program runs what lies in its working folder. In the end its process group is killed; what has left that
    is not.
    """

    def __init__(self, command: tuple[str, ...], *, seconds: float, most_bytes: int = MOST_BYTES) -> None:
        self._command = command
        self._seconds = seconds
        self._most_bytes = most_bytes
        self._turn = asyncio.Lock()

    async def scan(self, package: SkillPackage) -> tuple[Found, ...]:
        """Its findings, the worst first; one of rule `no-second-opinion` where it has none."""
        try:
            async with asyncio.timeout(self._seconds), self._turn, _laid_out(package) as place:
                return read_sarif(await self._reported(place), str(place.folder))
        except TimeoutError:
            why = f"had not ended within {self._seconds:g} s, packages that waited before it included"
        except (NoOpinionError, ValueError) as wrong:
            why = str(wrong)
        except OSError as wrong:
            why = f"could not be given the package: {wrong.strerror}"
        return (_absent(f"{self._command[0]} {why}"),)

    async def _reported(self, place: _Place) -> bytes:
        """What it prints; raises NoOpinionError."""
        async with _pipe() as (output, writing):
            try:
                process = await self._started(place, writing)
            finally:
                os.close(writing)
            telling = asyncio.ensure_future(self._told(output))
            ending = asyncio.ensure_future(process.wait())
            try:
                await asyncio.wait((telling, ending), return_when=asyncio.FIRST_COMPLETED)
                if not telling.done():
                    await _outlived(process, telling)
                report, code = await telling, await ending
            finally:
                telling.cancel()
                ending.cancel()
                await _ended(process)
        if code:
            how = f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"
            raise NoOpinionError(f"{how}; it must exit with 0 whatever it finds")
        return report

    async def _started(self, place: _Place, output: int) -> Process:
        home = str(place.home)
        try:
            process = await asyncio.create_subprocess_exec(
                *self._command,
                str(place.folder),
                stdin=DEVNULL,
                stdout=output,
                stderr=DEVNULL,
                env={"LANG": "C.UTF-8", "PATH": _PATH, "PYTHONSAFEPATH": "1", "HOME": home, "TMPDIR": home},
                cwd=home,
                start_new_session=True,
            )
        except OSError as wrong:
            raise NoOpinionError(
                f"cannot be started: {wrong.strerror}; name it by its whole path, executable by the user "
                "that this runs as"
            ) from wrong
        _bound(process.pid)
        return process

    async def _told(self, output: asyncio.StreamReader) -> bytes:
        told = bytearray()
        while piece := await output.read(65_536):
            told += piece
            if len(told) > self._most_bytes:
                raise NoOpinionError(f"wrote more than {self._most_bytes:,} bytes")
        return bytes(told)


@asynccontextmanager
async def _laid_out(package: SkillPackage) -> AsyncGenerator[_Place]:
    """A place with the package laid out; gone afterwards, also where the caller gives up meanwhile."""
    folder = tempfile.TemporaryDirectory(prefix="tidegate-second-", ignore_cleanup_errors=True)
    root = Path(folder.name)
    place = _Place(folder=root / "package" / package.manifest.name, home=root / "home")
    place.home.mkdir()
    files = files_of(package.archive)
    writing = asyncio.ensure_future(asyncio.to_thread(_write, place.folder, files))
    try:
        await asyncio.shield(writing)
        yield place
    finally:
        await asyncio.wait([writing])
        await asyncio.to_thread(folder.cleanup)


@asynccontextmanager
async def _pipe() -> AsyncGenerator[tuple[asyncio.StreamReader, int]]:
    """Our end, closed afterwards whoever still holds the other; that one is the caller's to close."""
    reading, writing = os.pipe()
    reader = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(reading, "rb", buffering=0)
    )
    try:
        yield reader, writing
    finally:
        transport.close()


def _write(folder: Path, files: Mapping[str, bytes]) -> None:
    for path, content in files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)


def _bound(pid: int) -> None:
    """Limit its memory, and offer it first where the machine has too little, not the gateway."""
    if sys.platform != "linux":
        return
    with suppress(OSError, ValueError):  # it has ended already, or its hard limit is 0
        resource.prlimit(pid, resource.RLIMIT_CORE, (1, 1))  # to no file, and piped to no program (core(5))
    with suppress(OSError):  # as above
        Path(f"/proc/{pid}/oom_score_adj").write_text("1000")
        resource.prlimit(pid, resource.RLIMIT_DATA, (MEMORY_BYTES, MEMORY_BYTES))


async def _outlived(process: Process, telling: "asyncio.Future[bytes]") -> None:
    """It has ended, its output has not: end its group, and wait for the rest; raises NoOpinionError."""
    await _ended(process)
    await asyncio.wait((telling,), timeout=_END_SECONDS)
    if not telling.done():
        raise NoOpinionError("has ended, but left something running that holds its output open")


async def _ended(process: Process) -> None:
    """Kill what there is of its process group."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    with suppress(TimeoutError):
        async with asyncio.timeout(_END_SECONDS):
            await process.wait()


def _absent(why: str) -> Found:
    return Found(
        rule=NO_OPINION,
        severity=Severity.LOW,
        path="(package)",
        line=0,
        title=f"no second opinion: {why}",
        excerpt="",
        tags=(),
        source="second opinion",
    )
