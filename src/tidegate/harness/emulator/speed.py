"""How many answers a second one emulator process gives: `python -m tidegate.harness.emulator.speed`.

The emulator runs as a process of its own (pinned to the last core where the system allows it); a raw client
keeps connections busy and only looks for the ends of answers, so that the figure is the server's.
"""

import argparse
import asyncio
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import cast

import msgspec
import uvloop

_REQUEST = (
    b"POST /v1/messages HTTP/1.1\r\nhost: localhost\r\nx-api-key: k\r\nanthropic-version: 2023-06-01\r\n"
    b"content-type: application/json\r\ncontent-length: %d\r\n\r\n%s"
)


class Speed(msgspec.Struct, frozen=True):
    """One measurement: answers counted, wall seconds, and the server's CPU-seconds (user and system)."""

    answers: int
    seconds: float
    server_cpu_seconds: float

    @property
    def answers_per_second(self) -> float:
        """Answers by the wall clock."""
        return self.answers / self.seconds

    @property
    def cpu_microseconds(self) -> float:
        """Server CPU for one answer."""
        return self.server_cpu_seconds / self.answers * 1e6


class _Client(asyncio.Protocol):
    """Sends the same request again as soon as its answer has ended."""

    def __init__(self, request: bytes, end: bytes) -> None:
        self.answers = 0
        self._request = request
        self._end = end
        self._transport: asyncio.WriteTransport | None = None
        self._tail = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.WriteTransport, transport)
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self._tail = (self._tail + data)[-64:]
        if self._tail.endswith(self._end) and self._transport is not None:
            self.answers += 1
            self._tail = b""
            self._transport.write(self._request)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


def request_bytes(*, stream: bool, prompt_bytes: int) -> bytes:
    """One small request whose JSON answer ends with its service tier and whose stream ends with a chunk."""
    body = msgspec.json.encode(
        {
            "model": "claude-haiku-4-5",
            "max_tokens": 256,
            "stream": stream,
            "messages": [{"role": "user", "content": "x" * prompt_bytes}],
        }
    )
    return _REQUEST % (len(body), body)


async def measure(
    port: int, pid: int, *, stream: bool, seconds: float, connections: int, prompt_bytes: int
) -> Speed:
    """Load the emulator on `port` for that long; `pid` is its process, for the CPU time."""
    loop = asyncio.get_running_loop()
    request = request_bytes(stream=stream, prompt_bytes=prompt_bytes)
    end = b"0\r\n\r\n" if stream else b'"service_tier":"standard"}}'
    clients = [
        (await loop.create_connection(lambda: _Client(request, end), "127.0.0.1", port))[1]
        for _ in range(connections)
    ]
    await asyncio.sleep(min(0.5, seconds / 4))
    before, cpu, start = sum(client.answers for client in clients), _cpu_seconds(pid), time.perf_counter()
    await asyncio.sleep(seconds)
    after, used, wall = sum(client.answers for client in clients), _cpu_seconds(pid), time.perf_counter()
    for client in clients:
        client.close()
    if after == before:
        raise RuntimeError(f"the emulator on port {port} gave no answer within {seconds} s")
    return Speed(after - before, wall - start, used - cpu)


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def run(*, seconds: float, connections: int, prompt_bytes: int) -> dict[str, Speed]:
    """Start an emulator process, measure JSON and streamed answers, stop it."""
    command = [str(Path(sys.executable).with_name("tidegate")), "emulate", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:  # noqa: S603 # our own command
        try:
            line = server.stdout.readline() if server.stdout else ""
            port = int(line.rpartition(":")[2])
            _pin(server.pid)
            results: dict[str, Speed] = {}
            for name, stream in (("json", False), ("stream", True)):
                work = measure(
                    port,
                    server.pid,
                    stream=stream,
                    seconds=seconds,
                    connections=connections,
                    prompt_bytes=prompt_bytes,
                )
                with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                    results[name] = runner.run(work)
        finally:
            server.terminate()
    return results


def _pin(pid: int) -> None:
    """Server on the last core, this client on the others, where there are others."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) > 1:
        os.sched_setaffinity(pid, cores[-1:])
        os.sched_setaffinity(0, cores[:-1])


def main() -> None:
    """Print one line for each kind of answer."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seconds", type=float, default=3.0)
    options.add_argument("--connections", type=int, default=32)
    options.add_argument("--prompt-bytes", type=int, default=200)
    chosen = options.parse_args()
    results = run(seconds=chosen.seconds, connections=chosen.connections, prompt_bytes=chosen.prompt_bytes)
    for name, speed in results.items():
        sys.stdout.write(
            f"{name}: {speed.answers_per_second:,.0f} answers/s, {speed.cpu_microseconds:.0f} CPU-µs each\n"
        )


if __name__ == "__main__":
    main()
