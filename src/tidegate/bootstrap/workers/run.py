"""`tidegate up --workers N`: the supervisor's life, from the socket to the last worker's end."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from functools import partial

from tidegate.bootstrap.address import new_process_id, url_of
from tidegate.bootstrap.emulated import emulated
from tidegate.bootstrap.home import open_home
from tidegate.bootstrap.living import living
from tidegate.bootstrap.logs import configure_logs
from tidegate.bootstrap.note import announced
from tidegate.bootstrap.private_memory import keep_memory_private
from tidegate.bootstrap.signals import Signals
from tidegate.bootstrap.workers.posting import Posting
from tidegate.bootstrap.workers.process import WorkerProcess
from tidegate.bootstrap.workers.seats import Seats, seats_file
from tidegate.bootstrap.workers.supervisor import Supervisor
from tidegate.config import Settings
from tidegate.web.server import open_listener

_SPARE_SECONDS = 20.0
"""For a worker's last steps after its requests: shipping the spool, leaving the store."""

_log = logging.getLogger("tidegate.workers")


Announce = Callable[[str, str], None]
"""Told where it listens, and where its emulated provider does, or ""."""


async def run_workers(
    settings: Settings, command: Sequence[str], announce: Announce, *, emulator: bool = False
) -> int:
    """Serve with several processes until SIGTERM or SIGINT, and return the exit code; SIGHUP replaces them.

    `command` starts a worker, given its posting as one more argument. Raises InvalidInput, Conflict (the port
    is taken).
    """
    configure_logs("info")
    keep_memory_private()
    signals = Signals(hangup=True)
    server, drain = settings.server, settings.drain
    async with AsyncExitStack() as stack:
        provider = await emulated(stack) if emulator else ""
        listener = stack.enter_context(open_listener(server.host, server.port))
        table = stack.enter_context(seats_file(server.workers))

        async def launch(place: int) -> WorkerProcess:
            given = Posting(
                place=place, listening=listener.fileno(), seats=table.fileno(), line=-1, upstream=provider
            )
            return await WorkerProcess.start(command, given)

        supervisor = Supervisor(
            launch,
            server.workers,
            Seats(table.fileno(), 0),
            end_seconds=drain.delay + drain.limit + _SPARE_SECONDS,
        )
        code = await supervisor.start()
        if code is not None:
            return code  # the worker has said why
        url = url_of(server.host, listener.getsockname()[1])
        with open_home(settings.home):
            await _until_told(settings, supervisor, signals, partial(announce, url, provider), url)
        _log.info("going down", extra={"workers": server.workers})
        listener.close()  # the workers hold the socket for as long as they accept
        killed = await supervisor.stop(signals.hurry)
    _log.info("down", extra={"killed": killed})
    return 1 if supervisor.hopeless.is_set() else 0


async def _until_told(
    settings: Settings, supervisor: Supervisor, signals: Signals, announce: Callable[[], None], url: str
) -> None:
    """Keep the workers going until a signal, or until none can be started any more."""
    process_id = new_process_id()
    with living(settings.home, process_id), announced(settings.home, url, process_id):
        work = [asyncio.create_task(each) for each in (supervisor.run(), _restarts(supervisor, signals))]
        announce()
        await _first_of(signals.stop, supervisor.hopeless)
        for task in work:
            task.cancel()
        await asyncio.wait(work)
    if supervisor.hopeless.is_set():
        _log.error("no worker can be started any more", extra={"last": supervisor.trouble})


async def _restarts(supervisor: Supervisor, signals: Signals) -> None:
    while True:
        await signals.restart.wait()
        signals.restart.clear()
        await supervisor.restart()


async def _first_of(*events: asyncio.Event) -> None:
    waits = [asyncio.create_task(event.wait()) for event in events]
    await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    for wait in waits:
        wait.cancel()
