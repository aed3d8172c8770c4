"""Files, batches and skills : only under a credential of the tenant's own, then as they are."""

import pytest
from gateway_parts import SECRET, FakeUpstream, Script, World, key, state

from tidegate.ports import UpstreamFailure
from tidegate.serving.upstreams import Endpoint
from tidegate.web.gateway_api import workspace_route

OTHER = "tgk_client_other"
PATHS = {
    "/v1/files": "files",
    "/v1/files/file_1/content": "files",
    "/v1/messages/batches/b/results": "batches",
    "/v1/skills/s/versions": "skills",
}


def world(*scripts: Script) -> World:
    made = World(upstream=FakeUpstream(list(scripts) or [Script(chunks=(b"theirs",))]))
    made.serve(state(keys=(key(), key(OTHER, tenant="acme"))))
    theirs = ((b"x-api-key", b"theirs"),)
    made.upstreams.put(Endpoint("default", made.upstream, theirs, own=True, tenant="acme"))
    return made


@pytest.mark.parametrize("path", PATHS)
async def test_a_tenant_with_a_credential_of_its_own_is_passed_through_and_counted(path: str) -> None:
    made = world(Script(headers=[(b"content-disposition", b"attachment"), (b"x-secret", b"1")]))
    got = await made.call(b"\x00form", path=f"{path}?limit=2", method="POST", secret=OTHER)
    assert got.status == 200
    assert got.headers["content-disposition"] == "attachment"
    assert "x-secret" not in got.headers
    sent = made.upstream.sent[0]
    assert (sent.method, sent.target, sent.body) == ("POST", f"{path}?limit=2", b"\x00form")
    assert dict(sent.headers)[b"x-api-key"] == b"theirs"
    assert OTHER.encode() not in str(sent.headers).encode()
    assert made.spool.records == []
    assert ("tidegate_requests_total", (PATHS[path], "outside", "ok"), 1.0) in made.meter.moved


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
async def test_everybody_else_is_told_why_not(path: str, method: str) -> None:
    made = world()
    got = await made.call(path=path, method=method, secret=SECRET)
    refused = (403, "permission_error") if PATHS[path] == "skills" else (404, "not_found_error")
    assert (got.status, got.json["error"]["type"]) == refused
    assert "credential of its own" in got.json["error"]["message"]
    assert made.upstream.sent == []


async def test_a_wrong_key_is_refused_first() -> None:
    assert (await world().call(path="/v1/files", method="GET", secret="wrong")).status == 401


@pytest.mark.parametrize("status", [400, 404, 429, 500])
async def test_the_providers_refusal_is_passed_back(status: int) -> None:
    made = world(Script(status=status, chunks=(b'{"type":"error"}',)))
    got = await made.call(path="/v1/files/x", method="GET", secret=OTHER)
    assert (got.status, got.body) == (status, b'{"type":"error"}')


async def test_a_key_that_the_provider_refuses_is_not_taken_for_the_clients() -> None:
    made = world(Script(status=401, chunks=(b'{"error":{"message":"invalid x-api-key: theirs"}}',)))
    got = await made.call(path="/v1/files/x", method="GET", secret=OTHER)
    assert (got.status, got.json["error"]["type"]) == (502, "api_error")
    assert "your tenant's credential" in got.json["error"]["message"]
    assert "your own key is good" in got.json["error"]["message"]
    assert b"theirs" not in got.body


async def test_a_provider_without_an_answer_is_a_502_on_its_route() -> None:
    made = world(Script(head_error=UpstreamFailure("connect", "nobody there")))
    got = await made.call(path="/v1/skills", method="GET", secret=OTHER)
    assert got.status == 502
    assert ("tidegate_requests_total", ("skills", "outside", "upstream_error"), 1.0) in made.meter.moved


@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("/v1/files", "files"),
        ("/v1/filesystem", ""),
        ("/v1/messages", ""),
        ("/v1/files/../messages", ""),
        ("/v1/skills/a/b/c/d", "skills"),
    ],
)
def test_only_paths_of_the_workspace_are_its(path: str, route: str) -> None:
    assert workspace_route(path) == route
