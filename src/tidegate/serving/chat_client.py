"""A client of chat completions, told in its own dialect what the gateway has in another."""

from collections.abc import Callable, Sequence
from typing import cast

from msgspec.structs import replace

from tidegate.domain.chat.answer_to_chat import answer_to_chat
from tidegate.domain.chat.errors import error_to_chat
from tidegate.domain.chat.stream_to_chat import ChatStream
from tidegate.domain.chat.unreadable import Unreadable
from tidegate.ports import Header, UpstreamFailure
from tidegate.serving.body_room import Body
from tidegate.serving.client import Caller, Client
from tidegate.serving.order import Answer

_RENAMED = {b"request-id": b"x-request-id"}
_FOREIGN = b"anthropic-"


class ChatClient:
    """Passes everything on, headers by the names that OpenAI's SDKs look for."""

    def __init__(self, inner: Caller) -> None:
        self._inner = inner

    @property
    def deadline(self) -> float | None:
        """Event-loop time until which a client that does not read is waited for; None for ever."""
        return self._inner.deadline

    @deadline.setter
    def deadline(self, value: float | None) -> None:
        self._inner.deadline = value

    @property
    def gone(self) -> bool:
        """The connection is lost."""
        return self._inner.gone

    async def body(self, limit: int, room: Body | None = None) -> bytes:
        """The whole body; raises TooLarge, Overloaded, ClientGone."""
        return await self._inner.body(limit, room)

    async def answer(self, status: int, headers: Sequence[Header], body: bytes) -> None:
        """Send the whole answer; raises ClientGone."""
        await self._inner.answer(status, _renamed(headers), body)

    async def start(self, status: int, headers: Sequence[Header]) -> None:
        """Send the head of an answer; raises ClientGone."""
        await self._inner.start(status, _renamed(headers))

    async def send(self, data: bytes, *, more: bool) -> None:
        """Send a piece of the answer; raises ClientGone."""
        await self._inner.send(data, more=more)

    def watch(self, lost: Callable[[], object]) -> None:
        """Call `lost` when the connection is lost."""
        self._inner.watch(lost)

    def unwatch(self) -> None:
        """Leaving no longer matters."""
        self._inner.unwatch()


def crossed(answer: Answer, client: Client, *, created: int, include_usage: bool) -> tuple[Answer, Client]:
    """An answer of the Messages API for a client of chat completions, and the client that a stream goes to.

    Raises UpstreamFailure for a whole answer that cannot be read: nothing is on record of it yet.
    """
    if answer.scanner is not None:
        return answer, CrossedClient(client, created=created, include_usage=include_usage)
    status = answer.response.status
    if status >= 400:
        return replace(answer, body=error_to_chat(status, answer.body)), client
    try:
        return replace(answer, body=answer_to_chat(answer.body, created=created)), client
    except Unreadable as unreadable:
        raise UpstreamFailure("protocol", str(unreadable)) from unreadable


class CrossedClient(ChatClient):
    """Takes streams of the Messages API, and tells them as chat completions."""

    def __init__(self, inner: Client, *, created: int, include_usage: bool) -> None:
        super().__init__(cast("Caller", inner))  # its request is read: only answers pass here
        self._stream = ChatStream(created=created, include_usage=include_usage)

    async def send(self, data: bytes, *, more: bool) -> None:
        """Send the chunks that these events make; raises ClientGone."""
        chunks = self._stream.feed(data)
        if chunks or not more:
            await super().send(chunks, more=more)


def _renamed(headers: Sequence[Header]) -> list[Header]:
    return [(_RENAMED.get(name, name), value) for name, value in headers if not name.startswith(_FOREIGN)]
