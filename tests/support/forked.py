"""`tidegate …` as a real process, forked from a server that has imported it already.

Most tests are not about what Python does before `main`, and importing all of it is most of what a start
costs. Where it matters (starting, replacing, measuring) tests start the command itself.
"""

import asyncio
import multiprocessing
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from uuid import uuid4

import msgspec

from tidegate.cli.main import main
from tidegate.domain.errors import TidegateError
from tidegate.harness.demo.processes import CommandLine

TIDEGATE = str(Path(sys.executable).with_name("tidegate"))

_SERVER = multiprocessing.get_context("forkserver")
_SERVER.set_forkserver_preload(
    [
        "tidegate.bootstrap.control",
        "tidegate.bootstrap.gateway",
        "tidegate.cli.emulate",
        "tidegate.cli.quota",
        "tidegate.cli.rollout",
        "tidegate.cli.skill",
        "tidegate.cli.switch",
        "tidegate.cli.up",
        "tidegate.registry.scan.policy",
        "tidegate.web.control_api",
        "tidegate.web.skills_api",
    ]
)


class ForkedProcess:
    """As asyncio's `Process`, with as much of it as tests use."""

    def __init__(self, process: ForkServerProcess, stdout: asyncio.StreamReader) -> None:
        self.stdout = stdout
        self._process = process
        self._ended = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(process.sentinel, self._over)

    def _over(self) -> None:
        self._loop.remove_reader(self._process.sentinel)
        self._ended.set()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        return self._process.exitcode

    async def wait(self) -> int:
        await self._ended.wait()
        return self._process.exitcode

    def send_signal(self, number: signal.Signals) -> None:
        if self.returncode is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


class ForkedCommandLine(CommandLine):
    """The operator's terminal, whose commands are forked too; what they say on stderr goes to `errors`."""

    def __init__(self, environment: Mapping[str, str], errors: Path) -> None:
        super().__init__(dict(environment))
        self._errors = errors

    async def run(self, *arguments: str) -> bytes:
        errors = self._errors.with_suffix(f".{uuid4().hex}")
        process = await forked(arguments, self._environment, errors)
        out = await process.stdout.read()
        if await process.wait() != 0:
            raise TidegateError(f"`tidegate {' '.join(arguments)}` failed: {logged(errors).strip()}")
        return out

    async def __call__(self, *arguments: str) -> dict[str, object]:
        return msgspec.json.decode(await self.run(*arguments, "--json"), type=dict[str, object])

    async def save(self, path: Path, *arguments: str) -> None:
        _keep(path, await self.run(*arguments))


async def forked(arguments: Sequence[str], environment: Mapping[str, str], errors: Path) -> ForkedProcess:
    """Start `tidegate ARGUMENTS` with this environment; what it says on stderr is added to `errors`."""
    receiving, sending = _SERVER.Pipe(duplex=False)
    process = _SERVER.Process(target=_become, args=(arguments, environment, sending, errors))
    await asyncio.to_thread(process.start)  # the first start waits for the server to import
    sending.close()
    return ForkedProcess(process, await _reader(receiving))


async def executed(
    arguments: Sequence[str], environment: Mapping[str, str], errors: Path
) -> asyncio.subprocess.Process:
    """The same, started as an operator starts it."""
    with errors.open("ab") as log:
        return await asyncio.create_subprocess_exec(
            TIDEGATE, *arguments, stdout=asyncio.subprocess.PIPE, stderr=log, env=environment
        )


async def announced(process: ForkedProcess | asyncio.subprocess.Process, errors: Path) -> str:
    """The URL that it says it listens on; AssertionError with its log where it ends before."""
    while line := await process.stdout.readline():
        _, found, url = line.decode().rpartition(" listening on ")
        if found:
            return url.strip()
    code = await process.wait()
    raise AssertionError(f"the process ended with {code}:\n{logged(errors)}")


def _keep(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def logged(log: Path) -> str:
    """All that a process has said."""
    return log.read_text()


async def _reader(receiving: Connection) -> asyncio.StreamReader:
    reader = asyncio.StreamReader()
    pipe = os.fdopen(os.dup(receiving.fileno()), "rb", buffering=0)
    receiving.close()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), pipe)
    return reader


def _become(arguments: Sequence[str], environment: Mapping[str, str], out: Connection, errors: Path) -> None:
    os.dup2(out.fileno(), 1)
    out.close()
    with errors.open("ab") as log:
        os.dup2(log.fileno(), 2)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["tidegate", *arguments]
    main()
