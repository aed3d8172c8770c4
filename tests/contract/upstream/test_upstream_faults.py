"""What an upstream can do wrong, and that neither a socket nor a call is left behind."""

import asyncio
import socket

import pytest
from raw_server import Peer, chunked, response

CUT_SHORT = {
    "before-head": b"",
    "in-status-line": b"HTTP/1.1 20",
    "in-head": b"HTTP/1.1 200 OK\r\ncontent-le",
}

CUT_IN_BODY = {
    "short-of-length": b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\npart",
    "between-chunks": chunked(b"part", end=False),
    "in-a-chunk": b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n64\r\npart",
    "before-the-last-line": b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\npart\r\n0\r\n",
}


def answering_then(*pieces: bytes, close: bool = True):
    """A script that answers one request with these bytes and closes, or waits for the client to."""

    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(*(piece for piece in pieces if piece))
        if not close:
            await peer.hung_up()

    return script


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


async def test_connection_refused(rig, ask, failure):
    upstream = rig.reach(f"{'https' if rig.tls else 'http'}://127.0.0.1:{free_port()}")
    wrong = await failure(ask(upstream))
    assert (wrong.kind, wrong.replayable) == ("connect", False)
    assert "127.0.0.1" in str(wrong)
    assert (upstream.open_connections, upstream.busy_connections) == (0, 0)


async def test_unknown_host(rig, ask, failure):
    upstream = rig.reach(f"{'https' if rig.tls else 'http'}://nowhere.invalid")
    assert (await failure(ask(upstream))).kind == "connect"
    assert upstream.open_connections == 0


@pytest.fixture
def full_listener():
    """A listening socket whose queue is full, so that connecting to it hangs."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        fillers = []
        for _ in range(4):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
            fillers.append(filler)
        yield listener
        for filler in fillers:
            filler.close()


async def test_connecting_hangs_until_the_connect_timeout(rig, ask, failure, full_listener):
    scheme = "https" if rig.tls else "http"
    upstream = rig.reach(f"{scheme}://127.0.0.1:{full_listener.getsockname()[1]}", connect_timeout=0.2)
    wrong = await failure(ask(upstream))
    assert wrong.kind == "connect"
    assert upstream.open_connections == 0


async def test_connecting_hangs_until_the_deadline(rig, ask, failure, full_listener):
    upstream = rig.reach(f"{'https' if rig.tls else 'http'}://127.0.0.1:{full_listener.getsockname()[1]}")
    assert (await failure(ask(upstream, seconds=0.2))).kind == "timeout"
    assert upstream.open_connections == 0


@pytest.mark.parametrize("sent", CUT_SHORT.values(), ids=CUT_SHORT)
async def test_closed_before_the_whole_head(rig, ask, failure, counts, sent):
    server, upstream = await rig.pair(answering_then(sent))
    wrong = await failure(ask(upstream))
    assert (wrong.kind, wrong.replayable) == ("reset", False)
    assert server.accepted == 1
    assert await counts(upstream) == (0, 0)


@pytest.mark.parametrize("sent", CUT_IN_BODY.values(), ids=CUT_IN_BODY)
async def test_closed_in_the_body(rig, ask, failure, sent):
    _, upstream = await rig.pair(answering_then(sent))
    reply = await ask(upstream)
    wrong = await failure(reply.read(1000))
    assert (wrong.kind, wrong.replayable) == ("reset", False)
    reply.close()
    assert upstream.busy_connections == 0


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01 this is no http\r\n\r\n",
        b"HTTP/1.1 abc OK\r\n\r\n",
        b"HTTP/9.9 200 OK\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello!",
        b"HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon here\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ncontent-length: 3\r\n\r\n0\r\n\r\n",
    ],
)
async def test_garbage_instead_of_a_head(rig, ask, failure, sent):
    server, upstream = await rig.pair(answering_then(sent, close=False))
    wrong = await failure(ask(upstream))
    assert (wrong.kind, wrong.replayable) == ("protocol", False)
    await server.all_closed()
    assert (upstream.open_connections, upstream.busy_connections) == (0, 0)


async def test_garbage_instead_of_a_chunk(rig, ask, failure):
    head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
    server, upstream = await rig.pair(answering_then(head, b"zz\r\nnonsense\r\n", close=False))

    async def whole() -> bytes:
        return await (await ask(upstream)).read(1000)

    wrong = await failure(whole())
    assert wrong.kind in {"protocol", "reset"} - ({"reset"} if rig.ours else set())
    await server.all_closed()
    assert upstream.busy_connections == 0


async def test_oversized_head(rig, ask, failure):
    head = b"HTTP/1.1 200 OK\r\nx-big: " + b"x" * 300_000
    server, upstream = await rig.pair(answering_then(head, close=False), max_head_bytes=65_536)
    assert (await failure(ask(upstream))).kind == "protocol"
    await server.all_closed()


async def test_a_head_that_drips_past_the_deadline(rig, ask, failure):
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(b"HTTP/1.1 200 OK\r\n")
        while True:
            await peer.send(b"x-drip: 1\r\n")
            await asyncio.sleep(0.02)

    server, upstream = await rig.pair(script)
    assert (await failure(ask(upstream, seconds=0.15))).kind == "timeout"
    await server.all_closed()
    assert (upstream.open_connections, upstream.busy_connections) == (0, 0)


async def test_a_body_that_drips_past_the_deadline(rig, ask, failure):
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(chunked(b"start", end=False))
        while True:
            await peer.send(b"1\r\nx\r\n")
            await asyncio.sleep(0.02)

    server, upstream = await rig.pair(script)
    reply = await ask(upstream, seconds=0.6)
    assert (await failure(reply.read(10_000))).kind == "timeout"
    await server.all_closed()
    assert (upstream.open_connections, upstream.busy_connections) == (0, 0)


async def test_silence_until_the_deadline(rig, ask, failure):
    server, upstream = await rig.pair(answering_then(close=False))
    assert (await failure(ask(upstream, seconds=0.1))).kind == "timeout"
    await server.all_closed()


async def test_a_deadline_already_past_sends_nothing(rig, ask, failure):
    server, upstream = await rig.pair(answering_then(close=False))
    assert (await failure(ask(upstream, seconds=-1))).kind == "timeout"
    assert server.accepted == 0


async def test_a_connection_closed_while_idle_is_replaced(rig, fetch):
    async def script(peer: Peer) -> None:
        await peer.answer(b"%d" % peer.number)

    server, upstream = await rig.pair(script)
    assert await fetch(upstream) == b"1"
    await server.all_closed()
    assert await fetch(upstream) == b"2"


async def close_on_second_request(peer: Peer) -> None:
    await peer.answer(b"%d" % peer.number)
    await peer.request()


async def test_a_connection_closed_just_as_we_send_is_replaced_once(rig, fetch):
    server, upstream = await rig.pair(close_on_second_request)
    assert await fetch(upstream) == b"1"
    assert await fetch(upstream) == b"2"
    assert server.accepted == 2


async def test_many_stale_connections_at_once_are_each_replaced(rig, ask, fetch):
    together = asyncio.Barrier(8)

    async def script(peer: Peer) -> None:
        await peer.request()
        if peer.number <= 8:
            await together.wait()
        await peer.send(response(b"%d" % peer.number))
        if peer.number > 8:
            await peer.hung_up()
        await peer.request()

    server, upstream = await rig.pair(script)
    await asyncio.gather(*(fetch(upstream) for _ in range(8)))
    assert server.accepted == 8
    answers = await asyncio.gather(*(fetch(upstream) for _ in range(8)))
    assert {int(answer) for answer in answers} == set(range(9, 17))


async def test_stale_and_then_unreachable_says_it_may_be_replayed(rig, fetch, failure):
    async def script(peer: Peer) -> None:
        await peer.answer()
        await server.stop_listening()
        await peer.request()

    server, upstream = await rig.pair(script)
    await fetch(upstream)
    wrong = await failure(fetch(upstream))
    assert (wrong.kind, upstream.busy_connections) == ("connect", 0)
    assert wrong.replayable or not rig.ours


async def test_a_reused_connection_that_answered_in_part_is_not_resent(rig, fetch, failure):
    async def script(peer: Peer) -> None:
        await peer.answer()
        await peer.request()
        await peer.send(b"HTTP/1.1 200 OK\r\nx-")

    server, upstream = await rig.pair(script)
    await fetch(upstream)
    wrong = await failure(fetch(upstream))
    assert (wrong.kind, wrong.replayable) == ("reset", False)
    assert server.accepted == 1


async def test_a_reused_connection_that_dies_late_is_not_resent(rig, fetch, failure):
    async def script(peer: Peer) -> None:
        await peer.answer()
        await peer.request()
        await asyncio.sleep(0.1)

    server, upstream = await rig.pair(script, stale_seconds=0.02)
    await fetch(upstream)
    wrong = await failure(fetch(upstream))
    assert (wrong.kind, wrong.replayable) == ("reset", False)
    assert server.accepted == 1


async def test_a_peer_that_half_closes_behind_its_answer(rig, fetch):
    async def script(peer: Peer) -> None:
        await peer.answer(b"whole")
        if peer.writer.can_write_eof():
            peer.writer.write_eof()
            await peer.hung_up()

    server, upstream = await rig.pair(script)
    assert await fetch(upstream) == b"whole"
    await server.all_closed()
    assert await fetch(upstream) == b"whole"
    assert server.accepted == 2


async def test_cancelled_while_connecting(rig, ask, full_listener):
    upstream = rig.reach(f"{'https' if rig.tls else 'http'}://127.0.0.1:{full_listener.getsockname()[1]}")
    task = asyncio.create_task(ask(upstream))
    while not upstream.open_connections:
        await asyncio.sleep(0)
    await asyncio.sleep(0.02)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (upstream.open_connections, upstream.busy_connections) == (0, 0)


async def test_cancelled_before_the_head(rig, ask):
    asked = asyncio.Event()

    async def script(peer: Peer) -> None:
        await peer.request()
        asked.set()
        await peer.hung_up()

    server, upstream = await rig.pair(script)
    task = asyncio.create_task(ask(upstream))
    await asked.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await server.all_closed()
    assert (upstream.open_connections, upstream.busy_connections) == (0, 0)


async def test_cancelled_in_the_body(rig, ask):
    server, upstream = await rig.pair(answering_then(chunked(b"start", end=False), close=False))
    reply = await ask(upstream)
    assert await reply.chunk() == b"start"
    task = asyncio.create_task(reply.chunk())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await server.all_closed()
    assert (upstream.open_connections, upstream.busy_connections) == (0, 0)


async def test_closed_by_the_reader_in_the_body(rig, ask):
    server, upstream = await rig.pair(answering_then(chunked(b"start", end=False), close=False))
    reply = await ask(upstream)
    reply.close()
    reply.close()
    await server.all_closed()
    assert (upstream.open_connections, upstream.busy_connections) == (0, 0)
