"""The caller of an ASGI request, as serving wants it."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from tidegate.domain.errors import TooLarge
from tidegate.ports import Header
from tidegate.serving.body_room import Body
from tidegate.serving.client import Call, ClientGone
from tidegate.web.asgi import Message, Receive, Send


class Connection(Protocol):
    """What our server puts into `scope["extensions"]["tidegate.connection"]`.

    It tells of a lost client, hands over a body that is here already, and sends a whole answer in one piece,
    or says that it cannot.
    """

    def watch(self, callback: Callable[[], None]) -> None: ...
    def unwatch(self, callback: Callable[[], None]) -> None: ...
    def body(self, scope: Message) -> bytes | None: ...
    def answer(self, scope: Message, status: int, headers: Sequence[Header], body: bytes) -> bool: ...

    @property
    def paused(self) -> bool: ...
    def abort(self) -> None: ...


def call_of(scope: Message) -> Call:
    """The head of an ASGI request, its target as it was sent."""
    path: bytes = scope.get("raw_path") or str(scope["path"]).encode()
    query: bytes = scope.get("query_string", b"")
    if query or b"?" in path:  # some servers leave the query in the path
        path = b"%b?%b" % (path.partition(b"?")[0], query) if query else path.partition(b"?")[0]
    return Call(scope["method"], path.decode("latin-1"), scope["headers"])


class AsgiClient:
    """One caller behind `receive` and `send`, watched: ASGI's `send` is silent once the client has left.

    Where the server does not tell of a lost connection, a task waits for `http.disconnect` instead.
    """

    __slots__ = (
        "_call",
        "_connection",
        "_lost",
        "_receive",
        "_scope",
        "_send",
        "_watcher",
        "deadline",
        "gone",
    )

    def __init__(self, scope: Message, receive: Receive, send: Send, call: Call) -> None:
        extensions: dict[str, Any] = scope.get("extensions") or {}
        self._connection: Connection | None = extensions.get("tidegate.connection")
        self._call = call
        self._scope = scope
        self._receive = receive
        self._send = send
        self._lost: Callable[[], object] | None = None
        self._watcher: asyncio.Task[None] | None = None
        self.gone = False
        self.deadline: float | None = None

    async def body(self, limit: int, room: Body | None = None) -> bytes:
        """The whole body; raises TooLarge beyond `limit` bytes, before reading any where announced.

        Raises ClientGone, too, where it is not here by the deadline, though a piece comes now and then, and
        Overloaded where there is no `room` for it among those of others.
        """
        body = self._connection.body(self._scope) if self._connection is not None else None
        if body is None:
            body = await self._awaited_body(limit, room)
        elif len(body) > limit:
            raise _too_large(limit)
        elif room is not None:
            room.came(len(body))
        self._await_disconnect()
        return body

    async def _awaited_body(self, limit: int, room: Body | None) -> bytes:
        announced = self._call.header(b"content-length")
        if announced is not None and announced.isdigit() and int(announced) > limit:
            raise _too_large(limit)
        body, more = await self._piece()
        if len(body) > limit:
            raise _too_large(limit)
        if more:
            try:
                async with asyncio.timeout_at(self.deadline):
                    return await self._with_the_rest(body, limit, room)
            except TimeoutError:
                self._drop()
                raise ClientGone from None
        if room is not None:
            room.came(len(body))
        return body

    async def _with_the_rest(self, first: bytes, limit: int, room: Body | None) -> bytes:
        if room is not None:
            room.piece(len(first))
        pieces = [first]
        left = limit - len(first)
        more = True
        while more:
            piece, more = await self._piece()
            left -= len(piece)
            if left < 0:
                raise _too_large(limit)
            if room is not None:
                room.piece(len(piece))
            pieces.append(piece)
        if room is not None:
            room.complete()
        return b"".join(pieces)

    async def _piece(self) -> tuple[bytes, bool]:
        """The next piece, and whether more follow; raises ClientGone."""
        message = await self._receive()
        if message["type"] == "http.disconnect":
            self.gone = True
            raise ClientGone
        return message.get("body", b""), bool(message.get("more_body", False))

    async def answer(self, status: int, headers: Sequence[Header], body: bytes) -> None:
        """Hand over all of the answer, in one piece where the server can."""
        connection = self._connection
        if connection is None or not connection.answer(self._scope, status, headers, body):
            await self.start(status, [*headers, (b"content-length", b"%d" % len(body))])
            await self.send(body, more=False)

    async def start(self, status: int, headers: Sequence[Header]) -> None:
        """Hand over the head of the answer; raises ClientGone."""
        await self._hand_over({"type": "http.response.start", "status": status, "headers": headers})

    async def send(self, data: bytes, *, more: bool) -> None:
        """Hand over a piece of the answer; raises ClientGone."""
        await self._hand_over({"type": "http.response.body", "body": data, "more_body": more})

    def watch(self, lost: Callable[[], object]) -> None:
        """Call `lost` once when the client's connection is lost."""
        self._lost = lost
        if self._connection is not None:
            self._connection.watch(self._leave)

    def unwatch(self) -> None:
        """The answer is complete, or given up: leaving no longer matters."""
        self._lost = None
        if self._connection is not None:
            self._connection.unwatch(self._leave)
        if self._watcher is not None:
            self._watcher.cancel()

    async def _hand_over(self, message: Message) -> None:
        """At once where the connection takes more; else wait for the client to read, up to the deadline."""
        if self._connection is not None and not self._connection.paused:
            await self._send(message)
            return
        try:
            async with asyncio.timeout_at(self.deadline):
                await self._send(message)
        except TimeoutError:
            self._drop()
            raise ClientGone from None

    def _drop(self) -> None:
        """Give up a client that keeps us waiting: what waits for it goes with its connection."""
        self.gone = True
        if self._connection is not None:
            self._connection.abort()

    def _leave(self) -> None:
        self.gone = True
        lost, self._lost = self._lost, None
        if lost is not None:
            lost()

    def _await_disconnect(self) -> None:
        """Only after the body: until then `receive` is the reader's."""
        if self._connection is None and self._lost is not None:
            self._watcher = asyncio.create_task(self._listen())

    async def _listen(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._leave()


def _too_large(limit: int) -> TooLarge:
    return TooLarge(f"the request's body is larger than {limit} bytes, the most this gateway takes")
