"""Accepting from a listening socket that other processes accept from too, so that they share evenly.

The kernel wakes every process for a new connection, and the first to run would take most of a burst. So
whoever has more connections than another lets that one go first, for a moment: then it takes what is there.
"""

import asyncio
import logging
import socket
from collections.abc import Callable
from typing import Protocol

WAIT_SECONDS = 0.001
"""How long a fuller process leaves a connection to the others."""

FULL_SECONDS = 1.0
"""How long a process that has no descriptor or memory for a connection leaves it to the others."""


_log = logging.getLogger("tidegate.web")


class Turns(Protocol):
    """Whether it is this process's turn to accept, given how many connections it has."""

    def my_turn(self, connections: int) -> bool: ...
    def leave(self) -> None: ...


class SharedAcceptor:
    """Accepts one connection at a time until `close`; what waits in the queue then is for the others."""

    def __init__(
        self,
        listening: socket.socket,
        protocol: Callable[[], asyncio.Protocol],
        *,
        turns: Turns,
        connections: Callable[[], int],
    ) -> None:
        self._socket = listening
        self._protocol = protocol
        self._turns = turns
        self._connections = connections
        self._loop = asyncio.get_running_loop()
        self._coming: set[asyncio.Task[object]] = set()
        self._waiting: asyncio.TimerHandle | None = None
        self._loop.add_reader(listening.fileno(), self._readable)

    def close(self) -> None:
        """Accept no more, and let go of the socket."""
        self._loop.remove_reader(self._socket.fileno())
        if self._waiting is not None:
            self._waiting.cancel()
        self._turns.leave()
        self._socket.close()

    def _readable(self) -> None:
        if self._turns.my_turn(self._connections() + len(self._coming)):
            self._accept()
        else:
            self._wait(WAIT_SECONDS)

    def _wait(self, seconds: float) -> None:
        self._loop.remove_reader(self._socket.fileno())
        self._waiting = self._loop.call_later(seconds, self._waited)

    def _waited(self) -> None:
        self._waiting = None
        self._loop.add_reader(self._socket.fileno(), self._readable)
        self._accept()

    def _accept(self) -> None:
        """Take one, if it is still there and this process has room for it."""
        try:
            connected = self._socket.accept()[0]
        except (BlockingIOError, ConnectionAbortedError):
            return  # another process was faster, or the client has left
        except OSError as full:
            _log.warning("a connection cannot be accepted here: %s", full)
            self._wait(FULL_SECONDS)
            return
        connected.setblocking(False)
        task = self._loop.create_task(self._connect(connected))
        self._coming.add(task)
        task.add_done_callback(self._coming.discard)

    async def _connect(self, connected: socket.socket) -> None:
        try:
            await self._loop.connect_accepted_socket(self._protocol, connected)
        except OSError:
            connected.close()  # it has left before it was served
