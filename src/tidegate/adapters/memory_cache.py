"""The port ResultCache in this process: the least recently used answers make room for new ones."""

from collections import OrderedDict

from tidegate.domain import metrics
from tidegate.domain.reuse import CachedAnswer
from tidegate.ports import Clock, Meter

OVERHEAD_BYTES = 600
"""What an entry takes beside its message: key, objects, and its place in the table (CPython 3.11)."""


class MemoryCache:
    """At most `limit_bytes` of answers; every call takes the same time, however many are kept."""

    def __init__(self, limit_bytes: int, clock: Clock, meter: Meter) -> None:
        self._limit = limit_bytes
        self._clock = clock
        self._meter = meter
        self._kept: OrderedDict[bytes, CachedAnswer] = OrderedDict()
        self.size = 0
        """Bytes taken now."""

    @property
    def entries(self) -> int:
        """Answers kept now, those included whose time is over but which nobody has asked for since."""
        return len(self._kept)

    @property
    def limit(self) -> int:
        """Bytes that may be taken."""
        return self._limit

    async def get(self, key: bytes) -> CachedAnswer | None:
        """See `ports.ResultCache`."""
        found = self._kept.get(key)
        if found is None:
            return None
        if found.expires_at <= self._clock.now():
            self._forget(key, "expired")
            return None
        self._kept.move_to_end(key)
        return found

    async def put(self, key: bytes, answer: CachedAnswer) -> None:
        """See `ports.ResultCache`; an answer larger than all the room is not kept."""
        before = self._kept.pop(key, None)
        self.size -= _size(before) if before else 0
        if _size(answer) > self._limit:
            return
        self._kept[key] = answer
        self.size += _size(answer)
        while self.size > self._limit:
            self._forget(next(iter(self._kept)), "size")

    def clear(self, tenant: str | None = None) -> None:
        """Forget a tenant's answers, or all of them."""
        for key in [key for key, answer in self._kept.items() if tenant in (None, answer.tenant)]:
            self._forget(key, "cleared")

    def _forget(self, key: bytes, reason: str) -> None:
        self.size -= _size(self._kept.pop(key))
        self._meter.add(metrics.CACHE_EVICTIONS, (reason,))


def _size(answer: CachedAnswer) -> int:
    return len(answer.message) + OVERHEAD_BYTES
