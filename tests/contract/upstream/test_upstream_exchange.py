"""What a good exchange looks like on the wire and to the reader."""

import asyncio

import pytest
from raw_server import Peer, chunked, response

from tidegate.domain.errors import InvalidInput


async def keep_answering(peer: Peer) -> None:
    while True:
        await peer.answer(b"%d" % peer.number)


async def test_sends_the_request_with_prefix_host_length_and_identity(rig):
    got = []

    async def script(peer: Peer) -> None:
        got.append(await peer.answer())

    server = await rig.serve(script)
    upstream = rig.reach(f"{server.url}/anthropic/")
    deadline = asyncio.get_running_loop().time() + 5
    sent = [
        (b"X-Api-Key", b"k"),
        (b"accept-encoding", b"br"),
        (b"host", b"evil"),
        (b"content-length", b"999"),
    ]
    reply = await upstream.send("POST", "/v1/messages?beta=true", sent, b"hello", deadline=deadline)
    assert await reply.read(10) == b"ok"
    (request,) = got
    assert request.line == b"POST /anthropic/v1/messages?beta=true HTTP/1.1"
    assert request.all(b"host") == [b"127.0.0.1:%d" % server.port]
    assert request.all(b"accept-encoding") == [b"identity"]
    assert request.all(b"content-length") == [b"5"]
    assert request.all(b"x-api-key") == [b"k"]
    assert request.all(b"user-agent") == []
    assert request.body == b"hello"


async def test_hop_by_hop_headers_stay_here(rig):
    got = []

    async def script(peer: Peer) -> None:
        got.append(await peer.answer())

    _, upstream = await rig.pair(script)
    hop = (
        b"keep-alive",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
        b"proxy-authorization",
        b"expect",
    )
    sent = [(name, b"x") for name in hop]
    sent += [(b"Connection", b"close, X-Private"), (b"x-private", b"1"), (b"x-public", b"1")]
    reply = await upstream.send("POST", "/", sent, b"{}", deadline=asyncio.get_running_loop().time() + 5)
    assert await reply.read(10) == b"ok"
    names = {name.lower() for name, _ in got[0].headers}
    assert names == {b"host", b"accept-encoding", b"content-length", b"x-public"}


async def test_response_keeps_status_headers_and_their_order(rig, ask):
    async def script(peer: Peer) -> None:
        await peer.answer(
            b"no", b"Request-Id: r1", b"set-cookie: a", b"set-cookie: b", status=b"529 Overloaded"
        )

    _, upstream = await rig.pair(script)
    reply = await ask(upstream)
    assert reply.status == 529
    assert list(reply.headers)[:3] == [(b"request-id", b"r1"), (b"set-cookie", b"a"), (b"set-cookie", b"b")]
    assert await reply.read(10) == b"no"


async def test_redirects_and_encodings_are_passed_through(rig, ask):
    async def script(peer: Peer) -> None:
        await peer.answer(b"\x1f\x8bzip", b"location: /b", b"content-encoding: gzip", status=b"307 Moved")

    _, upstream = await rig.pair(script)
    reply = await ask(upstream)
    assert (reply.status, await reply.read(10)) == (307, b"\x1f\x8bzip")


async def test_one_connection_serves_many_requests(rig, fetch):
    server, upstream = await rig.pair(keep_answering)
    assert [await fetch(upstream) for _ in range(5)] == [b"1"] * 5
    assert server.accepted == 1
    assert (upstream.open_connections, upstream.busy_connections) == (1, 0)


async def test_chunked_body_with_trailers_then_the_connection_again(rig, ask, fetch):
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(chunked(b"one", b"two", trailers=b"x-checksum: 1\r\nx-more: 2\r\n"))
        await peer.answer(b"again")

    server, upstream = await rig.pair(script)
    reply = await ask(upstream)
    assert await reply.read(100) == b"onetwo"
    assert b"x-checksum" not in dict(reply.headers)
    assert await fetch(upstream) == b"again"
    assert server.accepted == 1


async def test_chunks_arrive_as_they_are_sent(rig, ask):
    go_on = asyncio.Event()

    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(chunked(b"first", end=False))
        await go_on.wait()
        await peer.send(b"6\r\nsecond\r\n0\r\n\r\n")
        await peer.hung_up()

    _, upstream = await rig.pair(script)
    reply = await ask(upstream)
    assert await reply.chunk() == b"first"
    go_on.set()
    assert await reply.chunk() == b"second"
    assert await reply.chunk() == b""
    assert await reply.chunk() == b""


async def test_response_in_single_bytes(rig, fetch):
    async def script(peer: Peer) -> None:
        await peer.request()
        for byte in response(b"slowly"):
            await peer.send(bytes([byte]))
            await asyncio.sleep(0)
        await peer.answer(b"again")

    server, upstream = await rig.pair(script)
    assert [await fetch(upstream), await fetch(upstream)] == [b"slowly", b"again"]
    assert server.accepted == 1


async def test_body_delimited_by_close(rig, fetch):
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(b"HTTP/1.1 200 OK\r\n\r\n", b"to the ", b"end")
        peer.writer.close()
        await peer.writer.wait_closed()

    server, upstream = await rig.pair(script)
    assert await fetch(upstream) == b"to the end"
    await server.all_closed()
    assert upstream.open_connections == 0


@pytest.mark.parametrize("status", [b"204 No Content", b"304 Not Modified"])
async def test_statuses_without_body_leave_the_connection_usable(rig, fetch, status):
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(b"HTTP/1.1 " + status + b"\r\n\r\n")
        await peer.answer(b"next")

    server, upstream = await rig.pair(script)
    assert [await fetch(upstream), await fetch(upstream)] == [b"", b"next"]
    assert server.accepted == 1


async def test_head_has_no_body_whatever_its_length_says(rig, ask, fetch):
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n")
        await peer.answer(b"next")

    server, upstream = await rig.pair(script)
    reply = await ask(upstream, b"", method="HEAD")
    assert await reply.read(10) == b""
    assert await fetch(upstream) == b"next"
    assert server.accepted == 1


async def test_interim_responses_are_skipped(rig, ask):
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n")
        await peer.send(response(b"final", b"x-final: 1"))
        await peer.hung_up()

    _, upstream = await rig.pair(script)
    reply = await ask(upstream)
    assert reply.status == 200
    assert b"link" not in dict(reply.headers)
    assert await reply.read(10) == b"final"


@pytest.mark.parametrize(
    "answer", [response(b"bye", b"connection: close"), b"HTTP/1.0 200 OK\r\ncontent-length: 3\r\n\r\nbye"]
)
async def test_connection_that_is_to_close_is_not_used_again(rig, fetch, answer):
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(answer)
        await peer.hung_up()

    server, upstream = await rig.pair(script)
    assert [await fetch(upstream), await fetch(upstream)] == [b"bye", b"bye"]
    assert server.accepted == 2
    await server.all_closed()


@pytest.mark.parametrize("together", [True, False])
async def test_a_second_response_never_answers_the_next_request(rig, fetch, together):
    async def script(peer: Peer) -> None:
        await peer.request()
        good, surplus = response(b"%d" % peer.number), response(b"poison")
        await peer.send(*([good + surplus] if together else [good, surplus]))
        await peer.hung_up()

    server, upstream = await rig.pair(script)
    assert await fetch(upstream) == b"1"
    await server.all_closed()
    assert await fetch(upstream) == b"2"


async def test_a_large_body_goes_up_and_comes_down_whole(rig, ask):
    body = bytes(range(256)) * 16_384

    async def script(peer: Peer) -> None:
        received = await peer.request()
        await peer.send(response(received.body))
        await peer.hung_up()

    _, upstream = await rig.pair(script)
    reply = await ask(upstream, body)
    assert await reply.read(len(body)) == body


async def test_an_early_answer_is_read_while_the_body_is_still_going_up(rig, ask):
    async def script(peer: Peer) -> None:
        await peer.head()
        await peer.send(response(b"too big", status=b"413 Content Too Large"))
        await peer.hung_up()

    server, upstream = await rig.pair(script)
    reply = await ask(upstream, bytes(64_000_000))
    assert (reply.status, await reply.read(100)) == (413, b"too big")
    reply.close()
    await server.all_closed()
    assert upstream.busy_connections == 0


async def test_a_slow_reader_holds_the_upstream_back(rig, ask):
    piece = bytes(65_536)
    sent = 0
    stalled = asyncio.Event()

    async def script(peer: Peer) -> None:
        nonlocal sent
        await peer.request()
        await peer.send(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % (len(piece) * 1024))
        for _ in range(1024):
            peer.writer.write(piece)
            if not stalled.is_set():
                try:
                    await asyncio.wait_for(peer.writer.drain(), 0.3)
                except TimeoutError:
                    stalled.set()
            await peer.writer.drain()
            sent += len(piece)
        await peer.hung_up()

    _, upstream = await rig.pair(script, max_buffered_bytes=262_144)
    reply = await ask(upstream)
    await asyncio.wait_for(stalled.wait(), 10)
    assert sent < 24_000_000  # what the kernel's own loopback buffers take; the answer is 64 MiB
    if rig.ours:
        assert reply.buffered <= 262_144 + 262_144  # the limit and at most one read beyond it
    total = 0
    while chunk := await reply.chunk():
        total += len(chunk)
    assert total == len(piece) * 1024


async def test_a_body_over_the_limit_is_refused_and_cut(rig, ask, failure):
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(chunked(b"x" * 600, b"y" * 600, end=False))
        await peer.hung_up()

    server, upstream = await rig.pair(script)
    wrong = await failure((await ask(upstream)).read(1000))
    assert wrong.kind == "protocol"
    assert "larger than 1000 bytes" in str(wrong)
    await server.all_closed()


async def test_reads_an_ipv6_address(rig, ask):
    got = []

    async def script(peer: Peer) -> None:
        got.append(await peer.answer())

    server = await rig.serve(script, host="::1")
    upstream = rig.reach(server.url)
    assert await (await ask(upstream)).read(10) == b"ok"
    assert got[0].all(b"host") == [b"[::1]:%d" % server.port]


BAD_HEADERS = [
    (b"x-a", b"1\r\nx-smuggled: 1"),
    (b"x-a", b"1\nx-smuggled: 1"),
    (b"x-a", b"1\r"),
    (b"x-a", b"1\0"),
    (b"x-a\r\nx-smuggled", b"1"),
    (b"x a", b"1"),
    (b"x:a", b"1"),
    (b"", b"1"),
    (b"connection", b"close\r\nx-smuggled: 1"),
]


@pytest.mark.parametrize("header", BAD_HEADERS)
async def test_a_header_that_would_smuggle_is_refused_before_anything_is_sent(rig, header):
    server, upstream = await rig.pair(keep_answering)
    with pytest.raises(InvalidInput, match="header"):
        await upstream.send("POST", "/", [header], b"", deadline=asyncio.get_running_loop().time() + 5)
    assert (server.accepted, upstream.busy_connections) == (0, 0)


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("POST", "/a b"),
        ("POST", "/a\r\nx: 1"),
        ("POST", "http://other/"),
        ("POST", ""),
        ("PO ST", "/"),
        ("", "/"),
    ],
)
async def test_a_broken_request_line_is_refused(rig, method, target):
    server, upstream = await rig.pair(keep_answering)
    with pytest.raises(InvalidInput, match=r"request target|HTTP method"):
        await upstream.send(method, target, [], b"", deadline=asyncio.get_running_loop().time() + 5)
    assert (server.accepted, upstream.busy_connections) == (0, 0)
