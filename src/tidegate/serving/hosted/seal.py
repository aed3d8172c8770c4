"""Sealing the gateway's calls into a client call's id, so that any replica can go on with them later.

A mixed turn stops for the client, who sends its transcript back, and with it the id. Authenticated encryption
(AES-256-GCM) under the fleet's key keeps anybody from reading or making one; it is bound to the tenant and to
the id that it hangs on. The original id stands in front, readable by all: it comes back also where the seal
cannot be opened.
"""

import base64
import binascii
import os
import zlib
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import TYPE_CHECKING

import msgspec

from tidegate.serving.hosted.blocks import Block
from tidegate.serving.hosted.plan import Round
from tidegate.serving.hosted.tools import RESERVED

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

MARK = "-tgseal1-"
"""Between the original id and the seal; ids of the API have letters, digits, `_` and `-`."""

LONGEST = 4096
"""Characters of a sealed id."""

_NONCE_BYTES = 12
UNPACKED_AT_MOST = 262_144
"""Bytes of the calls in a seal: packed they may be a thousandth, and each opening of a seal unpacks them."""


class SealedCall(msgspec.Struct, frozen=True, array_like=True):
    """One of the gateway's calls: its block, how many of the client's calls came before it in its turn, and
    the digest of the skill that it is about (empty where there is none of that name).
    """

    block: msgspec.Raw
    before: int
    skill: str
    digest: str


class SealedRound(msgspec.Struct, frozen=True, array_like=True):
    """One turn: how many of its blocks the client saw, and the calls it did not see."""

    shown: int
    calls: tuple[SealedCall, ...]


class _Asked(msgspec.Struct, frozen=True):
    skill: str = ""


class _Input(msgspec.Struct):
    input: _Asked = _Asked()


_ROUNDS = msgspec.json.Decoder(tuple[SealedRound, ...])


class Seals:
    """Seals and opens under one secret, the same for all gateways on one store."""

    def __init__(self, secret: bytes) -> None:
        self._key = blake2b(b"tidegate seal 1", key=secret[:64], digest_size=32).digest()

    def seal(
        self, tenant: str, call_id: str, rounds: Sequence[Round], digests: Mapping[str, str]
    ) -> str | None:
        """The id with the calls of these rounds in it; None where that is over LONGEST characters, or the
        calls are over UNPACKED_AT_MOST bytes.
        """
        kept = tuple(SealedRound(each.shown, _calls(each.blocks, digests)) for each in rounds)
        whole = msgspec.json.encode(kept)
        if len(whole) > UNPACKED_AT_MOST:
            return None
        packed = zlib.compress(whole, 9)
        nonce = os.urandom(_NONCE_BYTES)
        sealed = nonce + self._cipher().encrypt(nonce, packed, _bound(tenant, call_id))
        text = call_id + MARK + base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()
        return text if len(text) <= LONGEST else None

    def open(self, tenant: str, sealed_id: str) -> tuple[SealedRound, ...] | None:
        """What was sealed; None for what this fleet did not seal for this tenant and this id."""
        from cryptography.exceptions import InvalidTag  # noqa: PLC0415 (see _cipher)

        call_id, _, text = sealed_id.partition(MARK)
        try:
            sealed = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
            nonce, rest = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
            packed = self._cipher().decrypt(nonce, rest, _bound(tenant, call_id))
            return _ROUNDS.decode(zlib.decompressobj().decompress(packed, UNPACKED_AT_MOST))
        except (binascii.Error, ValueError, InvalidTag, zlib.error, msgspec.DecodeError):
            return None

    def _cipher(self) -> "AESGCM":
        """Imported here: it takes megabytes that only mixed turns need."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 (see above)

        return AESGCM(self._key)


def original(call_id: str) -> str:
    """The id as the provider gave it."""
    return call_id.partition(MARK)[0]


def _bound(tenant: str, call_id: str) -> bytes:
    return msgspec.json.encode([tenant, call_id])


def _calls(blocks: Sequence[Block], digests: Mapping[str, str]) -> tuple[SealedCall, ...]:
    found: list[SealedCall] = []
    before = 0
    for block in blocks:
        if block.kind != "tool_use":
            continue
        if block.name not in RESERVED:
            before += 1
            continue
        skill = _skill(block.raw)
        found.append(SealedCall(msgspec.Raw(block.raw), before, skill, digests.get(skill, "")))
    return tuple(found)


def _skill(raw: bytes) -> str:
    try:
        return msgspec.json.decode(raw, type=_Input).input.skill
    except msgspec.DecodeError:
        return ""
