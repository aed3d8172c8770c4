"""JSON written from parts that are JSON already: what is not changed keeps its bytes."""

from collections.abc import Iterable, Mapping
from itertools import chain

import msgspec


def encoded(members: Mapping[str, msgspec.Raw | bytes]) -> bytes:
    """The object of these members, in their order."""
    pairs: list[tuple[bytes, msgspec.Raw | bytes]] = [
        (b",%s:" % msgspec.json.encode(key), value) for key, value in members.items()
    ]
    return b"{" + b"".join(chain.from_iterable(pairs))[1:] + b"}"


def listed(elements: Iterable[bytes]) -> bytes:
    """The list of these elements."""
    return b"[%s]" % b",".join(elements)
