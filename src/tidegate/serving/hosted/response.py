"""The answer of a hosted exchange, in the shape of any upstream's: many turns, one message for the client."""

from collections.abc import Sequence

from tidegate.ports import Header, UpstreamFailure, UpstreamResponse
from tidegate.serving.finish import finish
from tidegate.serving.headers import is_stream
from tidegate.serving.hosted.join import ending, joined, released
from tidegate.serving.hosted.loop import Loop, Send, Settled
from tidegate.serving.hosted.turn import PLAINLY, Ended, StreamedTurn, ends_plainly, read_turn


class HostedResponse:
    """`ports.UpstreamResponse` over the turns of one exchange; each further turn is sent while it is read."""

    def __init__(self, first: UpstreamResponse, loop: Loop, send: Send, *, limit: int) -> None:
        self.status = first.status
        self.headers: Sequence[Header] = first.headers
        self._response = first
        self._loop = loop
        self._send = send
        self._limit = limit
        self._turn = StreamedTurn(first=True, offset=0, limit=limit)
        self._shown = 0
        self._ready = b""
        self._pending: Settled | None = None
        self._over = False
        self.plain = False
        """The whole answer was one turn without a call: it goes out, and is billed, as any other."""

    async def chunk(self) -> bytes:
        """The next events for the client, b"" once at the end; raises UpstreamFailure."""
        while not self._ready:
            if self._over:
                return await self._rest()
            if self._pending is not None:
                await self._go_on(self._pending)
            else:
                await self._follow()
        ready, self._ready = self._ready, b""
        return ready

    async def read(self, limit: int) -> bytes:
        """The whole message; raises UpstreamFailure."""
        body = await self._response.read(limit)
        if ends_plainly(body):
            self.plain = True
            return body
        bodies: list[tuple[Settled, bytes]] = []
        while True:
            try:
                ended = read_turn(body)
            except UpstreamFailure:
                if bodies:
                    raise
                return body  # what cannot be read is the client's to judge, as without skills
            settled = self._loop.settle(ended)
            bodies.append((settled, body))
            if settled.last:
                return joined(bodies, self._loop.usage)
            await self._next(settled)
            body = await self._response.read(limit)

    def close(self) -> None:
        """Give the connection back or cut it; a turn that is not at its end is billed as far as it came."""
        self._loop.bill(self._turn.turn)
        self._response.close()

    async def _follow(self) -> None:
        """Read on in the present turn."""
        turn = self._turn
        try:
            self._ready = turn.feed(await _more(self._response))
        except BaseException:
            self._loop.bill(turn.turn)
            raise
        if turn.failed:
            self._loop.bill(turn.turn)
            self._over = True
        elif turn.ended:
            self._end_turn(turn)

    def _end_turn(self, turn: StreamedTurn) -> None:
        """Release what was held of the turn, but for the gateway's calls."""
        plainly = not turn.held and turn.turn.stop_reason in PLAINLY
        settled = self._loop.settle(Ended(turn.turn, ()) if plainly else turn.finished())
        start = self._shown + turn.shown
        alone = settled.last and self._loop.turns == 1
        if alone and not settled.hidden and not settled.renamed:
            self._ready += b"".join(turn.held)  # as it came, whatever a later API may have put into it
        else:
            text, count = released(turn.held, settled, start)
            self._shown = start + count
            self._ready += text
        if settled.last:
            self._ready += ending(turn, settled, None if alone else self._loop.usage)
            self._over = True
        else:
            self._pending = settled

    async def _go_on(self, settled: Settled) -> None:
        await finish(self._response)
        await self._next(settled)
        if not is_stream(self._response.headers):
            raise UpstreamFailure("protocol", "a further turn of a stream was answered without one")
        self._turn = StreamedTurn(first=False, offset=self._shown, limit=self._limit)
        self._pending = None

    async def _next(self, settled: Settled) -> None:
        """Have the calls answered and send the next turn."""
        self._response.close()
        self._response = await self._send(await self._loop.next_body(settled))

    async def _rest(self) -> bytes:
        """What comes after the end, which is nothing; read so that the connection can serve again."""
        while await self._response.chunk():
            pass
        return b""


async def _more(response: UpstreamResponse) -> bytes:
    """The next bytes of a stream that is not at its end; raises UpstreamFailure."""
    data = await response.chunk()
    if not data:
        raise UpstreamFailure("reset", "the upstream's stream ended without message_stop")
    return data
