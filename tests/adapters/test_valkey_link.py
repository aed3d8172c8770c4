"""The way to Valkey: answers, deadlines, a server that is away and comes back. Against a real server."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import trustme
from gateway_parts import FakeMeter
from valkey_server import ValkeyServer

from tidegate.adapters.valkey.link import FAILURES_IN_A_ROW, ValkeyAway, ValkeyLink, ValkeyRefusal
from tidegate.adapters.valkey.settings import ValkeySettings

Open = Callable[..., ValkeyLink]


@pytest.fixture
async def open_link() -> AsyncIterator[Open]:
    opened: list[ValkeyLink] = []

    def make(url: str, **more: object) -> ValkeyLink:
        link = ValkeyLink(ValkeySettings(url, **{"timeout": 0.5, **more}), FakeMeter())
        link.open()
        opened.append(link)
        return link

    yield make
    for link in opened:
        await link.aclose()


async def reached(link: ValkeyLink) -> ValkeyLink:
    async with asyncio.timeout(20):
        while not link.available:
            await asyncio.sleep(0.005)
    return link


def results(link: ValkeyLink) -> list[str]:
    return [labels[1] for name, labels, _ in link._meter.moved if name == "tidegate_valkey_commands_total"]


async def test_commands_are_answered(open_link: Open, valkey_server: ValkeyServer) -> None:
    link = await reached(open_link(valkey_server.url))
    assert await link.command("cache", "SET", b"k", b"\x00\xff", "PX", 60_000)
    assert await link.command("cache", "GET", b"k") == b"\x00\xff"
    assert await link.command("cache", "GET", b"none") is None
    assert await link.command("quota", "EVAL", "return {1, ARGV[1]}", 0, "a") == [1, b"a"]
    assert results(link) == ["ok"] * 4


async def test_before_the_server_is_reached_commands_fail_at_once(open_link: Open) -> None:
    link = open_link("valkey://127.0.0.1:1")
    with pytest.raises(ValkeyAway):
        await link.command("cache", "GET", b"k")
    assert results(link) == ["skipped"]


async def test_an_error_reply_is_a_refusal_and_no_failure(
    open_link: Open, valkey_server: ValkeyServer
) -> None:
    link = await reached(open_link(valkey_server.url))
    for _ in range(FAILURES_IN_A_ROW + 1):
        with pytest.raises(ValkeyRefusal, match="wrong number of arguments"):
            await link.command("cache", "GET")
    assert link.available
    assert set(results(link)) == {"refused"}


async def test_a_frozen_server_costs_one_timeout_each_then_nothing_and_comes_back(
    open_link: Open, valkey_server: ValkeyServer
) -> None:
    link = await reached(open_link(valkey_server.url, timeout=0.02, connect_timeout=0.2))
    valkey_server.freeze()
    for _ in range(FAILURES_IN_A_ROW + 20):
        with pytest.raises(ValkeyAway):
            await link.command("cache", "GET", b"k")
    assert not link.available
    assert results(link) == ["timeout"] * FAILURES_IN_A_ROW + ["skipped"] * 20
    valkey_server.thaw()
    await reached(link)
    assert await link.command("cache", "GET", b"k", within=5) is None


async def test_a_killed_server_comes_back(open_link: Open, valkey_server: ValkeyServer) -> None:
    link = await reached(open_link(valkey_server.url))
    await link.command("cache", "GET", b"k")
    valkey_server.stop()
    while link.available:
        with pytest.raises(ValkeyAway):
            await link.command("cache", "GET", b"k")
    assert results(link).count("error") == FAILURES_IN_A_ROW
    valkey_server.start()
    await reached(link)
    assert await link.command("cache", "GET", b"k", within=5) is None


async def test_a_late_answer_never_goes_to_another_command(
    open_link: Open, valkey_server: ValkeyServer
) -> None:
    link = await reached(open_link(valkey_server.url, max_connections=1))
    await link.command("cache", "SET", b"a", b"of a")
    await link.command("cache", "SET", b"b", b"of b")
    slow = "local n = 0 while n < 3000000 do n = n + 1 end return 'late'"
    with pytest.raises(ValkeyAway):
        await link.command("cache", "EVAL", slow, 0, within=0.001)
    assert await link.command("cache", "GET", b"a", within=5) == b"of a"
    assert await link.command("cache", "GET", b"b", within=5) == b"of b"


async def test_a_cancelled_caller_leaves_the_connection_usable(
    open_link: Open, valkey_server: ValkeyServer
) -> None:
    link = await reached(open_link(valkey_server.url, max_connections=1))
    await link.command("cache", "SET", b"a", b"of a")
    for _ in range(20):
        asked = asyncio.create_task(link.command("cache", "GET", b"none"))
        await asyncio.sleep(0)
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked
        assert await link.command("cache", "GET", b"a", within=5) == b"of a"


async def test_a_wrong_password_is_told(open_link: Open, valkey_server: ValkeyServer) -> None:
    valkey_server.ask("CONFIG", "SET", "requirepass", "right")
    wrong = open_link(f"valkey://:wrong@127.0.0.1:{valkey_server.port}")
    async with asyncio.timeout(20):
        while "invalid username-password" not in wrong.trouble:
            await asyncio.sleep(0.005)
    right = await reached(open_link(f"valkey://:right@127.0.0.1:{valkey_server.port}"))
    assert await right.command("cache", "GET", b"k") is None


async def test_tls_wants_a_certificate_of_the_named_host(open_link: Open, tmp_path: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(f"{tmp_path}/ca.pem")
    answered: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answered.append(await reader.read(100))
        writer.close()

    def listening(host: str) -> Awaitable[asyncio.Server]:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(host).configure_cert(context)
        return asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)

    async with await listening("elsewhere.example") as elsewhere:
        port = elsewhere.sockets[0].getsockname()[1]
        link = open_link(f"valkeys://localhost:{port}", ca_file=f"{tmp_path}/ca.pem")
        async with asyncio.timeout(20):
            while "certificate" not in link.trouble.lower():
                await asyncio.sleep(0.005)
        await link.aclose()
    assert answered == []
