"""A streamed answer that is recorded while its client reads it, and goes on when that client has left."""

import asyncio
import copy
from collections import deque
from collections.abc import Sequence

from tidegate.ports import Header, UpstreamFailure, UpstreamResponse
from tidegate.serving.assemble import Assembly
from tidegate.serving.finish import finish
from tidegate.serving.order import Answer
from tidegate.serving.wire import Scanner

_BACKLOG_BYTES = 1 << 20
"""A reader that is further behind holds the recording up."""


class Recording:
    """Stands between an upstream's stream and its first reader, and puts its message together in `run`.

    To the reader it is the response itself. Where the message grows beyond `limit` bytes, or tells what is
    not understood here, it is given up: the reader reads the response alone.
    """

    def __init__(self, answer: Answer, scanner: Scanner, *, limit: int) -> None:
        self._inner: UpstreamResponse = answer.response
        self._limit = limit
        self._assembly = Assembly()
        self._waiting: deque[bytes] = deque()
        self._backlog = 0
        self._news = asyncio.Event()
        self._room = asyncio.Event()
        self._failure: UpstreamFailure | None = None
        self._over = False
        self._left = False
        self.given_up = ""
        """Why nothing is recorded any more: `too_large` or `unfit`."""
        self.scanner = copy.copy(scanner)
        """What the stream says of itself, read ahead of the reader."""
        self.status: int = answer.response.status
        self.headers: Sequence[Header] = answer.response.headers
        self._take(answer.body)

    async def run(self) -> bytes | None:
        """Read to the end; the message, None where the stream broke or its message is not to be kept."""
        try:
            while not (self.scanner.stopped or self.given_up):
                await self._step()
            if self.given_up:
                return None
            await finish(self._inner)
        except UpstreamFailure as failure:
            self._failure = failure
            return None
        finally:
            self._end()
        self._assembly.feed(self.scanner.held)
        return None if self.scanner.failed else self._assembly.message()

    async def chunk(self) -> bytes:
        """The next piece for the reader; raises UpstreamFailure."""
        while not self._waiting:
            if self.given_up:
                return await self._inner.chunk()
            if self._failure is not None:
                failure = self._failure  # kept, and raised anew: in the one raised are frames that hold this
                raise UpstreamFailure(failure.kind, str(failure), replayable=failure.replayable)
            if self._over:
                return b""
            self._news.clear()
            await self._news.wait()
        piece = self._waiting.popleft()
        self._backlog -= len(piece)
        self._room.set()
        return piece

    async def read(self, limit: int) -> bytes:
        """The rest for the reader; raises UpstreamFailure beyond `limit` bytes."""
        body = b""
        while piece := await self.chunk():
            body += piece
            if len(body) > limit:
                raise UpstreamFailure("protocol", f"the upstream's answer is longer than {limit} bytes")
        return body

    def close(self) -> None:
        """The reader has done; the stream is read on, unless nobody records it any more."""
        self._left = True
        self._waiting.clear()
        self._backlog = 0
        self._room.set()
        if self.given_up:
            self._inner.close()

    async def _step(self) -> None:
        while self._backlog > _BACKLOG_BYTES:
            self._room.clear()
            await self._room.wait()
        chunk = await self._inner.chunk()
        if not chunk:
            raise UpstreamFailure("reset", "the upstream's stream ended without message_stop")
        if not self._left:
            self._waiting.append(chunk)
            self._backlog += len(chunk)
            self._news.set()
        self._take(self.scanner.feed(chunk))

    def _take(self, events: bytes) -> None:
        self._assembly.feed(events)
        if not self._assembly.known:
            self.given_up = "unfit"
        elif self._assembly.size > self._limit:
            self.given_up = "too_large"

    def _end(self) -> None:
        """Whatever ended it: the reader is told, and the response is the reader's or nobody's."""
        self._over = True
        if not self.given_up or self._left:
            self._inner.close()
        self._news.set()
