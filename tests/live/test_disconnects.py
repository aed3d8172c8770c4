"""Ten thousand clients that leave, before an answer, in it, or within their own request: nothing stays."""

import asyncio
import random
from collections.abc import Callable
from pathlib import Path

import aiohttp
import msgspec
import pytest
from require import require_open_files
from stack import Stack, stack

from tidegate.harness.soak.watch import resident

CLIENTS = 10_000
FIRST = 2_000
"""After so many, memory and descriptors are what they are compared with."""

AT_ONCE = 100
MEMORY_GROWTH = 1.10
PROFILE = "seed = 5\n[timing]\nfirst_token_seconds = 0.03\ntoken_seconds = 0.002\n"


def request(it: Stack, *, stream: bool) -> bytes:
    body = msgspec.json.encode(
        {
            "model": "claude-sonnet-4-6",
            "max_tokens": 64,
            "stream": stream,
            "messages": [{"role": "user", "content": "Review this contract and list the risky clauses."}],
        }
    )
    head = (
        f"POST /v1/messages HTTP/1.1\r\nhost: x\r\nx-api-key: {it.client_key}\r\n"
        f"anthropic-version: 2023-06-01\r\ncontent-type: application/json\r\n"
        f"content-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def leave(it: Stack, draw: random.Random, payloads: list[bytes]) -> None:
    """Ask, wait a moment, and go: mostly before or in the answer, sometimes within the request."""
    _, writer = await asyncio.open_connection("127.0.0.1", it.gateway.port)
    payload = draw.choice(payloads)
    writer.write(payload[: len(payload) // 2] if draw.random() < 0.1 else payload)
    await asyncio.sleep(draw.uniform(0.0, 0.06))
    if draw.random() < 0.5:
        writer.transport.abort()
    else:
        writer.close()


async def leave_all(it: Stack, draw: random.Random, count: int) -> None:
    payloads = [request(it, stream=stream) for stream in (False, True)]
    places = asyncio.Semaphore(AT_ONCE)

    async def one() -> None:
        async with places:
            await leave(it, draw, payloads)

    async with asyncio.TaskGroup() as group:
        for _ in range(count):
            group.create_task(one())


def descriptors(pid: int) -> int:
    require_open_files(pid)
    return sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())


async def settled(it: Stack) -> tuple[int, float]:
    """Descriptors and megabytes of the gateway, once nothing is under way in it or at the provider."""
    async with asyncio.timeout(20), aiohttp.ClientSession() as session:
        while True:
            async with session.get(f"{it.url}/metrics") as response:
                quiet = "\ntidegate_exchanges_open 0.0" in await response.text()
            if quiet and (await it.emulator_counts())["open_requests"] == 0:
                break
            await asyncio.sleep(0.1)
    pid = it.gateway.process.pid
    return descriptors(pid), resident(pid)


@pytest.mark.exclusive
@pytest.mark.timeout(180)
async def test_ten_thousand_clients_that_leave_cost_nothing_for_long(
    tmp_path: Path, figure: Callable[[str], None]
) -> None:
    draw = random.Random(3)
    async with stack(tmp_path, profile=PROFILE) as it:
        await leave_all(it, draw, FIRST)
        first_files, first_memory = await settled(it)
        await leave_all(it, draw, CLIENTS - FIRST)
        files, memory = await settled(it)
        lines = await it.ledger()
    left = sum(line["outcome"] == "client_closed" for line in lines)
    figure(
        f"{CLIENTS} clients left ({left} in mid-exchange): descriptors {files} against {first_files} after "
        f"the first {FIRST}, memory {memory:.0f} against {first_memory:.0f} MB, nothing open on either side"
    )
    assert left > CLIENTS // 4
    assert files <= first_files + 20
    assert memory <= first_memory * MEMORY_GROWTH
