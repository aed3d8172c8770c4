"""A response as its reader sees it: the head, then the body piece by piece."""

import asyncio
from collections.abc import Sequence
from typing import Protocol

from tidegate.ports import Header, UpstreamFailure


class Wire(Protocol):
    """What a response may ask of the connection it comes in on."""

    def cut(self) -> None: ...
    def resume(self) -> None: ...


class Http1Response:
    """`ports.UpstreamResponse`, filled by a connection and emptied by one reader; header names lower-case.

    The connection leaves as soon as the last byte is here, so what is buffered stays readable after it.
    """

    __slots__ = (
        "_failure",
        "_finished",
        "_loop",
        "_pieces",
        "_place",
        "_waiter",
        "_wire",
        "buffered",
        "headers",
        "status",
    )

    def __init__(self, wire: Wire, loop: asyncio.AbstractEventLoop, place: str) -> None:
        self.status = 0
        self.headers: Sequence[Header] = ()
        self.buffered = 0
        self._wire: Wire | None = wire
        self._loop = loop
        self._place = place
        self._pieces: list[bytes] = []
        self._waiter: asyncio.Future[None] | None = None
        self._failure: UpstreamFailure | None = None
        self._finished = False

    # ---- the reader's side

    async def head(self) -> None:
        """Wait for the final response's head; raises UpstreamFailure."""
        while not self.status:
            if self._failure is not None:
                raise _anew(self._failure)
            await self._wait()

    async def chunk(self) -> bytes:
        """Everything that has come since the last call, b"" once at the end; raises UpstreamFailure."""
        while not self._pieces:
            if self._failure is not None:
                raise _anew(self._failure)
            if self._finished:
                return b""
            await self._wait()
        return self._take()

    async def read(self, limit: int) -> bytes:
        """The whole remaining body; raises UpstreamFailure (kind protocol) beyond `limit` bytes."""
        pieces: list[bytes] = []
        room = limit
        while piece := await self.chunk():
            room -= len(piece)
            if room < 0:
                self.close()
                raise UpstreamFailure(
                    "protocol",
                    f"{self._place}: the response body is larger than {limit} bytes; raise the limit",
                )
            pieces.append(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def close(self) -> None:
        """Cut the connection unless the response has already finished with it."""
        if self._wire is not None:
            self._wire.cut()

    async def _wait(self) -> None:
        self._waiter = self._loop.create_future()
        try:
            await self._waiter
        except asyncio.CancelledError:
            self.close()
            raise
        finally:
            self._waiter = None

    def _take(self) -> bytes:
        pieces = self._pieces
        piece = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        pieces.clear()
        self.buffered = 0
        if self._wire is not None:
            self._wire.resume()
        return piece

    # ---- the connection's side

    def begin(self, status: int, headers: Sequence[Header]) -> None:
        """The final head is here."""
        self.status = status
        self.headers = headers

    def feed(self, piece: bytes) -> None:
        """Another piece of the body; the reader is woken by `wake`, once for all pieces of one read."""
        self._pieces.append(piece)
        self.buffered += len(piece)

    def finish(self) -> None:
        """The body is complete; the connection has gone its own way."""
        self._finished = True
        self._wire = None
        self.wake()

    def fail(self, failure: UpstreamFailure) -> None:
        """Nothing more will come; the reader gets what is buffered, then the failure."""
        self._failure = failure
        self._wire = None
        self.wake()

    def wake(self) -> None:
        """Let the reader look again."""
        waiter = self._waiter
        if waiter is not None and not waiter.done():
            waiter.set_result(None)


def _anew(failure: UpstreamFailure) -> UpstreamFailure:
    """The same to be raised: the one that is kept would hold the frames that hold the response."""
    return UpstreamFailure(failure.kind, str(failure), replayable=failure.replayable)
