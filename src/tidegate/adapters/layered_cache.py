"""Two caches as one: a near one, asked first, and a far one that other processes share."""

from tidegate.domain.reuse import CachedAnswer
from tidegate.ports import ResultCache


class LayeredCache:
    """The port ResultCache over two others; the near one keeps what the far one has, as long as that does."""

    def __init__(self, near: ResultCache, far: ResultCache) -> None:
        self._near = near
        self._far = far

    async def get(self, key: bytes) -> CachedAnswer | None:
        """See `ports.ResultCache`."""
        found = await self._near.get(key)
        if found is None and (found := await self._far.get(key)) is not None:
            await self._near.put(key, found)
        return found

    async def put(self, key: bytes, answer: CachedAnswer) -> None:
        """See `ports.ResultCache`."""
        await self._near.put(key, answer)
        await self._far.put(key, answer)
