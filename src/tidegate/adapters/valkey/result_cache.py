"""The port ResultCache in Valkey, for all gateways of an installation."""

import msgspec

from tidegate.adapters.valkey.link import ValkeyAway, ValkeyLink, ValkeyRefusal
from tidegate.domain.reuse import CachedAnswer
from tidegate.ports import Clock

_VERSION = b"\x01"
"""The first byte of a value: how the rest is written. Another version's value is none of ours: a miss."""

_USE = "cache"
_ENCODE = msgspec.msgpack.Encoder().encode
_DECODER = msgspec.msgpack.Decoder(CachedAnswer)


class ValkeyCache:
    """One key for each answer, which Valkey itself forgets when its time is over, or for want of room."""

    def __init__(self, link: ValkeyLink, clock: Clock) -> None:
        self._link = link
        self._clock = clock
        self._prefix = f"{link.prefix}cache:".encode()

    async def get(self, key: bytes) -> CachedAnswer | None:
        """See `ports.ResultCache`."""
        try:
            value = await self._link.command(_USE, "GET", self._name(key))
        except (ValkeyAway, ValkeyRefusal):
            return None
        found = _read(value) if isinstance(value, bytes) else None
        return found if found is not None and found.expires_at > self._clock.now() else None

    async def put(self, key: bytes, answer: CachedAnswer) -> None:
        """See `ports.ResultCache`."""
        milliseconds = int((answer.expires_at - self._clock.now()) * 1000)
        if milliseconds <= 0:
            return
        value = _VERSION + _ENCODE(answer)
        try:
            await self._link.command(_USE, "SET", self._name(key), value, "PX", milliseconds)
        except (ValkeyAway, ValkeyRefusal):
            return  # the link has counted it

    def _name(self, key: bytes) -> bytes:
        return self._prefix + key.hex().encode()


def _read(value: bytes) -> CachedAnswer | None:
    if not value.startswith(_VERSION):
        return None
    try:
        return _DECODER.decode(value[1:])
    except msgspec.DecodeError:
        return None
