"""A gateway of several workers: started, looked at, and waited for."""

import asyncio
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import psutil
from stack import Stack, stack

WORKERS = 2


def workers(it: Stack) -> list[psutil.Process]:
    return [child for child in psutil.Process(it.gateway.process.pid).children() if child.is_running()]


async def checks(it: Stack) -> dict[str, dict[str, object]]:
    async with aiohttp.ClientSession() as session, session.get(f"{it.url}/readyz") as response:
        return (await response.json())["checks"]


async def metrics(it: Stack) -> dict[str, float]:
    async with aiohttp.ClientSession() as session, session.get(f"{it.url}/metrics") as response:
        text = await response.text()
    return {name: float(value) for name, value in re.findall(r"^(tidegate_\S+) (\S+)$", text, re.M)}


async def until_serving(it: Stack, count: int = WORKERS) -> None:
    async with asyncio.timeout(60):
        while not (await checks(it))["workers"]["detail"].startswith(f"{count} of {count} serve"):
            await asyncio.sleep(0.05)


async def until(it: Stack, name: str, at_least: float) -> None:
    async with asyncio.timeout(60):
        while (await metrics(it))[name] < at_least:
            await asyncio.sleep(0.05)


@asynccontextmanager
async def several(folder: Path, count: int = WORKERS) -> AsyncGenerator[Stack]:
    profile = "seed = 3\n[timing]\nfirst_token_seconds = 0.03\n"
    async with stack(folder, profile=profile, up=("--workers", str(count))) as it:
        await until_serving(it, count)
        yield it
