"""What a scanning process is asked and answers: a length, then MessagePack."""

from typing import Final

import msgspec

from tidegate.domain.skill import Manifest
from tidegate.registry.scan.found import Found

LENGTH_BYTES: Final = 4
"""Little-endian, before each frame."""


class Asked(msgspec.Struct, frozen=True):
    """A package to judge."""

    manifest: Manifest
    archive: bytes


class Judged(msgspec.Struct, frozen=True):
    """Every finding, the worst first; or, in `failure`, what the scanner broke off with."""

    found: tuple[Found, ...] = ()
    failure: str = ""


def framed(message: Asked | Judged) -> bytes:
    """The message as it is sent."""
    body = msgspec.msgpack.encode(message)
    return len(body).to_bytes(LENGTH_BYTES, "little") + body


def length_of(head: bytes) -> int:
    """Bytes that follow the first LENGTH_BYTES."""
    return int.from_bytes(head, "little")


def read_asked(body: bytes) -> Asked:
    """Raises msgspec.MsgspecError."""
    return msgspec.msgpack.decode(body, type=Asked)


def read_judged(body: bytes) -> Judged:
    """Raises msgspec.MsgspecError."""
    return msgspec.msgpack.decode(body, type=Judged)
