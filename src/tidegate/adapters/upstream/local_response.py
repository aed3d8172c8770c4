"""A response that no upstream gave, or that has been read already."""

from collections.abc import Sequence

from tidegate.domain.chat.errors import UNASKED, messages_error
from tidegate.ports import Header

JSON: Header = (b"content-type", b"application/json")


class LocalResponse:
    """A whole body in memory, behind the port of one that streams in."""

    def __init__(self, status: int, headers: Sequence[Header], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self._body = body

    async def chunk(self) -> bytes:
        """The body at once, then b""."""
        body, self._body = self._body, b""
        return body

    async def read(self, limit: int) -> bytes:
        """The body; it is here, whatever the limit."""
        return await self.chunk()

    def close(self) -> None:
        """Nothing to give back."""


def refused_here(status: int, told: str) -> LocalResponse:
    """A refusal in the Messages API's shape, marked so that nobody takes it for the provider's."""
    return LocalResponse(status, [JSON, (UNASKED, b"1")], messages_error(status, told))
