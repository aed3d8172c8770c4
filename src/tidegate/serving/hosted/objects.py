"""JSON objects taken apart into raw members and put together again: what is not changed keeps its bytes."""

from collections.abc import Mapping, Sequence

import msgspec

from tidegate.domain.raw_json import listed

Members = Mapping[str, msgspec.Raw | bytes]

_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])
_LIST = msgspec.json.Decoder(list[msgspec.Raw])


def opened(raw: bytes) -> dict[str, msgspec.Raw | bytes]:
    """An object's members, each as raw JSON; raises msgspec.DecodeError."""
    return dict(_OBJECT.decode(raw))


def elements(raw: bytes) -> list[bytes]:
    """A list's elements, each as raw JSON; raises msgspec.DecodeError."""
    return [bytes(element) for element in _LIST.decode(raw)]


def message(role: str, blocks: Sequence[bytes]) -> bytes:
    """A message of these content blocks."""
    return b'{"role":"%s","content":%s}' % (role.encode(), listed(blocks))
