"""The caller as serving sees it: what it asked, and how to answer it. The web layer provides both."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from tidegate.ports import Header


class ClientGone(Exception):
    """The client's connection is lost: nobody is left to answer."""


@dataclass(frozen=True, slots=True)
class Call:
    """A request's head; header names in lower case. `target` is the path with its query, as sent."""

    method: str
    target: str
    headers: Sequence[Header]

    def header(self, name: bytes) -> str | None:
        """The first header of that name, None where there is none."""
        for key, value in self.headers:
            if key == name:
                return value.decode("latin-1")
        return None


class Client(Protocol):
    """One caller, waiting for its answer."""

    @property
    def gone(self) -> bool:
        """The connection is lost."""
        ...

    async def body(self, limit: int) -> bytes:
        """The whole body; raises TooLarge beyond `limit` bytes, ClientGone."""
        ...

    async def start(self, status: int, headers: Sequence[Header]) -> None: ...

    async def send(self, data: bytes, *, more: bool) -> None: ...

    def watch(self, lost: Callable[[], object]) -> None:
        """Call `lost` when the connection is lost, at once if it is already."""
        ...

    def unwatch(self) -> None: ...


class Dialect(Protocol):
    """How one API speaks of errors."""

    def error(self, status: int, message: str, request_id: str) -> bytes:
        """The body of an error answer."""
        ...

    def error_event(self, status: int, message: str, request_id: str) -> bytes:
        """The event that ends a stream which failed after its beginning."""
        ...
