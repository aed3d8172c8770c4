"""Raw sockets against a real server: what a client may send, for how long, and what it is told."""

import asyncio
import contextlib
import json
import re
import socket
from collections.abc import AsyncGenerator

import msgspec
import pytest

from tidegate.serving.headers import to_upstream
from tidegate.web import cycle
from tidegate.web.asgi import Message, Receive, Send, answer
from tidegate.web.connection_limits import ConnectionLimits
from tidegate.web.server import Server

QUICK = ConnectionLimits(head_timeout=0.3, body_timeout=0.3, body_rate=5.0, keep_alive=5.0)


class Echo:
    """Answers with the length of the body it read; remembers clients that went away."""

    def __init__(self) -> None:
        self.requests = 0
        self.disconnects = 0
        self.waiting = asyncio.Event()
        self.gone = asyncio.Event()
        self.headers: list[tuple[bytes, bytes]] = []
        self.hold = asyncio.Event()
        self.hold.set()

    async def _flood(self, scope: Message, send: Send) -> None:
        scope["extensions"]["tidegate.connection"].watch(self.gone.set)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for left in reversed(range(80)):
            await send({"type": "http.response.body", "body": b"x" * 65_536, "more_body": left > 0})

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        self.requests += 1
        self.headers = scope["headers"]
        if scope["path"] == "/flood":
            await self._flood(scope, send)
            return
        if scope["path"] == "/refuse":
            await answer(send, 413, b"too much", (b"connection", b"close"))
            return
        if scope["path"] == "/wait":
            scope["extensions"]["tidegate.connection"].watch(self.gone.set)
            self.waiting.set()
            await self.gone.wait()
            return
        length = 0
        await self.hold.wait()
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                self.disconnects += 1
                return
            length += len(message["body"])
            if not message["more_body"]:
                break
        await answer(send, 200, str(length).encode())


@pytest.fixture
def echo() -> Echo:
    return Echo()


@contextlib.asynccontextmanager
async def serving(echo: Echo, limits: ConnectionLimits) -> AsyncGenerator[Server]:
    server = Server(echo, limits)
    await server.listen("127.0.0.1", 0)
    try:
        yield server
    finally:
        await server.drain(delay=0, limit=0.2, hurry=asyncio.Event())


@contextlib.asynccontextmanager
async def client(server: Server) -> AsyncGenerator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    try:
        yield reader, writer
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def read_answer(reader: asyncio.StreamReader) -> tuple[int, dict[str, str], bytes]:
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)
    lines = head.decode().split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines[1:] if line)
    body = await reader.readexactly(int(headers["content-length"]))
    return int(lines[0].split()[1]), headers, body


async def refused_answer(reader: asyncio.StreamReader) -> tuple[int, dict[str, str], bytes]:
    """An answer of the protocol's own: it has an id like every other, in head and body."""
    status, headers, body = await read_answer(reader)
    named = msgspec.json.decode(body)["request_id"]
    assert re.fullmatch(r"tgx_[0-9a-f]{32}", named)
    assert headers["request-id"] == named
    return status, headers, body


def error_of(body: bytes) -> tuple[str, str]:
    document = json.loads(body)
    assert document["type"] == "error"
    return document["error"]["type"], document["error"]["message"]


async def test_keep_alive_serves_many_requests_on_one_connection(echo: Echo) -> None:
    async with serving(echo, QUICK) as server, client(server) as (reader, writer):
        for length in (0, 5, 70_000):
            body = b"x" * length
            writer.write(b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: %d\r\n\r\n%b" % (length, body))
            status, headers, text = await read_answer(reader)
            assert (status, text) == (200, str(length).encode())
            assert "date" in headers
            assert "connection" not in headers


async def test_pipelined_requests_are_answered_in_order(echo: Echo) -> None:
    async with serving(echo, QUICK) as server, client(server) as (reader, writer):
        writer.write(
            b"".join(b"POST / HTTP/1.1\r\ncontent-length: %d\r\n\r\n%b" % (n, b"x" * n) for n in (1, 2, 3))
        )
        assert [(await read_answer(reader))[2] for _ in range(3)] == [b"1", b"2", b"3"]


NEXT = b"POST /next HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\nhi"


@pytest.mark.parametrize("begun", [3, 12, 25, 30, len(NEXT) - 3])
@pytest.mark.parametrize("framing", ["length", "chunks", "many"])
async def test_a_head_begun_behind_the_end_of_a_large_body_is_no_large_head(
    echo: Echo, begun: int, framing: str
) -> None:
    """In one piece: over 64 KiB of a body's end, or of whole requests, and the beginning of another head."""
    post = b"POST / HTTP/1.1\r\n"
    opening, rest, answers = {
        "length": (post + b"content-length: 70001\r\n\r\nx", b"x" * 70_000, [b"70001"]),
        "chunks": (
            post + b"transfer-encoding: chunked\r\n\r\n",
            b"1\r\nx\r\n" * 12_000 + b"0\r\n\r\n",
            [b"12000"],
        ),
        "many": (b"", (post + b"content-length: 1\r\n\r\nx") * 1_700, [b"1"] * 1_700),
    }[framing]
    async with serving(echo, ConnectionLimits()) as server, client(server) as (reader, writer):
        if opening:
            writer.write(opening)
            while not echo.requests:
                await asyncio.sleep(0)
        writer.write(rest + NEXT[:begun])
        assert [(await read_answer(reader))[2] for _ in answers] == answers
        writer.write(NEXT[begun:])
        assert (await read_answer(reader))[2] == b"2"


async def test_a_large_head_begun_behind_a_body_is_refused_all_the_same(echo: Echo) -> None:
    async with serving(echo, ConnectionLimits()) as server, client(server) as (reader, writer):
        body = b"POST / HTTP/1.1\r\ncontent-length: 70000\r\n\r\n" + b"x" * 70_000
        writer.write(body + b"GET / HTTP/1.1\r\nx: " + b"y" * 40_000)
        assert (await read_answer(reader))[2] == b"70000"
        with contextlib.suppress(OSError):
            for _ in range(3):
                writer.write(b"y" * 40_000)
                await writer.drain()
        status, _, _ = await refused_answer(reader)
        assert status == 431
    assert echo.requests == 1


async def test_a_head_that_drips_is_refused_after_its_time(echo: Echo) -> None:
    async with serving(echo, QUICK) as server, client(server) as (reader, writer):
        began = asyncio.get_running_loop().time()

        async def drip() -> None:
            writer.write(b"GET / HTTP/1.1\r\n")
            for number in range(1000):
                writer.write(b"x-%d: y\r\n" % number)
                await asyncio.sleep(0.02)

        dripping = asyncio.create_task(drip())
        status, headers, body = await refused_answer(reader)
        dripping.cancel()
        assert status == 408
        assert headers["connection"] == "close"
        assert error_of(body) == ("timeout_error", "the request's head was not complete after 0.3 s")
        assert asyncio.get_running_loop().time() - began < 2
        assert await reader.read() == b""
    assert echo.requests == 0


async def test_a_body_that_stops_is_refused_and_the_application_hears_of_it(echo: Echo) -> None:
    async with serving(echo, QUICK) as server, client(server) as (reader, writer):
        writer.write(b"POST / HTTP/1.1\r\ncontent-length: 100\r\n\r\nabc")
        status, _, body = await refused_answer(reader)
        assert status == 408
        assert error_of(body)[1] == "no piece of the request's body came for 0.3 s"
    assert echo.disconnects == 1


async def test_a_body_that_comes_slowly_but_steadily_is_served(echo: Echo) -> None:
    async with serving(echo, QUICK) as server, client(server) as (reader, writer):
        writer.write(b"POST / HTTP/1.1\r\ncontent-length: 10\r\n\r\n")
        for _ in range(10):
            writer.write(b"x")
            await asyncio.sleep(0.1)
        assert (await read_answer(reader))[2] == b"10"


@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
async def test_a_body_that_drips_is_refused_however_steadily_it_comes(echo: Echo, chunked: bool) -> None:
    limits = ConnectionLimits(body_timeout=1.0, body_rate=100.0)
    async with serving(echo, limits) as server, client(server) as (reader, writer):
        began = asyncio.get_running_loop().time()
        writer.write(b"POST / HTTP/1.1\r\n")
        length = b"transfer-encoding: chunked" if chunked else b"content-length: 1000"
        writer.write(length + b"\r\n\r\n")

        async def drip() -> None:
            if chunked:
                writer.write(b"3e8\r\n")
            while True:
                writer.write(b"x")
                await asyncio.sleep(0.05)

        dripping = asyncio.create_task(drip())
        status, headers, body = await refused_answer(reader)
        dripping.cancel()
        assert (status, headers["connection"]) == (408, "close")
        assert error_of(body) == ("timeout_error", "the request's body came at under 100 bytes a second")
        assert 1.0 < asyncio.get_running_loop().time() - began < 5
    assert echo.disconnects == 1


async def test_a_body_that_the_application_keeps_waiting_is_not_held_against_its_client(echo: Echo) -> None:
    """Twice the time that the body would have had, and then it is read whole."""
    async with serving(echo, QUICK) as server, client(server) as (reader, writer):
        echo.hold = asyncio.Event()
        writer.write(b"POST / HTTP/1.1\r\ncontent-length: 3000000\r\n\r\n" + b"x" * 3_000_000)
        await asyncio.sleep(0.6)
        echo.hold.set()
        assert (await read_answer(reader))[2] == b"3000000"


async def test_26_megabytes_of_headers_are_refused_with_431(echo: Echo) -> None:
    async with serving(echo, ConnectionLimits()) as server, client(server) as (reader, writer):
        writer.write(b"GET / HTTP/1.1\r\n")

        async def flood() -> None:
            with contextlib.suppress(OSError):
                for _ in range(26):
                    writer.write(b"x: " + b"y" * 1_000_000 + b"\r\n")
                    await writer.drain()

        flooding = asyncio.create_task(flood())
        status, _, body = await refused_answer(reader)
        flooding.cancel()
        assert status == 431
        assert error_of(body)[0] == "invalid_request_error"
    assert echo.requests == 0


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 101 + b"\r\n",
        b"GET /" + b"x" * 65536 + b" HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nx: " + b"y" * 65536 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nx: " + b"y" * 70000,
        b"GET /" + b"x" * 70000,
    ],
    ids=["101 headers", "long target", "one long header", "unfinished header", "unfinished target"],
)
async def test_a_head_over_its_limits_is_refused_with_431(echo: Echo, head: bytes) -> None:
    async with serving(echo, ConnectionLimits()) as server, client(server) as (reader, writer):
        writer.write(head)
        status, headers, _ = await refused_answer(reader)
        assert (status, headers["connection"]) == (431, "close")
        assert await reader.read() == b""
    assert echo.requests == 0


async def test_a_head_just_within_its_limits_is_served(echo: Echo) -> None:
    async with serving(echo, ConnectionLimits()) as server, client(server) as (reader, writer):
        writer.write(b"GET / HTTP/1.1\r\nx: " + b"y" * 65000 + b"\r\n" + b"a: b\r\n" * 50 + b"\r\n")
        assert (await read_answer(reader))[0] == 200


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x16\x03\x01\x02\x00\x01\x00",
        b"hello\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET \xff HTTP/1.1\r\n\r\n",
    ],
    ids=["TLS hello", "no request line", "unknown version", "target not ASCII"],
)
async def test_what_is_not_http_is_refused_with_400(echo: Echo, garbage: bytes) -> None:
    async with serving(echo, QUICK) as server, client(server) as (reader, writer):
        writer.write(garbage)
        status, _, body = await refused_answer(reader)
        assert status == 400
        assert error_of(body)[0] == "invalid_request_error"


async def test_conflicting_lengths_are_refused(echo: Echo) -> None:
    async with serving(echo, QUICK) as server, client(server) as (reader, writer):
        writer.write(b"POST / HTTP/1.1\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\nabc")
        assert (await refused_answer(reader))[0] == 400


async def test_a_connection_that_never_speaks_is_closed(echo: Echo) -> None:
    limits = ConnectionLimits(head_timeout=0.2, keep_alive=0.3)
    async with serving(echo, limits) as server, client(server) as (reader, _):
        assert await asyncio.wait_for(reader.read(), 3) == b""


async def test_a_connection_that_only_sends_line_ends_is_closed(echo: Echo) -> None:
    limits = ConnectionLimits(head_timeout=0.2, keep_alive=0.5)
    async with serving(echo, limits) as server, client(server) as (reader, writer):

        async def tick() -> None:
            with contextlib.suppress(OSError):
                for _ in range(200):
                    writer.write(b"\r\n")
                    await asyncio.sleep(0.02)

        ticking = asyncio.create_task(tick())
        with contextlib.suppress(ConnectionResetError):
            assert await asyncio.wait_for(reader.read(), 3) == b""
        ticking.cancel()


async def test_a_client_that_leaves_is_told_to_the_watcher(echo: Echo) -> None:
    async with serving(echo, QUICK) as server:
        async with client(server) as (_, writer):
            writer.write(b"GET /wait HTTP/1.1\r\n\r\n")
            await asyncio.wait_for(echo.waiting.wait(), 2)
            assert not echo.gone.is_set()
        await asyncio.wait_for(echo.gone.wait(), 2)


@pytest.mark.parametrize(
    "head",
    [
        b"POST / HTTP/1.1\r\nconnection: upgrade\r\nupgrade: h2c\r\ncontent-length: 2\r\n\r\nab",
        b"GET / HTTP/1.1\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n",
        b"CONNECT example.test:443 HTTP/1.1\r\n\r\n",
    ],
    ids=["h2c", "websocket", "CONNECT"],
)
async def test_an_upgrade_is_refused_and_not_half_read(echo: Echo, head: bytes) -> None:
    async with serving(echo, QUICK) as server, client(server) as (reader, writer):
        writer.write(head)
        status, _, body = await refused_answer(reader)
        assert status == 400
        assert "HTTP/1.1" in error_of(body)[1]
    assert echo.requests == 0


async def test_an_answer_before_the_bodys_end_reaches_a_client_still_sending(echo: Echo) -> None:
    async with serving(echo, ConnectionLimits()) as server, client(server) as (reader, writer):
        writer.write(b"POST /refuse HTTP/1.1\r\ncontent-length: 40000000\r\n\r\n")
        for _ in range(40):
            writer.write(b"x" * 1_000_000)
            await writer.drain()
        status, headers, body = await read_answer(reader)
        assert (status, headers["connection"], body) == (413, "close", b"too much")
        assert await reader.read() == b""


@pytest.mark.parametrize("split", [False, True], ids=["at once", "on its own"])
async def test_a_trailer_is_not_taken_for_headers(echo: Echo, split: bool) -> None:
    async with serving(echo, QUICK) as server, client(server) as (reader, writer):
        for _ in range(2):  # and the connection goes on
            writer.write(b"POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n")
            if split:
                await asyncio.sleep(0.05)
            writer.write(b"0\r\nx-api-key: secret\r\nx-more: 1\r\n\r\n")
            status, _, body = await read_answer(reader)
            assert (status, body) == (200, b"2")
            assert echo.headers == [(b"host", b"a"), (b"transfer-encoding", b"chunked")]


@pytest.mark.parametrize(
    "piece", [b"x: " + b"y" * 1000 + b"\r\n", b"y" * 1000], ids=["many fields", "one field without end"]
)
@pytest.mark.parametrize("before", [b"2\r\nab\r\n0\r\n", b"2;", b"0\r\n"], ids=["body", "extension", "empty"])
async def test_a_trailer_or_extension_without_end_is_refused(echo: Echo, before: bytes, piece: bytes) -> None:
    async with serving(echo, ConnectionLimits()) as server, client(server) as (reader, writer):
        writer.write(b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n" + before)
        if before == b"2;":
            piece = b"y" * 1000

        async def flood() -> None:
            with contextlib.suppress(OSError):
                for _ in range(5_000):
                    writer.write(piece)
                    await writer.drain()

        flooding = asyncio.create_task(flood())
        status, headers, body = await refused_answer(reader)
        flooding.cancel()
        assert (status, headers["connection"]) == (431, "close")
        assert error_of(body) == (
            "invalid_request_error",
            "over 65536 bytes of the body hold no content: send a shorter trailer",
        )
    assert echo.disconnects == 1


async def test_many_small_chunks_are_not_taken_for_a_long_trailer(echo: Echo) -> None:
    async with serving(echo, ConnectionLimits()) as server, client(server) as (reader, writer):
        writer.write(b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n")
        for _ in range(100):
            writer.write(b"1\r\na\r\n" * 1000)
            await writer.drain()
        writer.write(b"0\r\n\r\n")
        assert (await read_answer(reader))[2] == b"100000"


@contextlib.asynccontextmanager
async def narrow_client(server: Server) -> AsyncGenerator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A client whose kernel takes little of what it does not read."""
    narrow = socket.socket()
    narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
    narrow.setblocking(False)
    await asyncio.get_running_loop().sock_connect(narrow, ("127.0.0.1", server.port))
    reader, writer = await asyncio.open_connection(sock=narrow, limit=4096)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


async def test_a_client_that_reads_nothing_of_its_answer_is_cut_off(echo: Echo) -> None:
    async with (
        serving(echo, ConnectionLimits(write_timeout=0.3)) as server,
        narrow_client(server) as (_, writer),
    ):
        writer.write(b"GET /flood HTTP/1.1\r\n\r\n")
        await asyncio.wait_for(echo.gone.wait(), 5)


async def test_a_client_that_reads_slowly_gets_all_of_its_answer(echo: Echo) -> None:
    async with (
        serving(echo, ConnectionLimits(write_timeout=0.8)) as server,
        narrow_client(server) as (reader, writer),
    ):
        writer.write(b"GET /flood HTTP/1.1\r\nconnection: close\r\n\r\n")
        began, length = asyncio.get_running_loop().time(), 0
        while piece := await asyncio.wait_for(reader.read(300_000), 5):
            length += len(piece)
            await asyncio.sleep(0.03)
        assert length > 80 * 65_536
        assert asyncio.get_running_loop().time() - began > 1.0


async def test_an_answer_leaves_no_timer_behind_it(echo: Echo) -> None:
    async with serving(echo, QUICK) as server, client(server) as (reader, writer):
        writer.write(b"GET / HTTP/1.1\r\n\r\n")
        await read_answer(reader)
        (connection,) = server._connections()
        assert connection.timeout_keep_alive_task is None


def test_long_targets_and_header_names_are_read_and_not_remembered() -> None:
    remembered = cycle._remembered.cache_info().currsize
    for number in range(20):
        path = f"/{number}".encode() + b"x" * 60_000
        assert cycle.split_target(path + b"?a=1") == (path.decode(), path, b"a=1")
    assert cycle._remembered.cache_info().currsize == remembered
    name = b"anthropic-" + b"x" * 500
    assert to_upstream([(name, b"1")], ()) == [(name, b"1")]
