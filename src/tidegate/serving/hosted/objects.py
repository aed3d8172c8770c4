"""JSON objects taken apart into raw members and put together again: what is not changed keeps its bytes."""

from collections.abc import Mapping, Sequence

import msgspec

Members = Mapping[str, msgspec.Raw | bytes]

_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])
_LIST = msgspec.json.Decoder(list[msgspec.Raw])


def opened(raw: bytes) -> dict[str, msgspec.Raw | bytes]:
    """An object's members, each as raw JSON; raises msgspec.DecodeError."""
    return dict(_OBJECT.decode(raw))


def closed(members: Members) -> bytes:
    """The object of these members, in their order."""
    return b"{%s}" % b",".join(
        [b"%s:%s" % (msgspec.json.encode(key), bytes(value)) for key, value in members.items()]
    )


def elements(raw: bytes) -> list[bytes]:
    """A list's elements, each as raw JSON; raises msgspec.DecodeError."""
    return [bytes(element) for element in _LIST.decode(raw)]


def listed(parts: Sequence[bytes]) -> bytes:
    """The list of these elements."""
    return b"[%s]" % b",".join(parts)


def message(role: str, blocks: Sequence[bytes]) -> bytes:
    """A message of these content blocks."""
    return b'{"role":"%s","content":%s}' % (role.encode(), listed(blocks))
