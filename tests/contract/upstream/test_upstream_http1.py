"""Our own client's pool and parser: what the port leaves open or aiohttp does otherwise."""

import asyncio

import pytest
from raw_server import Peer, response


async def keep_answering(peer: Peer) -> None:
    while True:
        await peer.answer(b"%d" % peer.number)


@pytest.mark.parametrize("surplus", [b"\x00garbage\r\n\r\n", b"HTTP/1.1 200 OK\r\n", b"\r\n\r\nx"])
@pytest.mark.parametrize("together", [True, False])
async def test_stray_bytes_behind_a_response_close_the_connection(own, fetch, surplus, together):
    async def script(peer: Peer) -> None:
        await peer.request()
        good = response(b"%d" % peer.number)
        await peer.send(*([good + surplus] if together else [good, surplus]))
        await peer.hung_up()

    server, upstream = await own.pair(script)
    assert await fetch(upstream) == b"1"
    await server.all_closed()
    assert await fetch(upstream) == b"2"


async def test_body_behind_an_answer_to_head_is_not_the_next_answer(own, ask, fetch):
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(response(b"HTTP/1.1 200 OK\r\n\r\n"))
        await peer.hung_up()

    server, upstream = await own.pair(script)
    assert await (await ask(upstream, b"", method="HEAD")).read(10) == b""
    await server.all_closed()
    assert await fetch(upstream) == b"HTTP/1.1 200 OK\r\n\r\n"
    assert server.accepted == 2


@pytest.mark.parametrize(
    "endless",
    [b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 103 Early Hints\r\n" + b"link: x\r\n" * 50 + b"\r\n"],
)
async def test_endless_interim_responses_are_refused(own, ask, failure, endless):
    async def script(peer: Peer) -> None:
        await peer.request()
        while True:
            await peer.send(endless)

    server, upstream = await own.pair(script, max_head_bytes=4096)
    assert (await failure(ask(upstream))).kind == "protocol"
    await server.all_closed()


async def test_endless_trailers_are_refused(own, ask, failure):
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nx-trailer: ")
        while True:
            await peer.send(b"y" * 1000)

    server, upstream = await own.pair(script, max_head_bytes=4096)
    assert (await failure((await ask(upstream)).read(100))).kind == "protocol"
    await server.all_closed()


def big_head(size: int):
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(response(b"b" * 10_000, b"x-big: " + b"x" * size))
        await peer.hung_up()

    return script


async def test_a_body_does_not_count_against_the_heads_limit(own, fetch):
    _, upstream = await own.pair(big_head(3900), max_head_bytes=4096)
    assert len(await fetch(upstream)) == 10_000


async def test_a_head_just_over_the_limit_is_refused_though_it_came_in_one_read(own, ask, failure):
    _, upstream = await own.pair(big_head(4200), max_head_bytes=4096)
    assert (await failure(ask(upstream))).kind == "protocol"


async def test_a_protocol_switch_is_refused(own, ask, failure):
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(b"HTTP/1.1 101 Switching\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n")
        await peer.hung_up()

    server, upstream = await own.pair(script)
    assert (await failure(ask(upstream))).kind == "protocol"
    await server.all_closed()


async def test_what_came_before_a_cut_is_delivered_first(own, ask, failure):
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\npart")

    server, upstream = await own.pair(script)
    reply = await ask(upstream)
    await server.all_closed()
    assert await reply.chunk() == b"part"
    assert (await failure(reply.chunk())).kind == "reset"
    assert (await failure(reply.chunk())).kind == "reset"


async def test_the_limit_of_connections_holds_and_waiters_get_those_given_back(own, ask):
    server, upstream = await own.pair(keep_answering, max_connections=2)
    busiest = 0

    async def one() -> bytes:
        nonlocal busiest
        reply = await ask(upstream)
        busiest = max(busiest, upstream.open_connections)
        return await reply.read(10)

    answers = await asyncio.gather(*(one() for _ in range(50)))
    assert set(answers) == {b"1", b"2"}
    assert (server.accepted, busiest, upstream.busy_connections) == (2, 2, 0)


async def silent(peer: Peer) -> None:
    await peer.request()
    await peer.hung_up()


async def test_waiting_for_a_connection_ends_at_the_deadline(own, ask, failure, counts):
    _, upstream = await own.pair(silent, max_connections=1)
    first = asyncio.create_task(ask(upstream))
    await asyncio.sleep(0)
    wrong = await failure(ask(upstream, seconds=0.1))
    assert wrong.kind == "timeout"
    assert "waiting for a connection" in str(wrong)
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    assert await counts(upstream) == (0, 0)


async def test_a_place_freed_by_a_cancel_goes_to_the_next_who_waits(own, ask):
    async def script(peer: Peer) -> None:
        if peer.number == 1:
            await silent(peer)
        else:
            await keep_answering(peer)

    _, upstream = await own.pair(script, max_connections=1)
    first = asyncio.create_task(ask(upstream))
    while not upstream.busy_connections:
        await asyncio.sleep(0)
    waiting = [asyncio.create_task(ask(upstream)) for _ in range(3)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    first.cancel()
    replies = await asyncio.gather(*waiting[1:])
    assert [await reply.read(10) for reply in replies] == [b"2", b"2"]
    assert (upstream.open_connections, upstream.busy_connections) == (1, 0)


async def test_the_connection_used_last_is_used_first(own, ask, fetch):
    _, upstream = await own.pair(keep_answering)
    replies = await asyncio.gather(*(ask(upstream) for _ in range(3)))
    for reply in replies:
        await reply.read(10)
    latest = await fetch(upstream)
    assert [await fetch(upstream) for _ in range(4)] == [latest] * 4


async def test_idle_connections_are_closed_in_time(own, fetch, counts):
    server, upstream = await own.pair(keep_answering, idle_seconds=0.05)
    assert await fetch(upstream) == b"1"
    await server.all_closed()
    assert await counts(upstream) == (0, 0)


async def test_closing_the_client_fails_what_is_in_flight_and_what_comes_after(own, ask, failure):
    server, upstream = await own.pair(silent, max_connections=1)
    running = [asyncio.create_task(ask(upstream)) for _ in range(2)]
    while not upstream.busy_connections:
        await asyncio.sleep(0)
    await upstream.aclose()
    assert upstream.open_connections == 0
    assert [(await failure(task)).kind for task in running] == ["reset", "connect"]
    assert (await failure(ask(upstream))).kind == "connect"
    await server.all_closed()


async def test_deadlines_of_many_exchanges_fire_each_at_its_own_time(own, ask, failure):
    loop = asyncio.get_running_loop()
    _, upstream = await own.pair(silent)

    async def one(seconds: float) -> float:
        began = loop.time()
        assert (await failure(ask(upstream, seconds=seconds))).kind == "timeout"
        return loop.time() - began

    wanted = [0.4, 0.2, 0.3, 0.25]
    took = await asyncio.gather(*map(one, wanted))
    assert all(late >= want - 0.005 for late, want in zip(took, wanted, strict=True))
    assert min(took) < max(wanted)  # the earliest did not wait for the latest
