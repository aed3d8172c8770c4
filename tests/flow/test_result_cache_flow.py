"""The result cache over real sockets: two gateways, one Valkey, and what may go wrong."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import msgspec
import pytest
from stack import GatewayProcess, Stack, free_port, stack
from valkey_server import ValkeyServer

from tidegate.adapters.clock import SystemClock
from tidegate.adapters.storage.store import open_store
from tidegate.domain.skill import VersionState

MODEL = "claude-sonnet-4-6"
INCIDENT = "Write an incident summary of last night's outage."
SLOW = """
seed = 1
[timing]
first_token_seconds = 0.8
first_token_sigma = 0.0
token_seconds = 0.001
token_sigma = 0.0
"""
SPEC = """
apiVersion: tidegate/v1
kind: Rollout
metadata: {name: cached}
spec:
  candidate:
    skills: {incident-summary: latest}
    timeout: 30s
    cache: {ttl: 1h}
  stages:
    - {name: all, weight: 100, bake: 1h, holdout: 0}
"""

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]


@dataclass
class Pair:
    """Two gateways on one store and one Valkey."""

    first: Stack
    second: GatewayProcess
    valkey: ValkeyServer


@asynccontextmanager
async def pair(
    folder: Path, valkey: ValkeyServer, *, profile: str = "seed = 1\n", patience: str = "5s"
) -> AsyncIterator[Pair]:
    home, other = folder / "home", folder / "other"
    cache = '[cache]\nwhen = "deterministic"\nwait = "30s"\n\n'
    both = f'{cache}[valkey]\nurl = "{valkey.url}"\ntimeout = "{patience}"\n'
    for place in (home, other):
        place.mkdir()
    (home / "tidegate.toml").write_text(both)
    shared = f'\n[store]\nurl = "sqlite:///{home}/tidegate.db"\n\n[identity]\nsecret_file = "{home}/secret"\n'
    (other / "tidegate.toml").write_text(both + shared)
    async with stack(folder, profile=profile) as first:
        second = GatewayProcess(other, first.emulator, folder / "other.log", port=free_port())
        await second.start()
        try:
            for url in (first.url, second.url):
                await until_metric(url, "tidegate_valkey_up 1.0")
            yield Pair(first, second, valkey)
        finally:
            assert await second.stop() == 0


async def until_metric(url: str, line: str) -> None:
    async with aiohttp.ClientSession() as session, asyncio.timeout(60):
        while True:
            async with session.get(f"{url}/metrics") as response:
                if line in await response.text():
                    return
            await asyncio.sleep(0.05)


def body(text: str = INCIDENT, **more: object) -> dict[str, object]:
    return {
        "model": MODEL,
        "max_tokens": 64,
        "temperature": 0,
        "messages": [{"role": "user", "content": text}],
        **more,
    }


async def ask(session: aiohttp.ClientSession, url: str, key: str, asked: dict) -> tuple[int, str, str, bytes]:
    """Status, `tidegate-cache`, `tidegate-skills` and the body."""
    headers = {"x-api-key": key, "anthropic-version": "2023-06-01", "content-type": "application/json"}
    async with session.post(
        f"{url}/v1/messages", data=msgspec.json.encode(asked), headers=headers
    ) as response:
        got = response.headers
        content = await response.read()
        return response.status, got.get("tidegate-cache", ""), got.get("tidegate-skills", ""), content


async def test_a_hundred_equal_requests_at_once_make_one_call(
    tmp_path: Path, valkey_server: ValkeyServer, figure: Callable[[str], None]
) -> None:
    async with pair(tmp_path, valkey_server, profile=SLOW) as it, aiohttp.ClientSession() as session:
        key = it.first.client_key
        await it.first.reset_emulator_counts()
        got = await asyncio.gather(
            *(ask(session, it.first.url, key, body(stream=n % 2 == 1)) for n in range(100))
        )
        calls = (await it.first.emulator_counts())["requests"]
        assert ({status for status, *_ in got}, calls) == ({200}, 1)
        results = sorted(cache for _, cache, *_ in got)
        assert (results.count("miss"), results.count("shared") + results.count("hit")) == (1, 99)
        figure(f"cache: 100 equal concurrent requests made {calls} upstream call(s)")


async def test_a_revoked_version_is_served_from_no_cache_of_any_gateway(
    tmp_path: Path, valkey_server: ValkeyServer, figure: Callable[[str], None]
) -> None:
    async with pair(tmp_path, valkey_server) as it, aiohttp.ClientSession() as session:
        key = it.first.client_key
        await it.first.publish("incident-summary")
        await it.first.start_rollout(SPEC)
        urls = (it.first.url, it.second.url)
        before = valkey_server.ask("DBSIZE")
        assert (await ask(session, it.first.url, key, body()))[1:3] == ("miss", "incident-summary@1")
        async with asyncio.timeout(20):  # an answer is kept once it is out: who asks at once may be before it
            while valkey_server.ask("DBSIZE") == before:
                await asyncio.sleep(0.01)
        warm = [(await ask(session, url, key, body()))[1:3] for url in (*urls, *urls)]
        assert warm == [("hit", "incident-summary@1")] * 4
        store = await open_store(f"sqlite:///{it.first.folder}/home/tidegate.db", clock=SystemClock())
        try:
            revision = await store.skills.set_state(
                "incident-summary", 1, VersionState.REVOKED, by="test", reason="bad", at=1.0
            )
            async with asyncio.timeout(20):
                while any(each.revision < revision for each in await store.routing.processes()):
                    await asyncio.sleep(0.01)
        finally:
            await store.close()
        after = [await ask(session, url, key, body()) for url in (*urls, *urls)]
        assert [(status, skills) for status, _, skills, _ in after] == [(200, "")] * 4
        figure("cache: after a revocation 0 of 4 requests on two gateways got the version's kept answer")


async def test_a_leaders_broken_stream_does_not_fail_its_followers(
    tmp_path: Path, valkey_server: ValkeyServer, figure: Callable[[str], None]
) -> None:
    async with pair(tmp_path, valkey_server, profile=SLOW) as it, aiohttp.ClientSession() as session:
        key = it.first.client_key
        await it.first.faults({"kind": "cut", "after_bytes": 900})
        await it.first.reset_emulator_counts()
        asked = body("Something long [[tokens: 60]]", stream=True)
        calls = [asyncio.ensure_future(ask(session, it.first.url, key, asked)) for _ in range(20)]
        while (await it.first.emulator_counts())["requests"] < 1:
            await asyncio.sleep(0.01)
        await it.first.faults()
        got = await asyncio.gather(*calls)
        whole = [b"event: message_stop" in content for *_, content in got]
        assert (whole.count(False), whole.count(True)) == (1, 19)
        figure(f"cache: a leader whose stream was cut, and {whole.count(True)} of 19 followers served whole")


async def test_a_valkey_that_hangs_and_dies_in_mid_load_costs_no_client_an_error(
    tmp_path: Path, valkey_server: ValkeyServer, figure: Callable[[str], None]
) -> None:
    async with pair(tmp_path, valkey_server, patience="100ms") as it, aiohttp.ClientSession() as session:
        key, loop = it.first.client_key, asyncio.get_running_loop()
        seen: list[tuple[int, float]] = []

        async def one(number: int) -> None:
            began = loop.time()
            url = (it.first.url, it.second.url)[number % 2]
            status, *_ = await ask(session, url, key, body(f"question {number // 4}"))
            seen.append((status, loop.time() - began))

        async with asyncio.TaskGroup() as group:
            for number in range(300):
                group.create_task(one(number))
                if number == 60:
                    it.valkey.freeze()
                if number == 160:
                    it.valkey.stop()
                if number == 240:
                    it.valkey.start()
                await asyncio.sleep(0.02)
        statuses = [status for status, _ in seen]
        assert statuses == [200] * 300
        await until_metric(it.first.url, "tidegate_valkey_up 1.0")
        slowest = max(seconds for _, seconds in seen)
        figure(f"cache: valkey frozen, killed and back under load: 0 of 300 errors, slowest {slowest:.2f} s")
