"""A raw TCP or TLS server: a test writes its every byte, and it notices when the client hangs up."""

import asyncio
import contextlib
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

Script = Callable[["Peer"], Awaitable[None]]


@dataclass(frozen=True)
class Received:
    """One request as it came over the wire; header names as sent."""

    line: bytes
    headers: list[tuple[bytes, bytes]]
    body: bytes

    def all(self, name: bytes) -> list[bytes]:
        """Every value of a header."""
        return [value for key, value in self.headers if key.lower() == name]


class Peer:
    """The server's end of one connection; `number` counts connections from 1."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> None:
        self.reader = reader
        self.writer = writer
        self.number = number

    async def head(self) -> tuple[bytes, list[tuple[bytes, bytes]]]:
        raw = await self.reader.readuntil(b"\r\n\r\n")
        line, *fields = raw[:-4].split(b"\r\n")
        return line, [(name, value) for name, _, value in (field.partition(b": ") for field in fields)]

    async def request(self) -> Received:
        line, headers = await self.head()
        length = sum(int(value) for name, value in headers if name.lower() == b"content-length")
        return Received(line, headers, await self.reader.readexactly(length))

    async def send(self, *pieces: bytes) -> None:
        """Each piece in a write of its own."""
        for piece in pieces:
            self.writer.write(piece)
            await self.writer.drain()

    async def answer(self, body: bytes = b"ok", *headers: bytes, status: bytes = b"200 OK") -> Received:
        received = await self.request()
        await self.send(response(body, *headers, status=status))
        return received

    async def hung_up(self) -> None:
        """Until the client has closed the connection."""
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            while await self.reader.read(65_536):
                pass

    def cut(self) -> None:
        self.writer.transport.abort()


def response(body: bytes, *headers: bytes, status: bytes = b"200 OK") -> bytes:
    lines = [b"HTTP/1.1 " + status, *headers, b"content-length: %d" % len(body), b"", b""]
    return b"\r\n".join(lines) + body


def chunked(*pieces: bytes, trailers: bytes = b"", end: bool = True) -> bytes:
    framed = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)
    head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
    return head + framed + (b"0\r\n" + trailers + b"\r\n" if end else b"")


class RawServer:
    """Runs the script once per connection, on loopback; counts what is accepted and what is open."""

    def __init__(
        self, script: Script, context: ssl.SSLContext | None = None, host: str = "127.0.0.1"
    ) -> None:
        self._script = script
        self._context = context
        self._host = host
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self.accepted = 0
        self.errors: list[BaseException] = []
        self.port = 0

    @property
    def open(self) -> int:
        return len(self._tasks)

    @property
    def url(self) -> str:
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"{'https' if self._context else 'http'}://{host}:{self.port}"

    async def start(self) -> None:
        self._server = await asyncio.start_server(
            self._accept, self._host, 0, ssl=self._context, backlog=1024
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Stop listening and cut what is open; raises what a script raised."""
        if self._server is not None:
            self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self.errors:
            raise self.errors[0]

    async def stop_listening(self) -> None:
        if self._server is not None:
            self._server.close()

    async def all_closed(self, within: float = 5.0) -> None:
        """Until every connection's script has ended; raises TimeoutError."""
        async with asyncio.timeout(within):
            while self._tasks:
                await asyncio.wait(set(self._tasks))

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        task = asyncio.get_running_loop().create_task(self._run(Peer(reader, writer, self.accepted)))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(self, peer: Peer) -> None:
        try:
            await self._script(peer)
        except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
            pass  # the client hung up where the script waited for a request or wrote an answer
        except RuntimeError as wrong:
            if "closed" not in str(wrong):  # uvloop's word for the same
                self.errors.append(wrong)
        except Exception as wrong:
            self.errors.append(wrong)
        finally:
            peer.cut()
