"""`tidegate up --workers`: one address, several processes; they share, are replaced, and nobody notices."""

import asyncio
import json
import os
import re
import signal
import sys
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import psutil
import pytest
from clients import Users
from stack import Stack, stack

from tidegate.harness.demo.processes import child_environment

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


async def test_workers_are_one_gateway(tmp_path: Path) -> None:
    async with several(tmp_path) as it:
        note = json.loads((tmp_path / "home" / "gateway.json").read_bytes())
        assert note == {"url": it.url, "pid": it.gateway.process.pid}
        async with Users(it.url, it.client_key, rate=100, users=50).sending() as users:
            await asyncio.sleep(1.5)
        answered = [seen for seen in users.seen if seen.whole]
        assert len(answered) == len(users.seen) > 100
        found = await metrics(it)
        ok = 'tidegate_requests_total{arm="outside",outcome="ok",route="messages"}'
        assert found[ok] == len(answered)
        assert found['tidegate_workers{state="serving"}'] == WORKERS
        assert (await checks(it))["workers"]["ok"] is True
        assert len(await it.ledger()) == len(answered)


async def test_a_switch_waits_for_every_worker_and_a_local_one_reaches_each(tmp_path: Path) -> None:
    async with several(tmp_path) as it:
        told = await it.operator("switch", "off", "--all", "--reason", "test")
        assert told["laggards"] == []
        await it.operator("switch", "on", "--all", "--reason", "test")
        await it.operator("switch", "off", "--all", "--local", "--reason", "test")
        await asyncio.sleep(0.2)
        async with asyncio.timeout(20):
            for worker in workers(it):
                os.kill(worker.pid, signal.SIGSTOP)  # the other one has to answer
                try:
                    await _until_switched_off(it)
                finally:
                    os.kill(worker.pid, signal.SIGCONT)


async def _until_switched_off(it: Stack) -> None:
    """By the metrics of the worker that runs: it waits a second for the stopped one, then tells."""
    timeout = aiohttp.ClientTimeout(total=3)
    while True:
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout) as session,
                session.get(f"{it.url}/metrics") as response,
            ):
                if 'tidegate_switch_state{scope="all",target="*"} 1.0' in await response.text():
                    return
        except TimeoutError:
            continue  # the stopped one had taken the connection


@pytest.mark.paced("demonstration")
@pytest.mark.timeout(180)
async def test_a_killed_worker_is_replaced_and_what_it_counted_and_spooled_stays(
    tmp_path: Path, figure: Callable[[str], None]
) -> None:
    async with several(tmp_path) as it:
        async with Users(it.url, it.client_key, rate=100, stream_share=0.3, users=50).sending() as users:
            await asyncio.sleep(1.5)
            before = await metrics(it)
            victim = workers(it)[0]
            victim.kill()
            killed_at = time.perf_counter()
            await until(it, 'tidegate_worker_exits_total{how="died"}', 1)
            after = await metrics(it)
            await until_serving(it)
            replaced = time.perf_counter() - killed_at
            await asyncio.sleep(1.0)
        went_back = {
            name: (value, after[name])
            for name, value in before.items()
            if re.search(r"(_total|_count|_sum|_bucket)(\{|$)", name) and after[name] < value
        }
        assert went_back == {}
        whole = [seen.request_id for seen in users.seen if seen.whole]
        lines = await it.ledger()
        ids = [line["id"] for line in lines]
        broken = len(users.seen) - len(whole)
        figure(
            f"a worker killed at 100/s: {broken} of {len(users.seen)} requests broke, "
            f"the next one served after {replaced:.1f} s"
        )
        assert sorted(ids) == sorted(set(ids))
        assert set(whole) <= set(ids)
        assert broken <= 12, "only what the dead worker had in its hands may break"


@pytest.mark.paced("demonstration")
@pytest.mark.timeout(180)
async def test_a_rolling_restart_drops_no_answer_and_leaves_nobody_waiting(
    tmp_path: Path, figure: Callable[[str], None]
) -> None:
    async with several(tmp_path) as it:
        old = {worker.pid for worker in workers(it)}
        async with Users(it.url, it.client_key, rate=100, stream_share=0.3, users=50).sending() as users:
            await asyncio.sleep(0.5)
            it.gateway.process.send_signal(signal.SIGHUP)
            await until(it, 'tidegate_worker_exits_total{how="replaced"}', WORKERS)
            await asyncio.sleep(0.5)
        slowest = max(seen.done - seen.sent for seen in users.seen)
        figure(f"rolling restart at 100/s: {len(users.seen)} requests, slowest {slowest:.2f} s")
        assert users.broken == 0
        assert {seen.status for seen in users.seen} == {200}
        assert all(seen.whole for seen in users.seen)
        assert not old & {worker.pid for worker in workers(it)}
        assert len(await it.ledger()) == len(users.seen)


@pytest.mark.paced("demonstration")
@pytest.mark.timeout(180)
async def test_sigterm_under_load_drops_no_answer(tmp_path: Path) -> None:
    async with several(tmp_path) as it:
        async with Users(it.url, it.client_key, rate=100, users=50).sending() as users:
            await asyncio.sleep(1.0)
            it.gateway.process.terminate()
            asked = len(users.seen)
            assert await asyncio.wait_for(it.gateway.process.wait(), 60) == 0
        assert asked > 50
        assert all(seen.whole for seen in users.seen[:asked])
        whole = [seen.request_id for seen in users.seen if seen.whole]
        await it.gateway.start()
        assert {line["id"] for line in await it.ledger()} >= set(whole)


@pytest.mark.paced("demonstration")
@pytest.mark.timeout(180)
async def test_connections_spread_evenly(tmp_path: Path, figure: Callable[[str], None]) -> None:
    async with several(tmp_path) as it:
        connections: list[asyncio.StreamWriter] = []
        port = it.gateway.port
        opened = [asyncio.open_connection("127.0.0.1", port) for _ in range(64)]
        connections += [writer for _, writer in await asyncio.gather(*opened)]
        await asyncio.sleep(0.5)
        shares = sorted(
            sum(each.laddr.port == port and each.status == "ESTABLISHED" for each in worker.net_connections())
            for worker in workers(it)
        )
        for writer in connections:
            writer.close()
        figure(f"64 connections at once over {WORKERS} workers: {shares}")
        assert shares[0] >= 24


@pytest.mark.paced("demonstration")
@pytest.mark.timeout(180)
async def test_workers_end_with_their_supervisor(tmp_path: Path) -> None:
    """Killed outright it says nothing: the workers notice, and leave the port free."""
    async with several(tmp_path) as it:
        left = workers(it)
        await it.gateway.kill()
        _, alive = await asyncio.to_thread(psutil.wait_procs, left, 30)
        assert alive == []
        await it.gateway.start()


async def _refused(*arguments: str) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).with_name("tidegate")),
        "up",
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=child_environment(),
    )
    _, error = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode, error.decode()


async def test_workers_that_cannot_start_at_all_end_it_with_their_reason(tmp_path: Path) -> None:
    code, error = await _refused("--home", str(tmp_path), "--port", "0", "--workers", "2")
    assert code == 1
    assert error.count("set TIDEGATE_UPSTREAM_KEY") == 1
    assert "Traceback" not in error


async def test_a_wrong_number_of_workers_is_refused(tmp_path: Path) -> None:
    code, error = await _refused("--home", str(tmp_path), "--emulator", "--workers", "0")
    assert code == 2
    assert "--workers" in error
