"""The ledger after a run: every line, once the spools are empty."""

import asyncio
from pathlib import Path
from typing import TypeVar

import aiohttp
import msgspec

from tidegate.harness.load.testbed import Testbed

_SHIPPED_SECONDS = 60.0

T = TypeVar("T")


async def shipped_lines(testbed: Testbed, path: Path, line: type[T]) -> list[T]:
    """The lines, exported to `path`, as far as `line` looks at them; raises TidegateError, TimeoutError."""
    async with asyncio.timeout(_SHIPPED_SECONDS), aiohttp.ClientSession() as session:
        while True:
            async with session.get(f"{testbed.gateway}/metrics") as response:
                if "\ntidegate_ledger_queued 0.0" in await response.text():
                    break
            await asyncio.sleep(0.5)
    await testbed.operator.save(path, "ledger", "export", "--format", "jsonl")
    decoder = msgspec.json.Decoder(line)
    written = await asyncio.to_thread(path.read_bytes)
    return [decoder.decode(each) for each in written.splitlines()]
