"""Workers killed, replaced and stopped under load: nobody notices more than they must."""

import asyncio
import re
import signal
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from clients import Users
from crew import WORKERS, metrics, several, until, until_serving, workers
from require import require_open_files


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


@pytest.mark.paced("outages")
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
        for worker in workers(it):
            require_open_files(worker.pid)
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
