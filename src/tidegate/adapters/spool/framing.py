"""Records in a segment: header and payload are checked, so that a torn end and damage are told apart.

Frame: three little-endian 32-bit numbers (payload length, CRC-32 of the payload, CRC-32 of those two),
then the payload: one letter for its kind, then MessagePack. A frame whose header is whole but whose payload
runs past the end was being written when its process died. Anything else that does not check is damage.
"""

import struct
import zlib
from typing import Final, NamedTuple

import msgspec

from tidegate.domain.exchange import Amend, Exchange

HEADER: Final = struct.Struct("<III")
_CHECKED: Final = struct.Struct("<II")
_CHECKED_SIZE: Final = _CHECKED.size
_EXCHANGE: Final = b"E"
_AMEND: Final = b"A"
_encode: Final = msgspec.msgpack.Encoder().encode
_decode_exchange: Final = msgspec.msgpack.Decoder(Exchange).decode
_decode_amend: Final = msgspec.msgpack.Decoder(Amend).decode


class Frames(NamedTuple):
    """What a piece of a segment holds: whole records in order, bytes they took, and whether damage follows.

    `exchanges` and `amends` keep their own order; `consumed` is where the first frame not taken begins.
    """

    exchanges: list[Exchange]
    amends: list[Amend]
    consumed: int
    damaged: bool


def frame_exchange(exchange: Exchange) -> bytes:
    """One exchange as it is written; UnicodeEncodeError where a text in it is no Unicode."""
    return _frame(_EXCHANGE + _encode(exchange))


def frame_amend(amend: Amend) -> bytes:
    """One amend as it is written."""
    return _frame(_AMEND + _encode(amend))


def parse_frames(piece: bytes, *, limit: int) -> Frames:
    """Read at most `limit` records from the start of `piece`; stops before a torn or damaged frame."""
    exchanges: list[Exchange] = []
    amends: list[Amend] = []
    at = 0
    while len(exchanges) + len(amends) < limit and at + HEADER.size <= len(piece):
        length, payload_crc, header_crc = HEADER.unpack_from(piece, at)
        start = at + HEADER.size
        if zlib.crc32(piece[at : at + _CHECKED_SIZE]) != header_crc:
            return Frames(exchanges, amends, at, damaged=True)
        if start + length > len(piece):
            break
        payload = piece[start : start + length]
        if zlib.crc32(payload) != payload_crc or not _take(payload, exchanges, amends):
            return Frames(exchanges, amends, at, damaged=True)
        at = start + length
    return Frames(exchanges, amends, at, damaged=False)


def _frame(payload: bytes) -> bytes:
    checked = _CHECKED.pack(len(payload), zlib.crc32(payload))
    return checked + zlib.crc32(checked).to_bytes(4, "little") + payload


def _take(payload: bytes, exchanges: list[Exchange], amends: list[Amend]) -> bool:
    kind, record = payload[:1], payload[1:]
    try:
        if kind == _EXCHANGE:
            exchanges.append(_decode_exchange(record))
        elif kind == _AMEND:
            amends.append(_decode_amend(record))
        else:
            return False
    except msgspec.MsgspecError:
        return False
    return True
