"""A response that no upstream gave, or that has been read already."""

from collections.abc import Sequence

from tidegate.ports import Header


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
