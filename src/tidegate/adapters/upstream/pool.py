"""Kept connections to one upstream: newest first, a limit, and a queue for those who must wait."""

import asyncio
import time
from collections import deque

from tidegate.adapters.upstream.connection import Connection
from tidegate.adapters.upstream.deadlines import Deadlines
from tidegate.adapters.upstream.dial import Dialer
from tidegate.adapters.upstream.settings import UpstreamSettings
from tidegate.ports import UpstreamFailure


class Pool:
    """Lends connections and takes them back; also watches the deadlines of those lent.

    A connection is dialled by the task that needs it, so cancelling the task closes the socket. Whoever waits
    gets either a connection that has just come back or, as None, the leave to dial in a freed place.
    """

    def __init__(self, place: str, settings: UpstreamSettings, dialer: Dialer) -> None:
        self._place = place
        self._settings = settings
        self._dialer = dialer
        self._idle: deque[Connection] = deque()
        self._busy: set[Connection] = set()
        self._closing: set[Connection] = set()
        self._dialing = 0
        self._waiters: deque[asyncio.Future[Connection | None]] = deque()
        self._deadlines = Deadlines(self._busy)
        self._reaper: asyncio.TimerHandle | None = None
        self._closed = False
        self._drained: asyncio.Future[None] | None = None

    @property
    def open(self) -> int:
        """Sockets that exist: idle, busy, being dialled, or told to close and not yet gone."""
        return len(self._idle) + len(self._busy) + len(self._closing) + self._dialing

    @property
    def busy(self) -> int:
        """Exchanges in flight."""
        return len(self._busy)

    def take(self, deadline: float) -> Connection | None:
        """A kept connection, the latest used first, or None."""
        while self._idle:
            connection = self._idle.pop()
            if connection.alive:
                self._lend(connection, deadline)
                return connection
            self.discard(connection)
        return None

    async def acquire(self, deadline: float, *, fresh: bool = False) -> Connection:
        """A connection, dialled or waited for until `deadline`; `fresh` passes the kept ones by.

        Raises UpstreamFailure: connect, or timeout at the deadline.
        """
        try:
            async with asyncio.timeout_at(deadline):
                connection = await self._obtain(fresh)
        except TimeoutError as late:
            message = f"{self._place}: the deadline passed while waiting for a connection ({self.busy} busy)"
            raise UpstreamFailure("timeout", message) from late
        self._lend(connection, deadline)
        return connection

    def release(self, connection: Connection) -> None:
        """The exchange is over and the connection good: hand it to the first who waits, or keep it."""
        if self._closed or not connection.alive:
            connection.cut()
        elif waiter := self._next_waiter():
            connection.deadline = float("inf")  # still busy; its next user brings a deadline
            waiter.set_result(connection)
        else:
            self._busy.discard(connection)
            connection.idle_since = time.monotonic()  # the loop's clock, without looking the loop up
            self._idle.append(connection)
            self._reap_later(self._settings.idle_seconds)

    def discard(self, connection: Connection) -> None:
        """The connection is to close: its place is free from now on."""
        if connection in self._busy:
            self._busy.remove(connection)
        elif connection in self._idle:
            self._idle.remove(connection)
        else:
            return
        self._closing.add(connection)
        self._reserve()

    def forget(self, connection: Connection) -> None:
        """The connection's socket is closed."""
        self._closing.discard(connection)
        if self._drained is not None and not self._closing and not self._drained.done():
            self._drained.set_result(None)

    async def aclose(self) -> None:
        """Close every connection, fail whoever uses or waits for one, and wait until the sockets are gone."""
        self._closed = True
        self._deadlines.stop()
        if self._reaper is not None:
            self._reaper.cancel()
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_exception(self._shut())
        for connection in (*self._idle, *self._busy):
            connection.cut()
        if self._closing:
            self._drained = asyncio.get_running_loop().create_future()
            await self._drained

    # ---- getting one

    async def _obtain(self, fresh: bool) -> Connection:
        if self._closed:
            raise self._shut()
        if self._taken < self._settings.max_connections or self._make_room(fresh):
            return await self._dial()
        return await self._wait() or await self._dial(reserved=True)

    @property
    def _taken(self) -> int:
        return len(self._idle) + len(self._busy) + self._dialing

    def _make_room(self, fresh: bool) -> bool:
        if not fresh or not self._idle:
            return False
        self._idle[0].cut()
        return True

    async def _dial(self, *, reserved: bool = False) -> Connection:
        self._dialing += not reserved
        try:
            connection = await self._dialer.dial(self._new)
        except BaseException:
            self._vacate()
            raise
        self._dialing -= 1
        if self._closed:
            connection.cut()
            raise self._shut()
        return connection

    def _new(self) -> Connection:
        return Connection(self._place, self._settings, self)

    async def _wait(self) -> Connection | None:
        waiter: asyncio.Future[Connection | None] = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        try:
            return await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled():
                self._pass_on(waiter.result())
            raise
        finally:
            if waiter in self._waiters:
                self._waiters.remove(waiter)

    def _next_waiter(self) -> asyncio.Future[Connection | None] | None:
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                return waiter
        return None

    def _reserve(self) -> None:
        """A place is free: the first who waits may dial in it, and nobody else."""
        if self._taken < self._settings.max_connections and (waiter := self._next_waiter()):
            self._dialing += 1
            waiter.set_result(None)

    def _vacate(self) -> None:
        self._dialing -= 1
        self._reserve()

    def _pass_on(self, connection: Connection | None) -> None:
        if connection is None:
            self._vacate()
        else:
            self.release(connection)

    def _lend(self, connection: Connection, deadline: float) -> None:
        connection.deadline = deadline
        self._busy.add(connection)
        self._deadlines.watch(deadline)

    # ---- idle ones

    def _reap_later(self, seconds: float) -> None:
        if self._reaper is None:
            self._reaper = asyncio.get_running_loop().call_later(seconds, self._reap)

    def _reap(self) -> None:
        self._reaper = None
        now = time.monotonic()
        while self._idle:
            left = self._idle[0].idle_since + self._settings.idle_seconds - now
            if left > 0.001:
                self._reap_later(left)
                return
            self._idle[0].cut()

    def _shut(self) -> UpstreamFailure:
        return UpstreamFailure("connect", f"{self._place}: this client has been closed")
