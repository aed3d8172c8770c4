"""What a scanning process is asked and answers: a length, then MessagePack."""

from typing import Final

import msgspec

from tidegate.domain.capability import Use
from tidegate.domain.skill import Manifest, SkillVersion
from tidegate.domain.skill_diff import SkillDiff
from tidegate.registry.scan.found import Found

LENGTH_BYTES: Final = 4
"""Little-endian, before each frame."""


class Asked(msgspec.Struct, frozen=True, tag="judge"):
    """A package to judge."""

    manifest: Manifest
    archive: bytes


class AskedUses(msgspec.Struct, frozen=True, tag="uses"):
    """A package whose scripts' capabilities are to be told."""

    archive: bytes


class AskedDiff(msgspec.Struct, frozen=True, tag="diff"):
    """Two versions to compare."""

    before: SkillVersion
    after: SkillVersion
    archives: tuple[bytes, bytes]


Question = Asked | AskedUses | AskedDiff


class Judged(msgspec.Struct, frozen=True):
    """Every finding, the worst first, or what else was asked for; in `failure`, what broke it off."""

    found: tuple[Found, ...] = ()
    uses: tuple[Use, ...] = ()
    diff: SkillDiff | None = None
    failure: str = ""


def framed(message: Question | Judged) -> bytes:
    """The message as it is sent."""
    body = msgspec.msgpack.encode(message)
    return len(body).to_bytes(LENGTH_BYTES, "little") + body


def length_of(head: bytes) -> int:
    """Bytes that follow the first LENGTH_BYTES."""
    return int.from_bytes(head, "little")


def read_asked(body: bytes) -> Question:
    """Raises msgspec.MsgspecError."""
    return msgspec.msgpack.decode(body, type=Question)


def read_judged(body: bytes) -> Judged:
    """Raises msgspec.MsgspecError."""
    return msgspec.msgpack.decode(body, type=Judged)
