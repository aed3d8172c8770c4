"""The caller as serving sees it: what it asked, and how to answer it. The web layer provides both."""

from collections.abc import Callable, Sequence
from typing import Protocol

from tidegate.ports import Header
from tidegate.serving.body_room import Body


class ClientGone(Exception):
    """The client's connection is lost: nobody is left to answer."""


class Call:
    """A request's head; header names in lower case. `target` is the path with its query, as sent."""

    __slots__ = ("_first", "headers", "method", "target")

    def __init__(self, method: str, target: str, headers: Sequence[Header]) -> None:
        self.method = method
        self.target = target
        self.headers = headers
        self._first = dict(reversed(headers))

    def header(self, name: bytes) -> str | None:
        """The first header of that name, None where there is none."""
        value = self._first.get(name)
        return None if value is None else value.decode("latin-1")

    def has_any(self, names: frozenset[bytes]) -> bool:
        """Whether there is a header of any of these names."""
        return not names.isdisjoint(self._first)


class Client(Protocol):
    """One caller, waiting for its answer."""

    @property
    def deadline(self) -> float | None:
        """Event-loop time until which a client that does not read is waited for; None for ever."""
        ...

    @deadline.setter
    def deadline(self, value: float | None) -> None: ...

    @property
    def gone(self) -> bool:
        """The connection is lost."""
        ...

    async def body(self, limit: int) -> bytes:
        """The whole body; raises TooLarge beyond `limit` bytes, ClientGone."""
        ...

    async def answer(self, status: int, headers: Sequence[Header], body: bytes) -> None:
        """Send the whole answer at once, its length with it; raises ClientGone."""
        ...

    async def start(self, status: int, headers: Sequence[Header]) -> None:
        """Send the head of an answer whose body comes piece by piece; raises ClientGone."""
        ...

    async def send(self, data: bytes, *, more: bool) -> None:
        """Send a piece of the answer; raises ClientGone."""
        ...

    def watch(self, lost: Callable[[], object]) -> None:
        """Call `lost` when the connection is lost, at once if it is already."""
        ...

    def unwatch(self) -> None: ...


class Caller(Client, Protocol):
    """A client whose request is still to be read."""

    async def body(self, limit: int, room: Body | None = None) -> bytes:
        """The whole body, counted into its part of the `room` as it comes; raises Overloaded, too."""
        ...


class Dialect(Protocol):
    """How one API speaks of errors."""

    def error(self, status: int, message: str, request_id: str) -> bytes:
        """The body of an error answer."""
        ...

    def error_event(self, status: int, message: str, request_id: str) -> bytes:
        """The event that ends a stream which failed after its beginning."""
        ...
