"""A worker's side: one of several processes on one machine, which tell and ask their supervisor."""

import asyncio
import itertools
import logging
import socket
from collections.abc import Awaitable, Callable

import msgspec

from tidegate.adapters.telemetry.prometheus import exposition_of
from tidegate.bootstrap.workers.channel import Channel, open_channel
from tidegate.bootstrap.workers.messages import (
    Collect,
    Died,
    FromSupervisor,
    Merged,
    Ready,
    Reported,
    Retire,
    Scraped,
    Standing,
    Switched,
)
from tidegate.control.switches import LocalSwitches
from tidegate.domain.errors import Conflict
from tidegate.domain.merging import Report
from tidegate.web.probes import Check

SCRAPE_SECONDS = 5.0
"""A supervisor that does not answer a scrape for so long: the worker then shows its own numbers."""

_DECODER: msgspec.msgpack.Decoder[FromSupervisor] = msgspec.msgpack.Decoder(FromSupervisor)

_log = logging.getLogger("tidegate.workers")


class Crew:
    """The line to the supervisor; `join` comes before `run`.

    `stop` is set where the supervisor is gone, or wants this worker to retire (`retiring`).
    """

    def __init__(self, channel: Channel[FromSupervisor], stop: asyncio.Event) -> None:
        self.retiring = False
        self._report: Callable[[], Report] = list
        self._local: LocalSwitches | None = None
        self._mourn: Callable[[], Awaitable[None]] | None = None
        self._channel = channel
        self._stop = stop
        self._standing = Standing(serving=0, wanted=0)
        self._scrapes: dict[int, asyncio.Future[Report]] = {}
        self._numbers = itertools.count(1)

    @classmethod
    async def over(cls, end: socket.socket, stop: asyncio.Event) -> "Crew":
        """Take over this worker's end of the line."""
        return cls(await open_channel(end, _decode), stop)

    def join(
        self, report: Callable[[], Report], local: LocalSwitches, mourn: Callable[[], Awaitable[None]]
    ) -> None:
        """What this worker has to tell, what switches it has, and what it does when another one died."""
        self._report, self._local, self._mourn = report, local, mourn

    def ready(self) -> None:
        """This worker serves."""
        self._channel.send(Ready())

    async def run(self) -> None:
        """Do as the supervisor says until it is gone: then this worker ends too, and the port is free."""
        while (message := await self._channel.receive()) is not None:
            await self._take(message)
        if not self._stop.is_set():
            _log.warning("the supervisor is gone: this worker ends too")
            self._stop.set()

    async def farewell(self) -> None:
        """The last numbers, after all else has ended, and the end of the line."""
        self._channel.send(Reported(0, list(self._report())))
        await self._channel.close()

    async def exposition(self) -> bytes:
        """The metrics of all workers; its own alone where the supervisor does not answer."""
        number = next(self._numbers)
        answer = self._scrapes[number] = asyncio.get_running_loop().create_future()
        self._channel.send(Scraped(number))
        try:
            async with asyncio.timeout(SCRAPE_SECONDS):
                merged = await answer
        except TimeoutError:
            _log.warning("the supervisor does not answer a scrape: only this worker's metrics are shown")
            merged = self._report()
        finally:
            del self._scrapes[number]
        return await asyncio.to_thread(exposition_of, merged)

    def check(self) -> Check:
        """How many workers serve; told in readiness, which is this one's own."""
        standing = self._standing
        detail = f"{standing.serving} of {standing.wanted} serve"
        if standing.trouble:
            detail += f"; {standing.trouble}"
        return Check(name="workers", ok=standing.serving >= standing.wanted, detail=detail)

    # ---- switches of this machine: every worker takes them

    def switch_off_local(self, scope: str, target: str) -> None:
        """Switch off here at once, and tell the others."""
        self._switch("off", scope, target)
        self._channel.send(Switched("off", scope, target))

    def switch_on_local(self, scope: str, target: str) -> None:
        """Take a local switch back, here and in the others."""
        self._switch("on", scope, target)
        self._channel.send(Switched("on", scope, target))

    async def _take(self, message: FromSupervisor) -> None:
        match message:
            case Collect(asked=asked):
                self._channel.send(Reported(asked, list(self._report())))
            case Merged(scrape=scrape, samples=samples):
                if (answer := self._scrapes.get(scrape)) is not None and not answer.done():
                    answer.set_result(samples)
            case Standing():
                self._standing = message
            case Switched(way=way, scope=scope, target=target):
                self._switch(way, scope, target)
            case Retire():
                self.retiring = True
                self._stop.set()
            case Died():
                if self._mourn is not None:
                    await self._mourn()

    def _switch(self, way: str, scope: str, target: str) -> None:
        if self._local is None:
            raise Conflict("this worker does not serve yet")
        switch = self._local.switch_off_local if way == "off" else self._local.switch_on_local
        switch(scope, target)


def _decode(data: bytes) -> FromSupervisor:
    return _DECODER.decode(data)
