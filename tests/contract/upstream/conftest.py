"""Both adapters, over plain TCP and TLS, on asyncio and uvloop, against raw servers."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
import trustme
import uvloop
from raw_server import RawServer, Script

from tidegate.adapters.upstream.aiohttp_upstream import AiohttpUpstream
from tidegate.adapters.upstream.http1 import Http1Upstream
from tidegate.adapters.upstream.settings import UpstreamSettings
from tidegate.ports import UpstreamFailure, UpstreamResponse

ADAPTERS = {"http1": Http1Upstream, "aiohttp": AiohttpUpstream}


def pytest_asyncio_loop_factories(config, item):
    return {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}


@dataclass(frozen=True)
class Certificates:
    """A certificate authority of our own, its file, and a server context for loopback names."""

    authority: trustme.CA
    ca_file: str

    def server(self, *names: str) -> ssl.SSLContext:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.authority.issue_cert(*names).configure_cert(context)
        return context


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    authority = trustme.CA()
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return Certificates(authority, str(path))


@dataclass
class Rig:
    """One adapter with servers to talk to; everything it made is closed with it."""

    adapter: Callable[[UpstreamSettings], Http1Upstream | AiohttpUpstream]
    ca_file: str
    context: ssl.SSLContext | None
    servers: list[RawServer] = field(default_factory=list)
    upstreams: list[Http1Upstream | AiohttpUpstream] = field(default_factory=list)

    @property
    def ours(self) -> bool:
        return self.adapter is Http1Upstream

    @property
    def tls(self) -> bool:
        return self.context is not None

    async def serve(self, script: Script, *, host: str = "127.0.0.1") -> RawServer:
        return await self.start(RawServer(script, self.context, host))

    async def start(self, server: RawServer) -> RawServer:
        await server.start()
        self.servers.append(server)
        return server

    def reach(self, url: str, **settings: object) -> Http1Upstream | AiohttpUpstream:
        wanted = replace(UpstreamSettings(url, ca_file=self.ca_file), **settings)
        upstream = self.adapter(wanted)
        self.upstreams.append(upstream)
        return upstream

    async def pair(
        self, script: Script, **settings: object
    ) -> tuple[RawServer, Http1Upstream | AiohttpUpstream]:
        server = await self.serve(script)
        return server, self.reach(server.url, **settings)

    async def aclose(self) -> None:
        for upstream in self.upstreams:
            await upstream.aclose()
        for server in self.servers:
            await server.stop()


@pytest.fixture(
    params=[(name, tls) for name in ADAPTERS for tls in (False, True)],
    ids=lambda param: f"{param[0]}-{'tls' if param[1] else 'plain'}",
)
async def rig(request: pytest.FixtureRequest, certificates: Certificates) -> AsyncIterator[Rig]:
    """Every adapter, plain and over TLS."""
    name, tls = request.param
    made = _rig(name, certificates, tls)
    yield made
    await made.aclose()


@pytest.fixture(params=ADAPTERS)
async def secure(request: pytest.FixtureRequest, certificates: Certificates) -> AsyncIterator[Rig]:
    """Every adapter over TLS, for what is about TLS alone."""
    made = _rig(request.param, certificates, tls=True)
    yield made
    await made.aclose()


@pytest.fixture(params=[False, True], ids=["plain", "tls"])
async def own(request: pytest.FixtureRequest, certificates: Certificates) -> AsyncIterator[Rig]:
    """Our own client, plain and over TLS, for what aiohttp does otherwise."""
    made = _rig("http1", certificates, request.param)
    yield made
    await made.aclose()


def _rig(name: str, certificates: Certificates, tls: bool) -> Rig:
    context = certificates.server("127.0.0.1", "::1", "localhost") if tls else None
    return Rig(ADAPTERS[name], certificates.ca_file, context)


@pytest.fixture
def counts() -> Callable[..., object]:
    """(open, busy) once the loop has turned: a socket told to close goes in the next turn."""

    async def settled(upstream) -> tuple[int, int]:
        for _ in range(5):
            await asyncio.sleep(0)
        return upstream.open_connections, upstream.busy_connections

    return settled


@pytest.fixture
def ask() -> Callable[..., object]:
    """POST a small body and return the response once its head is here."""

    async def post(
        upstream, body: bytes = b"{}", *, seconds: float = 5.0, method: str = "POST"
    ) -> UpstreamResponse:
        deadline = asyncio.get_running_loop().time() + seconds
        return await upstream.send(method, "/v1/messages", [(b"x-a", b"1")], body, deadline=deadline)

    return post


@pytest.fixture
def fetch(ask) -> Callable[..., object]:
    """POST and read the answer whole."""

    async def whole(upstream, body: bytes = b"{}", **options: object) -> bytes:
        return await (await ask(upstream, body, **options)).read(1_000_000)

    return whole


@pytest.fixture
def failure() -> Callable[..., object]:
    """Await what must fail and return the UpstreamFailure."""

    async def failed(work) -> UpstreamFailure:
        with pytest.raises(UpstreamFailure) as caught:
            await work
        return caught.value

    return failed


@pytest.fixture
def client_pair(certificates: Certificates, tmp_path: Path) -> tuple[str, str]:
    """A client's certificate and key files, issued by the same authority."""
    leaf = certificates.authority.issue_cert("gateway@example.test")
    certificate, key = tmp_path / "client.pem", tmp_path / "client.key"
    leaf.cert_chain_pems[0].write_to_path(str(certificate))
    leaf.private_key_pem.write_to_path(str(key))
    return str(certificate), str(key)
