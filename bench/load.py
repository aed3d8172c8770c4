"""Load for the bench: raw connections, one prepared request, as little work per answer as can be."""

import asyncio
import statistics
import time
from dataclasses import dataclass, field
from typing import cast
from urllib.parse import urlsplit

import msgspec

PROMPT = "Review this contract and list the risky clauses, then say in a few words what to ask for instead. "


def request(url: str, key: str, *, unit: str, text: str = PROMPT, stream: bool = False) -> bytes:
    """A request of about 1.4 kB on the wire."""
    body = msgspec.json.encode(
        {
            "model": "claude-sonnet-4-6",
            "max_tokens": 300,
            "metadata": {"user_id": unit},
            "messages": [{"role": "user", "content": (text * 12)[:1100]}],
            **({"stream": True} if stream else {}),
        }
    )
    head = (
        f"POST /v1/messages HTTP/1.1\r\nhost: {urlsplit(url).netloc}\r\nx-api-key: {key}\r\n"
        f"anthropic-version: 2023-06-01\r\ncontent-type: application/json\r\n"
        f"content-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class Connection(asyncio.Protocol):
    """One keep-alive connection; `ask` returns when the whole answer is in."""

    def __init__(self) -> None:
        self._buffer = b""
        self._waiter: asyncio.Future[bytes] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(ConnectionError(f"connection lost: {exc}"))

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if self._waiter is not None and not self._waiter.done() and self._whole():
            answer, self._buffer = self._buffer, b""
            self._waiter.set_result(answer)

    def _whole(self) -> bool:
        head = self._buffer.find(b"\r\n\r\n")
        if head < 0:
            return False
        at = self._buffer.lower().find(b"content-length:", 0, head)
        if at < 0:
            return self._buffer.endswith(b"0\r\n\r\n")
        return len(self._buffer) >= head + 4 + int(self._buffer[at + 15 : self._buffer.index(b"\r", at)])

    async def ask(self, payload: bytes) -> bytes:
        self._waiter = asyncio.get_running_loop().create_future()
        self.transport.write(payload)
        return await self._waiter


async def connect(url: str) -> Connection:
    """A new connection to `url`."""
    parts = urlsplit(url)
    _, connection = await asyncio.get_running_loop().create_connection(Connection, parts.hostname, parts.port)
    return connection


@dataclass(slots=True)
class Closed:
    """What a closed loop of so many connections came to."""

    answers: int = 0
    seconds: float = 0.0
    bad: int = 0

    @property
    def per_second(self) -> float:
        return self.answers / self.seconds


async def closed_loop(url: str, payloads: list[bytes], *, connections: int, seconds: float) -> Closed:
    """Every connection asks again as soon as it has its answer."""
    result = Closed()
    start = time.perf_counter()
    end = start + seconds

    async def one(first: int) -> None:
        connection = await connect(url)
        index = first
        while time.perf_counter() < end:
            answer = await connection.ask(payloads[index % len(payloads)])
            result.answers += 1
            result.bad += not answer.startswith(b"HTTP/1.1 200")
            index += connections
        connection.transport.close()

    await asyncio.gather(*(one(number) for number in range(connections)))
    result.seconds = time.perf_counter() - start
    return result


@dataclass(slots=True)
class Open:
    """Latencies of an open loop in seconds, each timed from its scheduled start."""

    latencies: list[float] = field(default_factory=list[float])

    def quantile(self, share: float) -> float:
        return statistics.quantiles(self.latencies, n=1000)[round(share * 1000) - 1]


async def open_loop(url: str, payloads: list[bytes], *, rate: float, seconds: float) -> Open:
    """`rate` requests a second at even spaces, whatever the answers do."""
    result = Open()
    idle = [await connect(url) for _ in range(8)]

    async def one(due: float, payload: bytes) -> None:
        connection = idle.pop() if idle else await connect(url)
        await connection.ask(payload)
        result.latencies.append(time.perf_counter() - due)
        idle.append(connection)

    start = time.perf_counter() + 0.05
    async with asyncio.TaskGroup() as group:
        for number in range(int(rate * seconds)):
            due = start + number / rate
            await asyncio.sleep(due - time.perf_counter())
            group.create_task(one(due, payloads[number % len(payloads)]))
    for connection in idle:
        connection.transport.close()
    return result


async def ledger_settled(url: str) -> None:
    """Wait until the gateway has brought every exchange into its ledger, by its own metrics."""
    connection = await connect(url)
    while True:
        answer = await connection.ask(b"GET /metrics HTTP/1.1\r\nhost: bench\r\n\r\n")
        line = next(line for line in answer.splitlines() if line.startswith(b"tidegate_ledger_queued "))
        if float(line.split()[1]) == 0:
            break
        await asyncio.sleep(0.05)  # asked over HTTP: there is no event to wait for
    connection.transport.close()
