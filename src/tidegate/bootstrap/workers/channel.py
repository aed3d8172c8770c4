"""The private line between the supervisor and one worker: whole messages over a pair of sockets.

A message is its length (four bytes, big-endian), then MessagePack. The line ends when either process does.
"""

import asyncio
import socket
import struct
from collections.abc import Callable
from typing import Generic, TypeVar

import msgspec

T = TypeVar("T")

_LENGTH = struct.Struct(">I")


class Channel(Generic[T]):
    """One end: `send` never waits, `receive` gives None once the other end is gone."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, decode: Callable[[bytes], T]
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._decode = decode
        self._encode = msgspec.msgpack.Encoder().encode

    def send(self, message: msgspec.Struct) -> None:
        """Hand a message over; to a process that is gone it goes nowhere."""
        data = self._encode(message)
        if not self._writer.is_closing():
            self._writer.write(_LENGTH.pack(len(data)) + data)

    async def receive(self) -> T | None:
        """The next message; None at the end of the line."""
        try:
            (length,) = _LENGTH.unpack(await self._reader.readexactly(_LENGTH.size))
            return self._decode(await self._reader.readexactly(length))
        except (asyncio.IncompleteReadError, ConnectionError):
            return None

    async def close(self) -> None:
        """Hand over what waits and end the line."""
        self._writer.close()
        try:
            await self._writer.wait_closed()
        except ConnectionError:
            return  # the other process is gone already


async def open_channel(end: socket.socket, decode: Callable[[bytes], T]) -> Channel[T]:
    """Take over one end of the pair."""
    end.setblocking(False)
    reader, writer = await asyncio.open_connection(sock=end)
    return Channel(reader, writer, decode)
