"""Whom TLS trusts, and whom it shows itself to."""

import ssl

import pytest
import trustme
from raw_server import Peer, RawServer

from tidegate.adapters.upstream.settings import UpstreamSettings
from tidegate.domain.errors import InvalidInput


async def answer(peer: Peer) -> None:
    await peer.answer(b"secret")


async def test_a_name_that_is_not_in_the_certificate(secure, certificates, ask, failure):
    server = await secure.start(RawServer(answer, certificates.server("other.test")))
    upstream = secure.reach(server.url)
    wrong = await failure(ask(upstream))
    assert wrong.kind == "connect"
    assert "127.0.0.1" in str(wrong)
    await server.all_closed()
    assert upstream.open_connections == 0


async def test_an_authority_nobody_knows(secure, ask, failure):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    server = await secure.start(RawServer(answer, context))
    wrong = await failure(ask(secure.reach(server.url)))
    assert wrong.kind == "connect"
    assert "certificate" in str(wrong)


async def test_the_systems_authorities_are_used_where_none_is_given(secure, ask, failure):
    server = await secure.serve(answer)
    assert (await failure(ask(secure.reach(server.url, ca_file=None)))).kind == "connect"


async def test_a_server_that_never_shakes_hands(secure, ask, failure):
    async def mute(peer: Peer) -> None:
        await peer.hung_up()

    server = await secure.start(RawServer(mute))
    upstream = secure.reach(server.url.replace("http:", "https:"), connect_timeout=0.2)
    assert (await failure(ask(upstream))).kind == "connect"
    await server.all_closed()
    assert upstream.open_connections == 0


async def test_a_server_that_speaks_plain_http(secure, ask, failure):
    async def plain(peer: Peer) -> None:
        await peer.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await peer.hung_up()

    server = await secure.start(RawServer(plain))
    upstream = secure.reach(server.url.replace("http:", "https:"))
    assert (await failure(ask(upstream))).kind == "connect"
    await server.all_closed()


async def test_a_client_certificate_is_shown_where_set(secure, certificates, client_pair, fetch):
    context = certificates.server("127.0.0.1")
    certificates.authority.configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED
    seen = []

    async def script(peer: Peer) -> None:
        seen.append(peer.writer.get_extra_info("peercert"))
        await answer(peer)

    server = await secure.start(RawServer(script, context))
    certificate, key = client_pair
    assert await fetch(secure.reach(server.url, client_cert=certificate, client_key=key)) == b"secret"
    assert seen[0]["subjectAltName"] == (("email", "gateway@example.test"),)


async def test_a_server_that_demands_a_client_certificate_refuses_without(
    secure, certificates, ask, failure, counts
):
    context = certificates.server("127.0.0.1")
    certificates.authority.configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED
    server = await secure.start(RawServer(answer, context))
    upstream = secure.reach(server.url)
    # With TLS 1.3 the refusal arrives only after the client thinks the handshake done.
    assert (await failure(ask(upstream))).kind in {"connect", "reset"}
    assert await counts(upstream) == (0, 0)


@pytest.mark.parametrize(
    ("wrong", "names"),
    [
        ({"ca_file": "/nowhere/ca.pem"}, "ca_file /nowhere/ca.pem"),
        ({"client_cert": "/nowhere/c.pem", "client_key": "/nowhere/k.pem"}, "client_cert /nowhere/c.pem"),
        ({"client_key": "/nowhere/k.pem"}, "without client_cert"),
    ],
)
async def test_files_that_cannot_be_used_are_named(secure, wrong, names):
    with pytest.raises(InvalidInput, match=names):
        secure.adapter(UpstreamSettings("https://127.0.0.1:1", **wrong))
