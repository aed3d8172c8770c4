"""One limit over two gateway processes and a real Valkey; and a budget that survives a restart."""

import asyncio
import time
from pathlib import Path

import aiohttp
import msgspec
import pytest
from stack import GatewayProcess, Stack, stack
from valkey_server import ValkeyServer

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("live")]

REASON = ("--reason", "test")
LIMIT = 1200
SECONDS = 6.0


async def ask(session: aiohttp.ClientSession, url: str, key: str) -> int:
    body = {"model": "claude-sonnet-4-6", "max_tokens": 16, "messages": [{"role": "user", "content": "hi"}]}
    headers = {"x-api-key": key, "anthropic-version": "2023-06-01", "content-type": "application/json"}
    async with session.post(
        f"{url}/v1/messages", data=msgspec.json.encode(body), headers=headers
    ) as response:
        await response.read()
        return response.status


async def flood(url: str, key: str, until: float) -> int:
    """How many of the requests of four busy clients were admitted."""

    async def client(session: aiohttp.ClientSession) -> int:
        admitted = 0
        while time.monotonic() < until:
            status = await ask(session, url, key)
            assert status in (200, 429)
            admitted += status == 200
        return admitted

    async with aiohttp.ClientSession() as session:
        return sum(await asyncio.gather(*(client(session) for _ in range(4))))


@pytest.mark.timeout(300)  # the same
async def test_two_processes_admit_one_limit_together(
    tmp_path: Path, valkey_server: ValkeyServer, record_property
) -> None:
    """A burst of five seconds' worth, then the rate: what one process would admit, give or take 5 %."""
    config = tmp_path / "tidegate.toml"
    config.write_text(f'[valkey]\nurl = "{valkey_server.url}"\ntimeout = "2s"\n[quotas]\nburst = "5s"\n')
    async with stack(tmp_path, up=("--config", str(config))) as live:
        second = GatewayProcess(
            live.gateway.home, live.emulator, tmp_path / "second.log", arguments=("--config", str(config))
        )
        await second.start()
        await live.operator(
            "quota", "set", "--tenant", "default", "--requests-per-minute", str(LIMIT), *REASON
        )
        begun = time.monotonic()
        urls = (live.url, second.url)
        counts = await asyncio.gather(*(flood(url, live.client_key, begun + SECONDS) for url in urls))
        seconds = time.monotonic() - begun
        assert await second.stop() == 0
    allowed = LIMIT / 60 * (5 + seconds)
    record_property("shared quota", f"{counts} of {allowed:.0f}")
    assert all(counts)
    assert 0.95 * allowed <= sum(counts) <= 1.05 * allowed, f"{counts} of {allowed:.0f}"


async def spent(live: Stack, session: aiohttp.ClientSession) -> float:
    """By the store, of all tenants."""
    headers = {"x-api-key": live.operator_key}
    async with session.get(f"{live.url}/api/costs?by=tenant", headers=headers) as response:
        return (await response.json())["total"]["cost_usd"] or 0.0


@pytest.mark.timeout(300)  # many processes are started, one after the other
async def test_a_restart_gives_no_new_budget(tmp_path: Path) -> None:
    async with stack(tmp_path) as live, aiohttp.ClientSession() as session:
        await live.operator("quota", "set", "--tenant", "default", "--usd-per-day", "0.002", *REASON)
        async with asyncio.timeout(60):
            while await ask(session, live.url, live.client_key) == 200:
                pass
        async with asyncio.timeout(30):
            while await spent(live, session) < 0.0015:  # the last request would not have fitted in
                await asyncio.sleep(0.1)
        total = sum(line["cost_usd"] or 0 for line in await live.ledger())
        assert await spent(live, session) == pytest.approx(total, abs=1e-9)
        await live.gateway.kill()
        await live.gateway.start()
        async with asyncio.timeout(30):
            while await ask(session, live.url, live.client_key) != 429:
                pass
        again = sum(line["cost_usd"] or 0 for line in await live.ledger())
        assert again < 0.0025, "the budget was read again within moments"
