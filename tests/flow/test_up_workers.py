"""`tidegate up --workers`: one address, several processes; they share, are replaced, and nobody notices."""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

import aiohttp
from clients import Users
from crew import WORKERS, checks, metrics, several, workers
from stack import Stack

from tidegate.harness.demo.processes import child_environment


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
