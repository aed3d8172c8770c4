"""The processes of the demonstration: started, spoken to by their command line, and always ended."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncGenerator, Generator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import msgspec

from tidegate.domain.errors import TidegateError

TIDEGATE = str(Path(sys.executable).with_name("tidegate"))
START_SECONDS = 20.0
STOP_SECONDS = 20.0
ENDED = 128 + signal.SIGTERM
"""The exit code of a program that SIGTERM ended, as shells tell it."""


def child_environment(given: Mapping[str, str] | None = None) -> dict[str, str]:
    """The caller's environment without its own TIDEGATE_ settings, then what is `given`.

    A caller's home, store or key must reach no child: the child would work on the caller's gateway.
    """
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("TIDEGATE_")}
    return {**inherited, **(given or {})}


@contextmanager
def ended_by_sigterm() -> Generator[None]:
    """Have SIGTERM end the block, and then the program: what was started in it is not left behind.

    A further SIGTERM meanwhile hurries nothing. Enter it in the main thread's task that is to end. It cancels
    that task itself: a program that a shell started with `&` ignores SIGINT, and would ignore a raised one.
    """
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    ended = False

    def end() -> None:
        nonlocal ended
        if not ended and task is not None:
            ended = True
            task.cancel()

    loop.add_signal_handler(signal.SIGTERM, end)
    try:
        yield
    except asyncio.CancelledError:
        if not ended:
            raise
        raise SystemExit(ENDED) from None
    finally:
        loop.remove_signal_handler(signal.SIGTERM)


@asynccontextmanager
async def running(
    log: Path, *arguments: str, environment: Mapping[str, str] | None = None
) -> AsyncGenerator[str]:
    """Run `tidegate ARGUMENTS` and yield the URL it announces; stopped by SIGTERM at the end.

    Everything it prints goes to `log`. Raises TidegateError where it does not come up or ends badly.
    """
    with log.open("wb") as errors:
        process = await asyncio.create_subprocess_exec(
            TIDEGATE,
            *arguments,
            stdout=asyncio.subprocess.PIPE,
            stderr=errors,
            env=child_environment(environment),
        )
    try:
        # No wait_for: before Python 3.12 it loses a cancellation that comes with the announcement.
        async with asyncio.timeout(START_SECONDS):
            url = await _announced_url(process, arguments, log)
        yield url
    finally:
        await _stop(process, arguments, log)


async def _announced_url(process: asyncio.subprocess.Process, arguments: tuple[str, ...], log: Path) -> str:
    while process.stdout and (line := await process.stdout.readline()):
        _, found, url = line.decode().rpartition(" listening on ")
        if found:
            return url.strip()
    raise TidegateError(f"`tidegate {' '.join(arguments)}` ended before it listened; its log is {log}")


async def _stop(process: asyncio.subprocess.Process, arguments: tuple[str, ...], log: Path) -> None:
    if process.returncode is None:
        process.terminate()
    try:
        async with asyncio.timeout(STOP_SECONDS):
            code = await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
        raise TidegateError(
            f"`tidegate {arguments[0]}` did not stop within {STOP_SECONDS:g} s; see {log}"
        ) from None
    if code != 0:
        raise TidegateError(f"`tidegate {arguments[0]}` ended with exit code {code}; its log is {log}")


async def _said(process: asyncio.subprocess.Process) -> tuple[bytes, bytes]:
    """What a command prints; where nobody waits for it any more, it ends."""
    try:
        return await process.communicate()
    finally:
        if process.returncode is None:
            process.terminate()


class CommandLine:
    """The operator's terminal: each call is one `tidegate … --json` process; the answer is its JSON."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._environment = child_environment(environment)

    async def __call__(self, *arguments: str) -> dict[str, object]:
        process = await asyncio.create_subprocess_exec(
            TIDEGATE,
            *arguments,
            "--json",
            env=self._environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await _said(process)
        if process.returncode != 0:
            raise TidegateError(f"`tidegate {' '.join(arguments)}` failed: {err.decode().strip()}")
        return msgspec.json.decode(out, type=dict[str, object])

    async def save(self, path: Path, *arguments: str) -> None:
        """Run a command that prints lines and keep them in `path`."""
        with path.open("wb") as out:
            process = await asyncio.create_subprocess_exec(
                TIDEGATE, *arguments, env=self._environment, stdout=out, stderr=asyncio.subprocess.PIPE
            )
            _, err = await _said(process)
        if process.returncode != 0:
            raise TidegateError(f"`tidegate {' '.join(arguments)}` failed: {err.decode().strip()}")
