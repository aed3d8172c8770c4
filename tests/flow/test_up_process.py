"""`tidegate up` as a real process: it serves, says how it is, and goes down without losing an answer."""

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

TIDEGATE = str(Path(sys.executable).with_name("tidegate"))
QUESTION = {
    "model": "claude-haiku-4-5",
    "max_tokens": 64,
    "messages": [{"role": "user", "content": "What is a tide gate?"}],
}


async def tidegate(*arguments: str, home: Path | None = None, **environ: str) -> asyncio.subprocess.Process:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("TIDEGATE_")}
    if home is not None:
        environ["TIDEGATE_HOME"] = str(home)
    return await asyncio.create_subprocess_exec(
        TIDEGATE,
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=inherited | environ,
    )


async def refused(*arguments: str, **environ: str) -> tuple[int, str]:
    process = await tidegate(*arguments, **environ)
    _, error = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode is not None
    return process.returncode, error.decode()


@asynccontextmanager
async def up(home: Path, **environ: str) -> AsyncGenerator[tuple[asyncio.subprocess.Process, str]]:
    """A gateway over an emulated provider, and its URL."""
    process = await tidegate("up", "--port", "0", "--emulator", home=home, **environ)
    assert process.stdout is not None
    line = (await asyncio.wait_for(process.stdout.readline(), 30)).decode()
    assert line.startswith("tidegate listening on http://127.0.0.1:"), line
    try:
        yield process, line.split()[-1]
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def client_key(home: Path) -> str:
    process = await tidegate("keys", "create", "--role", "client", "--name", "test", "--json", home=home)
    out, error = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode == 0, error.decode()
    return json.loads(out)["key"]


async def until_ready(session: aiohttp.ClientSession, url: str) -> dict[str, dict[str, object]]:
    """Until it serves, and has tried its sandbox too, which it does not wait for."""
    async with asyncio.timeout(40):
        while True:
            async with session.get(f"{url}/readyz") as response:
                checks = (await response.json())["checks"]
                if response.status == 200 and checks["sandbox"]["detail"] != "being tried":
                    return checks
            await asyncio.sleep(0.05)


async def test_it_serves_and_says_how_it_is(tmp_path: Path) -> None:
    key = await client_key(tmp_path)
    async with up(tmp_path, TIDEGATE_DRAIN_DELAY="0ms") as (process, url), aiohttp.ClientSession() as session:
        note = json.loads((tmp_path / "gateway.json").read_bytes())
        assert note == {"url": url, "pid": process.pid}
        async with session.get(f"{url}/healthz") as response:
            assert (response.status, await response.json()) == (200, {"status": "alive"})
        checks = await until_ready(session, url)
        assert all(check["ok"] for check in checks.values()), checks
        async with session.post(f"{url}/v1/messages", json=QUESTION, headers=_headers(key)) as response:
            assert response.status == 200, await response.text()
            assert (await response.json())["content"]
        async with session.get(f"{url}/metrics") as response:
            assert response.headers["content-type"].startswith("text/plain; version=0.0.4")
            text = await response.text()
        assert 'tidegate_requests_total{arm="outside",outcome="ok",route="messages"} 1.0' in text
        assert 'tidegate_tokens_total{arm="outside",kind=' in text, text
        async with session.get(f"{url}/api/rollouts", headers=_headers(key)) as response:
            assert response.status == 403
        process.terminate()
        assert await asyncio.wait_for(process.wait(), 20) == 0
    assert not (tmp_path / "gateway.json").exists()
    assert await _exported(tmp_path) == 1


async def test_sigterm_under_load_drops_no_answer(tmp_path: Path) -> None:
    key = await client_key(tmp_path)
    answered: list[int] = []
    going_down = asyncio.Event()
    async with (
        up(tmp_path, TIDEGATE_DRAIN_DELAY="500ms") as (process, url),
        aiohttp.ClientSession() as session,
    ):
        await until_ready(session, url)
        senders = [
            asyncio.create_task(_send_until_refused(session, url, key, answered, going_down))
            for _ in range(16)
        ]
        while len(answered) < 200:
            await asyncio.sleep(0.02)
        process.terminate()
        going_down.set()
        closes = await asyncio.wait_for(asyncio.gather(*senders), 20)
        assert await asyncio.wait_for(process.wait(), 20) == 0
    assert set(answered) == {200}
    assert sum(closes) > 0, "answers during the delay must say connection: close"
    assert await _exported(tmp_path) == len(answered)


async def test_readiness_goes_before_the_listener(tmp_path: Path) -> None:
    async with up(tmp_path, TIDEGATE_DRAIN_DELAY="30s") as (process, url), aiohttp.ClientSession() as session:
        await until_ready(session, url)
        process.terminate()
        async with asyncio.timeout(10):
            while True:
                async with session.get(f"{url}/readyz") as response:
                    if response.status == 503:
                        checks = (await response.json())["checks"]
                        break
        assert checks["open"]["ok"] is False
        async with session.get(f"{url}/healthz") as response:
            assert response.status == 200
            assert response.headers["connection"] == "close"
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 15) == 0, "a second signal must end the delay"


async def test_a_port_that_is_taken_is_told_and_nothing_is_left(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        code, error = await refused("up", "--home", str(tmp_path), "--port", port, "--emulator")
    assert code == 1
    assert f"cannot listen on 127.0.0.1:{port}: Address already in use" in error
    assert "--port" in error
    assert "Traceback" not in error
    assert not (tmp_path / "gateway.json").exists()


@pytest.mark.parametrize("workers", ["1", "2"])
async def test_whoever_reads_that_it_listens_can_be_served(tmp_path: Path, workers: str) -> None:
    process = await tidegate("up", "--port", "0", "--emulator", "--workers", workers, home=tmp_path)
    try:
        url = (await asyncio.wait_for(process.stdout.readline(), 60)).decode().split()[-1]
        async with aiohttp.ClientSession() as session, session.get(f"{url}/readyz") as response:
            assert response.status == 200, await response.text()
        told = (await asyncio.wait_for(process.stdout.readline(), 30)).decode()
        assert told.startswith("the emulated provider is http://127.0.0.1:")
        async with aiohttp.ClientSession() as session:
            faults = told.split("PUT ")[1].strip(")\n")
            async with session.put(faults, json={"faults": []}) as response:
                assert response.status == 200
    finally:
        process.terminate()
        await process.communicate()


async def test_a_start_without_an_upstream_key_is_refused(tmp_path: Path) -> None:
    code, error = await refused("up", "--home", str(tmp_path), "--port", "0")
    assert code == 1
    assert "set TIDEGATE_UPSTREAM_KEY" in error


async def test_a_wrong_configuration_is_refused_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "tidegate.toml").write_text("[server]\nprot = 1\n")
    code, error = await refused("up", "--home", str(tmp_path), "--emulator")
    assert code == 1
    assert "tidegate.toml:2: unknown key `server.prot`; did you mean `port`?" in error


async def test_a_home_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    code, error = await refused("up", "--home", str(tmp_path / "file"), "--port", "0", "--emulator")
    assert code == 1
    assert "cannot be used" in error


async def test_emulator_and_upstream_exclude_each_other(tmp_path: Path) -> None:
    code, error = await refused(
        "up", "--home", str(tmp_path), "--emulator", "--upstream", "http://127.0.0.1:9"
    )
    assert code == 2
    assert "not both" in error


def _headers(key: str) -> dict[str, str]:
    return {"x-api-key": key, "anthropic-version": "2023-06-01"}


async def _send_until_refused(
    session: aiohttp.ClientSession, url: str, key: str, answered: list[int], going_down: asyncio.Event
) -> int:
    """One client in a closed loop; returns how many answers told it to close. Refused connects end it."""
    closes = 0
    while True:
        try:
            async with session.post(f"{url}/v1/messages", json=QUESTION, headers=_headers(key)) as response:
                await response.read()
                answered.append(response.status)
                closes += response.headers.get("connection") == "close"
        except aiohttp.ClientConnectorError:
            assert going_down.is_set(), "refused a connection before it was told to stop"
            return closes


async def _exported(home: Path) -> int:
    process = await tidegate("ledger", "export", "--format", "jsonl", home=home)
    out, error = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode == 0, error.decode()
    return len(out.splitlines())
