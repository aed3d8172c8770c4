"""The listening socket and its connections: open, sweep, drain; signals belong to the caller."""

import asyncio
import contextlib
import os
import socket
import time
from collections.abc import Callable
from email.utils import formatdate
from typing import Any, cast

from uvicorn import Config
from uvicorn.server import ServerState

from tidegate.domain.errors import Conflict
from tidegate.web.acceptor import SharedAcceptor, Turns
from tidegate.web.asgi import App
from tidegate.web.connection_limits import ConnectionLimits
from tidegate.web.protocol import GatewayProtocol

_SWEEP_SECONDS = 0.5
_POLL_SECONDS = 0.02
_BACKLOG = 2048


class Server:
    """One ASGI application on one loopback or given address.

    `listen`, then serve for as long as the loop runs, then `drain`: first still accepting while every answer
    says `connection: close`, then no longer accepting until the requests in flight are answered.
    """

    def __init__(self, app: App, limits: ConnectionLimits) -> None:
        self._config = Config(
            cast(Any, app),
            interface="asgi3",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
        )
        self._config.load()
        self._limits = limits
        shortest = min(limits.head_timeout, limits.body_timeout, limits.write_timeout)
        self._sweep_seconds = min(_SWEEP_SECONDS, shortest / 4)
        self._state = ServerState()
        self._stop_accepting: Callable[[], None] | None = None
        self._socket: socket.socket | None = None
        self._sweeper: asyncio.Task[None] | None = None
        self.draining = False
        self.port = 0

    async def listen(self, host: str, port: int) -> None:
        """Accept connections; `port` 0 takes a free one. Raises Conflict where the address cannot be had."""
        self._socket = open_listener(host, port)
        self._socket.setblocking(False)
        self.port = self._socket.getsockname()[1]
        loop = asyncio.get_running_loop()
        listener = await loop.create_server(self._protocol, sock=self._socket, backlog=_BACKLOG)
        self._stop_accepting = listener.close
        self._sweeper = asyncio.create_task(self._sweep(), name="connection-sweep")

    def listen_on(self, listening: socket.socket, turns: Turns) -> None:
        """Accept from a socket that other processes accept from too, evenly by `turns`."""
        listening.setblocking(False)
        self._socket = listening
        self.port = listening.getsockname()[1]
        acceptor = SharedAcceptor(
            listening, self._protocol, turns=turns, connections=lambda: len(self._state.connections)
        )
        self._stop_accepting = acceptor.close
        self._sweeper = asyncio.create_task(self._sweep(), name="connection-sweep")

    async def hand_over(self, *, delay: float, limit: float, hurry: asyncio.Event) -> int:
        """Go down as `drain` does, but accept nothing more: other processes do, on the same socket."""
        self._stop_accepting, stop = None, self._stop_accepting
        if stop is not None:
            stop()
        return await self.drain(delay=delay, limit=limit, hurry=hurry)

    async def drain(self, *, delay: float, limit: float, hurry: asyncio.Event) -> int:
        """Go down; returns how many requests were cut because `limit` seconds were not enough for them.

        `hurry` skips the delay and, once set, cuts what is in flight.
        """
        self.draining = True
        for connection in self._connections():
            connection.end_after_answer()
        await _pause(delay, hurry)
        hurry.clear()
        await self._stop_listening()
        await self._wait_for_answers(limit, hurry)
        cut = len(self._state.tasks)
        for connection in self._connections():
            connection.transport.abort()
        if self._state.tasks:
            await asyncio.wait(self._state.tasks, timeout=5.0)
        await self._stop_sweeping()
        return cut

    def _protocol(self) -> GatewayProtocol:
        loop = asyncio.get_running_loop()
        return GatewayProtocol(self._config, self._state, self._limits, self._is_draining, loop)

    async def _stop_listening(self) -> None:
        """Close the listener, but serve whoever is connected already: the kernel would reset them."""
        if self._stop_accepting is None or self._socket is None:
            return
        waiting: list[socket.socket] = []
        with contextlib.suppress(BlockingIOError):
            while True:
                waiting.append(self._socket.accept()[0])
        self._stop_accepting()
        self._stop_accepting = None
        loop = asyncio.get_running_loop()
        for connected in waiting:
            await loop.connect_accepted_socket(self._protocol, connected)

    async def _wait_for_answers(self, limit: float, hurry: asyncio.Event) -> None:
        loop = asyncio.get_running_loop()
        until = loop.time() + limit
        while (self._state.connections or self._state.tasks) and loop.time() < until and not hurry.is_set():
            for connection in self._connections():
                connection.close_if_idle(loop.time())
            await _pause(_POLL_SECONDS, hurry)

    def _connections(self) -> list[GatewayProtocol]:
        return cast(list[GatewayProtocol], list(self._state.connections))

    def _is_draining(self) -> bool:
        return self.draining

    async def _sweep(self) -> None:
        """Look at every connection in turn, and renew the date header."""
        loop = asyncio.get_running_loop()
        while True:
            self._state.default_headers = [(b"date", formatdate(time.time(), usegmt=True).encode())]
            for connection in self._connections():
                connection.check(loop.time())
            await asyncio.sleep(self._sweep_seconds)

    async def _stop_sweeping(self) -> None:
        if self._sweeper is not None:
            self._sweeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._sweeper


def open_listener(host: str, port: int) -> socket.socket:
    """A listening socket; `port` 0 takes a free one. Raises Conflict where the address cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except OSError as refusal:
        code = refusal.errno or 0
        why = os.strerror(code) if code > 0 else refusal.strerror  # names that do not resolve are below 0
        raise Conflict(
            f"cannot listen on {host}:{port}: {why}; "
            "stop what holds the port, or choose another with --port (0 takes a free one)"
        ) from refusal


async def _pause(seconds: float, hurry: asyncio.Event) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await hurry.wait()
