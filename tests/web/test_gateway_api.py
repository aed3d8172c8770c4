"""The public API: what passes, what comes back, who may call, what is refused with which words."""

import asyncio

import msgspec
import pytest
from gateway_parts import JSON, MESSAGE, SECRET, Script, World, ask, key, rollout, skill, state, variant

from tidegate.domain.access import Role, hash_secret
from tidegate.domain.chat.errors import messages_error
from tidegate.domain.errors import InvalidInput, StoreUnavailable
from tidegate.domain.exchange import Outcome, Vote
from tidegate.ports import UpstreamFailure

ODD = (
    b' { "model":"claude-sonnet-4-5",\t"max_tokens": 10.0, "x_new":[1, 2],'
    b'"messages":[{"role":"user","content":"h\\u0069"}]}\n'
)


async def test_a_request_without_a_rollout_passes_byte_for_byte() -> None:
    world = World()
    got = await world.call(ODD)
    assert (got.status, got.body) == (200, MESSAGE)
    assert world.upstream.sent[0].body == ODD


async def test_the_query_and_the_headers_the_provider_needs_go_on_and_no_others() -> None:
    world = World()
    headers = {
        "anthropic-beta": "b1",
        "anthropic-future": "f",
        "x-stainless-lang": "python",
        "user-agent": "sdk",
        "authorization": "Bearer other",
        "cookie": "c",
        "connection": "close",
        "tidegate-unit": "u",
        "x-forwarded-for": "1.2.3.4",
    }
    await world.call(path="/v1/messages?beta=true", headers=headers)
    sent = world.upstream.sent[0]
    assert sent.target == "/v1/messages?beta=true"
    assert dict(sent.headers) == {
        b"x-api-key": b"upstream-key",
        b"content-type": b"application/json",
        b"anthropic-version": b"2023-06-01",
        b"anthropic-beta": b"b1",
        b"anthropic-future": b"f",
        b"x-stainless-lang": b"python",
        b"user-agent": b"sdk",
    }


async def test_the_headers_a_client_acts_on_come_back() -> None:
    world = World()
    world.upstream.scripts = [
        Script(
            429,
            [
                *JSON,
                (b"Retry-After", b"7"),
                (b"x-should-retry", b"true"),
                (b"anthropic-ratelimit-requests-remaining", b"0"),
                (b"anthropic-organization-id", b"org"),
                (b"set-cookie", b"c"),
                (b"transfer-encoding", b"chunked"),
            ],
            [b'{"type":"error"}'],
        )
    ]
    got = await world.call()
    assert (got.status, got.body) == (429, b'{"type":"error"}')
    ours = got.headers.pop("tidegate-request-id")
    assert got.headers == {
        "content-type": "application/json",
        "request-id": "req_1",
        "retry-after": "7",
        "x-should-retry": "true",
        "anthropic-ratelimit-requests-remaining": "0",
        "content-length": "16",
    }
    record = world.spool.records[0]
    assert (record.id, record.outcome, record.status, record.attempts) == (
        ours,
        Outcome.UPSTREAM_ERROR,
        429,
        1,
    )


async def test_own_headers_say_what_was_served_and_can_be_turned_off() -> None:
    contracts = skill("contracts", match=("contract",))
    routing = state(rollout(variant(contracts)), versions=[contracts])
    world = World()
    world.serve(routing)
    got = await world.call(ask("a contract"))
    own = {name: value for name, value in got.headers.items() if name.startswith("tidegate-")}
    assert own.pop("tidegate-request-id") == world.spool.records[0].id
    assert own == {"tidegate-rollout": "try", "tidegate-arm": "candidate", "tidegate-skills": "contracts@1"}
    world.upstream.scripts = [Script(head_error=UpstreamFailure("reset", "cut"))]
    got = await world.call(ask("a contract"))
    assert (got.status, "tidegate-skills" in got.headers) == (502, False)
    silent = World(settings={"identify": False})
    silent.serve(routing)
    got = await silent.call(ask("a contract"))
    assert not [name for name in got.headers if name.startswith("tidegate")]


# ---- who may call


@pytest.mark.parametrize(
    ("secret", "headers", "status", "kind"),
    [
        (None, {}, 401, "authentication_error"),
        ("wrong", {}, 401, "authentication_error"),
        ("revoked", {}, 401, "authentication_error"),
        ("viewer", {}, 403, "permission_error"),
        (None, {"authorization": f"Basic {SECRET}"}, 401, "authentication_error"),
        (None, {"authorization": "Bearer "}, 401, "authentication_error"),
        (SECRET, {}, 200, None),
        (None, {"authorization": f"Bearer {SECRET}"}, 200, None),
        (None, {"authorization": f"bearer {SECRET}"}, 200, None),
    ],
)
@pytest.mark.parametrize("path", ["/v1/messages", "/v1/messages/count_tokens"])
async def test_only_a_good_client_key_may_call(
    path: str, secret: str | None, headers: dict[str, str], status: int, kind: str | None
) -> None:
    world = World()
    keys = (key(), key("revoked", revoked_at=1.0), key("viewer", role=Role.VIEWER))
    world.serve(state(keys=keys))
    got = await world.call(secret=secret, headers=headers, path=path)
    assert got.status == status
    assert (got.json["error"]["type"] if kind else None) == kind
    assert len(world.upstream.sent) == (status == 200)


@pytest.mark.parametrize(("path", "method"), [("/v1/models", "GET"), ("/v1/feedback", "POST")])
async def test_the_other_endpoints_want_a_key_too(path: str, method: str) -> None:
    got = await World().call(path=path, method=method, secret="wrong")
    assert got.status == 401


# ---- refusals


@pytest.mark.parametrize(
    ("path", "headers", "chat"),
    [
        ("/v1/embeddings", {"authorization": f"Bearer {SECRET}"}, True),
        ("/v1/embeddings", {"x-api-key": SECRET, "anthropic-version": "2023-06-01"}, True),
        ("/v1/responses", {}, True),
        ("/v1/what", {"authorization": f"Bearer {SECRET}"}, True),
        ("/v1/what", {"authorization": f"Bearer {SECRET}", "anthropic-version": "2023-06-01"}, False),
        ("/v1/what", {"authorization": f"Bearer {SECRET}", "x-api-key": SECRET}, False),
        ("/v1/what", {"x-api-key": SECRET}, False),
        ("/v1/what", {}, False),
    ],
)
async def test_an_unknown_path_is_told_in_the_dialect_of_who_asks(
    path: str, headers: dict[str, str], chat: bool
) -> None:
    world = World()
    got = await world.call(b"{}", path=path, secret=None, headers={"anthropic-version": "", **headers})
    assert got.status == 404
    assert f"POST {path}: not served here" in got.json["error"]["message"]
    assert set(got.json) == ({"error"} if chat else {"type", "error", "request_id"})
    assert ("x-request-id" if chat else "request-id") in got.headers
    assert ("tidegate_requests_total", ("other", "outside", "client_error"), 1.0) in world.meter.moved


@pytest.mark.parametrize(("path", "status"), [("/v1/files", 404), ("/v1/models", 401)])
async def test_refusals_on_paths_of_both_apis_are_told_in_the_dialect_of_who_asks(
    path: str, status: int
) -> None:
    secret = "wrong" if status == 401 else SECRET
    headers = {"authorization": f"Bearer {secret}", "anthropic-version": ""}
    got = await World().call(path=path, method="GET", secret=None, headers=headers)
    assert (got.status, set(got.json)) == (status, {"error"})


@pytest.mark.parametrize(
    ("path", "method", "secret", "status", "route"),
    [
        ("/v1/messages", "POST", "wrong", 401, "messages"),
        ("/v1/messages", "POST", "viewer", 403, "messages"),
        ("/v1/messages/count_tokens", "POST", None, 401, "count_tokens"),
        ("/v1/messages", "GET", SECRET, 405, "messages"),
        ("/v1/models", "POST", SECRET, 405, "models"),
        ("/v1/models/m", "GET", "wrong", 401, "models"),
        ("/v1/feedback", "GET", SECRET, 405, "feedback"),
        ("/v1/feedback", "POST", "wrong", 401, "feedback"),
        ("/v1/files", "POST", SECRET, 404, "files"),
        ("/v1/models/a/b", "GET", SECRET, 404, "other"),
    ],
)
async def test_a_refused_call_is_counted_and_has_an_id_though_it_is_no_exchange(
    path: str, method: str, secret: str | None, status: int, route: str
) -> None:
    world = World()
    world.serve(state(keys=(key(), key("viewer", role=Role.VIEWER))))
    got = await world.call(path=path, method=method, secret=secret)
    assert (got.status, world.spool.records) == (status, [])
    assert world.meter.moved == [("tidegate_requests_total", (route, "outside", "client_error"), 1.0)]
    assert got.json["request_id"].startswith("tgx_")
    assert got.headers["request-id"] == got.headers["tidegate-request-id"] == got.json["request_id"]
    assert ("allow" in got.headers) == (status == 405)


@pytest.mark.parametrize(
    ("script", "outcome"),
    [
        (Script(), "ok"),
        (Script(404), "client_error"),
        (Script(500), "upstream_error"),
        (Script(head_error=UpstreamFailure("timeout", "late")), "upstream_timeout"),
        (Script(head_error=UpstreamFailure("connect", "no")), "upstream_error"),
    ],
)
async def test_a_look_at_the_models_is_counted_by_what_came_of_it(script: Script, outcome: str) -> None:
    world = World()
    world.upstream.scripts = [script]
    await world.call(path="/v1/models", method="GET")
    assert world.meter.moved == [("tidegate_requests_total", ("models", "outside", outcome), 1.0)]


async def test_an_error_of_the_gateways_own_in_an_exchange_has_the_exchanges_id() -> None:
    for identify in (True, False):
        world = World(settings={"identify": identify})
        got = await world.call(b"{")
        assert got.headers["request-id"] == world.spool.records[0].id == got.json["request_id"]
        assert ("tidegate-request-id" in got.headers) == identify


@pytest.mark.parametrize(
    ("body", "status", "kind", "words"),
    [
        (b"{", 400, "invalid_request_error", "not JSON"),
        (b'{"model":"m","model":"n"}', 400, "invalid_request_error", "more than once"),
        (b'{"model":"m","messages":5}', 400, "invalid_request_error", "messages: Expected `array`"),
        (b"x" * 2001, 413, "request_too_large", "larger than 2000 bytes"),
    ],
)
async def test_a_bad_body_is_refused_in_the_apis_shape_and_on_record(
    body: bytes, status: int, kind: str, words: str
) -> None:
    world = World(settings={"body_limit": 2000})
    got = await world.call(body)
    assert (got.status, got.json["type"], got.json["error"]["type"]) == (status, "error", kind)
    assert words in got.json["error"]["message"]
    record = world.spool.records[0]
    assert got.json["request_id"] == record.id
    assert (record.outcome, record.status, record.attempts) == (Outcome.CLIENT_ERROR, status, 0)
    assert not world.upstream.sent


async def test_an_announced_length_is_refused_before_reading() -> None:
    got = await World().call(headers={"content-length": "32000001"})
    assert (got.status, got.headers["connection"]) == (413, "close")


async def test_too_much_at_once_is_refused_with_when_to_come_back() -> None:
    world = World(settings={"concurrency": 1})
    world.upstream.scripts = [Script(hang=True)]
    leave = asyncio.Event()
    first = asyncio.create_task(world.call(leave=leave))
    while not world.upstream.sent:
        await asyncio.sleep(0)
    got = await world.call()
    assert (got.status, got.headers["retry-after"]) == (529, "1")
    assert got.json["error"]["type"] == "overloaded_error"
    leave.set()
    await first
    assert world.gateway.open_exchanges == 0


@pytest.mark.parametrize(
    "path",
    ["/v1/files", "/v1/messages/batches", "/v1/messages/", "/v1/complete", "/v1/models/a/b"],
)
async def test_what_belongs_to_the_providers_workspace_is_not_here(path: str) -> None:
    got = await World().call(path=path)
    assert (got.status, got.json["error"]["type"]) == (404, "not_found_error")
    assert path in got.json["error"]["message"]


@pytest.mark.parametrize(
    ("path", "method", "allowed"),
    [
        ("/v1/messages", "GET", "POST"),
        ("/v1/messages/count_tokens", "PUT", "POST"),
        ("/v1/models", "POST", "GET"),
        ("/v1/feedback", "GET", "POST"),
    ],
)
async def test_a_wrong_method_says_the_right_one(path: str, method: str, allowed: str) -> None:
    got = await World().call(path=path, method=method)
    assert (got.status, got.headers["allow"]) == (405, allowed)


async def test_a_fault_of_the_gateways_own_is_answered_recorded_and_raised() -> None:
    world = World()
    world.upstream.scripts = [Script(chunks=[ZeroDivisionError("bug")])]
    answered: list[bytes] = []
    with pytest.raises(ZeroDivisionError):
        await world.call(on_piece=answered.append)
    assert b"api_error" in answered[0]
    assert (world.spool.records[0].outcome, world.spool.records[0].status) == (Outcome.UPSTREAM_ERROR, 500)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "invalid_request_error"),
        (401, "authentication_error"),
        (403, "permission_error"),
        (404, "not_found_error"),
        (413, "request_too_large"),
        (429, "rate_limit_error"),
        (402, "billing_error"),
        (500, "api_error"),
        (502, "api_error"),
        (503, "api_error"),
        (504, "timeout_error"),
        (529, "overloaded_error"),
    ],
)
def test_every_status_has_the_apis_type(status: int, kind: str) -> None:
    body = msgspec.json.decode(messages_error(status, "m", "tgx_1"))
    assert body == {"type": "error", "error": {"type": kind, "message": "m"}, "request_id": "tgx_1"}


# ---- the other endpoints


async def test_counting_tokens_composes_like_the_request_and_leaves_nothing() -> None:
    contracts = skill("contracts", match=("contract",))
    world = World()
    world.serve(state(rollout(variant(contracts)), versions=[contracts]))
    world.upstream.scripts = [Script(chunks=[b'{"input_tokens":7}'])]
    got = await world.call(ask("a contract"), path="/v1/messages/count_tokens")
    assert (got.status, got.json) == (200, {"input_tokens": 7})
    assert world.upstream.sent[0].target == "/v1/messages/count_tokens"
    assert b'<skill name=\\"contracts\\"' in world.upstream.sent[0].body
    assert (world.spool.records, world.spool.amends) == ([], [])
    assert world.meter.moved == [("tidegate_requests_total", ("count_tokens", "candidate", "ok"), 1.0)]


async def test_models_pass_through() -> None:
    world = World()
    world.upstream.scripts = [Script(chunks=[b'{"data":[]}'])]
    got = await world.call(path="/v1/models?limit=5", method="GET")
    assert (got.status, got.body) == (200, b'{"data":[]}')
    assert (world.upstream.sent[0].method, world.upstream.sent[0].target) == ("GET", "/v1/models?limit=5")
    assert (world.spool.records, world.upstream.open) == ([], 0)
    world.upstream.scripts = [Script(head_error=UpstreamFailure("connect", "refused"))]
    got = await world.call(path="/v1/models/claude", method="GET")
    assert (got.status, got.json["error"]["type"]) == (502, "api_error")


async def test_a_vote_is_kept_for_the_keys_tenant() -> None:
    world = World()
    world.serve(state(keys=(key(tenant="acme"),)))
    got = await world.call({"request_id": "msg_1", "vote": "up", "comment": "good"}, path="/v1/feedback")
    assert (got.status, got.json) == (200, {"status": "counted"})
    vote = world.ledger.votes[0]
    assert (vote.request_id, vote.vote, vote.comment, vote.tenant) == ("msg_1", "up", "good", "acme")
    assert world.meter.moved == [
        ("tidegate_feedback_total", ("up", "counted"), 1.0),
        ("tidegate_requests_total", ("feedback", "outside", "ok"), 1.0),
    ]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "request_id"),
        ({"request_id": "msg_1"}, "vote"),
        ({"request_id": "msg_1", "vote": "meh"}, "vote"),
        ({"request_id": 5, "vote": "up"}, "request_id"),
        ({"request_id": "abc", "vote": "up"}, "tgx_"),
        ({"request_id": "msg_1", "vote": "up", "comment": "x" * 2001}, "2001"),
        ({"request_id": "msg_1", "vote": "up", "stars": 5}, "stars"),
        ({"request_id": "msg_1\0", "vote": "up"}, "request_id: U+0000 at character 5"),
        ({"request_id": "msg_1\n", "vote": "up"}, "request_id: U+000A"),
        ({"request_id": "msg_1", "vote": "up", "comment": "a\0b"}, "comment: U+0000 at character 1"),
        ({"request_id": "msg_1", "vote": "up", "comment": "\x9b"}, "comment: U+009B"),
    ],
)
async def test_a_bad_vote_is_refused(body: bytes | dict[str, object], words: str) -> None:
    world = World()
    got = await world.call(body, path="/v1/feedback")
    assert (got.status, got.json["error"]["type"]) == (400, "invalid_request_error")
    assert words in got.json["error"]["message"]
    assert not world.ledger.votes


async def test_lines_and_tabs_of_a_comment_are_kept() -> None:
    world = World()
    await world.call(
        {"request_id": "msg_1", "vote": "up", "comment": "good:\r\n\tall of it"}, path="/v1/feedback"
    )
    assert world.ledger.votes[0].comment == "good:\r\n\tall of it"


@pytest.mark.parametrize(
    ("failure", "status"),
    [(StoreUnavailable("postgresql://db.internal"), 503), (InvalidInput("db.internal"), 400)],
)
async def test_a_store_that_fails_tells_a_voter_nothing_about_itself(
    monkeypatch: pytest.MonkeyPatch, failure: Exception, status: int
) -> None:
    world = World()

    async def fail(vote: Vote) -> str:
        raise failure

    monkeypatch.setattr(world.ledger, "vote", fail)
    got = await world.call({"request_id": "msg_1", "vote": "up"}, path="/v1/feedback")
    assert got.status == status
    assert "the vote was not kept" in got.json["error"]["message"]
    assert "db.internal" not in got.body.decode()


async def test_a_secret_is_taken_until_it_expires_or_its_overlap_ends() -> None:
    world = World()
    now = world.clock.now()
    rotated = key(expires_at=now + 100, previous_hash=hash_secret("old"), previous_until=now + 50)
    world.serve(state(keys=(rotated,)))

    async def statuses() -> list[int]:
        return [(await world.call(secret=each)).status for each in (SECRET, "old")]

    assert await statuses() == [200, 200]
    world.clock.advance(60)
    assert await statuses() == [200, 401]
    world.clock.advance(60)
    assert await statuses() == [401, 401]
