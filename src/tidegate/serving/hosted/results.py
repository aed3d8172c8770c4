"""Results of scripts, remembered within bounds: what a model was told once it is told again."""

from collections import OrderedDict
from hashlib import blake2b

import msgspec

from tidegate.serving.hosted.result import Result


class ScriptResults:
    """The latest results, at most `limit` bytes of text; keyed by tenant, skill digest and the whole call."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._bytes = 0
        self._kept: OrderedDict[bytes, Result] = OrderedDict()

    def get(self, key: bytes) -> Result | None:
        """The result of such a call, None where it is not known any more."""
        found = self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
        return found

    def put(self, key: bytes, result: Result) -> None:
        """Remember a result; the one used longest ago gives way."""
        before = self._kept.pop(key, None)
        self._bytes += len(result.text) - (len(before.text) if before else 0)
        self._kept[key] = result
        while self._bytes > self._limit:
            self._bytes -= len(self._kept.popitem(last=False)[1].text)


def result_key(tenant: str, digest: str, call: object) -> bytes:
    """The key of a call, which is anything that JSON can say."""
    return blake2b(msgspec.json.encode([tenant, digest, call]), digest_size=24).digest()
