"""Through an HTTP proxy: CONNECT for https, absolute-form for http."""

import asyncio
import contextlib

import pytest
from raw_server import Peer, RawServer

GRANTED = b"HTTP/1.1 200 Connection established\r\nvia: test\r\n\r\n"
BASIC = b"Basic dXNlcjpwQHNz"  # user:p@ss


class Proxy:
    """Tunnels CONNECT, answers absolute-form requests itself; keeps what it was asked."""

    def __init__(self, reply: bytes = GRANTED) -> None:
        self.reply = reply
        self.asked: list[tuple[bytes, dict[bytes, bytes]]] = []

    async def __call__(self, peer: Peer) -> None:
        line, headers = await peer.head()
        self.asked.append((line, {name.lower(): value for name, value in headers}))
        if not line.startswith(b"CONNECT"):
            await peer.send(b"HTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\nby proxy")
            await peer.hung_up()
            return
        await peer.send(self.reply)
        if self.reply is GRANTED:
            await self._tunnel(peer, int(line.split()[1].rpartition(b":")[2]))
        else:
            await peer.hung_up()

    async def _tunnel(self, peer: Peer, port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            await asyncio.gather(_pump(peer.reader, writer), _pump(reader, peer.writer))
        finally:
            writer.transport.abort()


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while piece := await source.read(65_536):
            sink.write(piece)
            await sink.drain()
    sink.close()


async def answer(peer: Peer) -> None:
    while True:
        await peer.answer(b"by origin")


async def through(rig, proxy, user: str = ""):
    origin = await rig.serve(answer)
    relay = await rig.start(RawServer(proxy))
    return origin, relay, rig.reach(origin.url, proxy=f"http://{user}127.0.0.1:{relay.port}")


async def test_reaches_the_origin_with_credentials(rig, fetch):
    proxy = Proxy()
    origin, relay, upstream = await through(rig, proxy, "user:p%40ss@")
    assert await fetch(upstream) == (b"by origin" if rig.tls else b"by proxy")
    line, headers = proxy.asked[0]
    place = b"127.0.0.1:%d" % origin.port
    wanted = b"CONNECT %s HTTP/1.1" if rig.tls else b"POST http://%s/v1/messages HTTP/1.1"
    assert line == wanted % place
    assert (headers[b"host"], headers[b"proxy-authorization"]) == (place, BASIC)
    await upstream.aclose()
    await relay.all_closed()


@pytest.mark.parametrize(
    "reply",
    [
        b"HTTP/1.1 403 Forbidden\r\ncontent-length: 2\r\n\r\nno",
        b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 502 Bad Gateway\r\n\r\n",
        b"SSH-2.0-garbage\r\n\r\n",
    ],
)
async def test_a_proxy_that_refuses(secure, ask, failure, reply):
    origin, relay, upstream = await through(secure, Proxy(reply))
    wrong = await failure(ask(upstream))
    assert wrong.kind == "connect" or not secure.ours
    await relay.all_closed()
    assert (origin.accepted, upstream.open_connections) == (0, 0)


async def test_a_proxy_that_is_silent_or_closes(secure, ask, failure):

    async def silent(peer: Peer) -> None:
        await peer.head()
        if peer.number == 1:
            await peer.hung_up()

    _, relay, upstream = await through(secure, silent)
    assert (await failure(ask(upstream, seconds=0.2))).kind == "timeout"
    await relay.all_closed()
    assert (await failure(ask(upstream))).kind in {"connect"} | (set() if secure.ours else {"reset"})
    assert upstream.open_connections == 0


async def test_cancelled_while_the_tunnel_is_asked_for(secure, ask):
    asked = asyncio.Event()

    async def silent(peer: Peer) -> None:
        await peer.head()
        asked.set()
        await peer.hung_up()

    _, relay, upstream = await through(secure, silent)
    task = asyncio.create_task(ask(upstream))
    await asked.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await relay.all_closed()
    assert (upstream.open_connections, upstream.busy_connections) == (0, 0)
