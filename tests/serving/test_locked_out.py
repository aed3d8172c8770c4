"""A key of the gateway's that an upstream refuses: the client is told whose it is, and it is on record."""

import msgspec
import pytest
from gateway_parts import JSON, SECRET, FakeUpstream, Script, World, ask, key, rollout, skill, state, variant

from tidegate.domain.exchange import Outcome
from tidegate.serving.chains import Chains, Hop
from tidegate.serving.upstreams import Claim, Endpoint

KEY = ((b"x-api-key", b"sk-hush"),)
SAID = msgspec.json.encode(
    {"type": "error", "error": {"type": "authentication_error", "message": "invalid x-api-key sk-hush"}}
)
NO_MODEL = msgspec.json.encode(
    {"type": "error", "error": {"type": "permission_error", "message": "sk-hush may not use this model"}}
)


class Told:
    """Stands for the keyring."""

    def __init__(self, hint: float | None) -> None:
        self.hint = hint
        self.calls: list[tuple[str, int]] = []

    def __call__(self, endpoint: Endpoint, status: int) -> float | None:
        self.calls.append((endpoint.name, status))
        return self.hint


def world(
    *scripts: Script, hint: float | None = None, own: bool = False, **more: object
) -> tuple[World, Told]:
    made, told = World(upstream=FakeUpstream(list(scripts)), **more), Told(hint)
    tenant = "default" if own else ""
    made.upstreams.put(Endpoint("default", made.upstream, KEY, own=own, tenant=tenant, on_refused=told))
    return made, told


@pytest.mark.parametrize("own", [False, True])
@pytest.mark.parametrize(("status", "said"), [(401, SAID), (403, NO_MODEL), (401, b"<html>"), (403, b"\xff")])
async def test_the_client_learns_that_its_own_key_is_good(status: int, said: bytes, own: bool) -> None:
    made, told = world(Script(status, JSON, [said]), own=own)
    got = await made.call()
    assert (got.status, got.json["error"]["type"]) == (502, "api_error")
    message = got.json["error"]["message"]
    assert (
        f"the upstream 'default' refused {'your tenant' if own else 'this gateway'}'s credential" in message
    )
    assert f"HTTP {status}" in message
    assert "your own key is good" in message
    assert "hush" not in got.body.decode()
    assert ("may not use this model" in message) == (said is NO_MODEL)
    assert got.headers["x-should-retry"] == "false"
    assert "retry-after" not in got.headers
    assert got.headers["request-id"] == got.json["request_id"]
    line = made.spool.records[-1]
    assert (line.outcome, line.status, line.attempts) == (Outcome.UPSTREAM_ERROR, 502, 1)
    assert told.calls == [("default", status)]
    assert len(made.upstream.sent) == 1


async def test_where_a_new_key_is_on_its_way_the_client_is_asked_back() -> None:
    made, _ = world(Script(401, JSON, [SAID]), hint=1.0)
    got = await made.call()
    assert (got.headers["retry-after"], got.headers["x-should-retry"]) == ("1", "true")
    assert "try again in a moment" in got.json["error"]["message"]


async def test_chat_completions_are_told_in_their_own_shape() -> None:
    made, _ = world(Script(401, JSON, [SAID]))
    got = await made.call(ask(), path="/v1/chat/completions")
    assert got.status == 502
    assert set(got.json) == {"error"}
    assert "your own key is good" in got.json["error"]["message"]


@pytest.mark.parametrize("path", ["/v1/messages/count_tokens", "/v1/models"])
async def test_calls_that_are_no_exchange_are_told_the_same(path: str) -> None:
    made, told = world(Script(401, JSON, [SAID]))
    got = await made.call(path=path, method="GET" if path == "/v1/models" else "POST")
    assert got.status == 502
    assert "your own key is good" in got.json["error"]["message"]
    assert told.calls == [("default", 401)]
    assert made.spool.records == []


async def test_another_provider_is_asked_where_the_key_of_the_first_is_refused() -> None:
    chains = Chains({"*": (Hop("gpt-9", "other"),)})
    other = FakeUpstream()
    made, _ = world(
        Script(401, JSON, [SAID]),
        claims=[Claim(Endpoint("other", other, KEY), ("gpt-*",))],
        settings={"chains": chains},
    )
    got = await made.call()
    assert (got.status, len(other.sent)) == (200, 1)
    assert made.spool.records[-1].fallback == "upstream_status"


async def test_a_provider_that_has_no_key_for_the_tenant_is_passed_over_in_the_chain() -> None:
    chains = Chains({"*": (Hop("gpt-9", "other"), Hop("gpt-9", "third"))})
    other, third = FakeUpstream(), FakeUpstream()
    claims = [Claim(Endpoint(name, up, KEY), (name,)) for name, up in (("other", other), ("third", third))]
    made, _ = world(Script(401, JSON, [SAID]), claims=claims, settings={"chains": chains})
    made.upstreams.put(Endpoint("other", other, own=True, tenant="default", locked=True))
    assert (await made.call()).status == 200
    assert (len(other.sent), len(third.sent)) == (0, 1)


async def test_a_tenant_whose_key_cannot_be_read_gets_a_503_and_no_others_key() -> None:
    made = World()
    made.serve(state(keys=(key(), key("tgk_other", tenant="acme"))))
    made.upstreams.put(Endpoint("default", made.upstream, own=True, tenant="acme", locked=True))
    got = await made.call(secret="tgk_other")
    assert (got.status, got.headers["retry-after"], got.headers["x-should-retry"]) == (503, "5", "true")
    assert "your own key is good" in got.json["error"]["message"]
    assert made.upstream.sent == []
    assert made.spool.records[-1].status == 503
    assert (await made.call(secret=SECRET)).status == 200


async def test_a_tenant_without_any_key_gets_a_403_that_says_so() -> None:
    made = World()
    made.upstreams.put(Endpoint("default", made.upstream, locked=True))
    got = await made.call()
    assert (got.status, got.json["error"]["type"]) == (403, "permission_error")
    assert "your key is good, but your tenant has no credential" in got.json["error"]["message"]
    assert made.upstream.sent == []


async def test_a_candidate_whose_provider_has_no_key_falls_back_to_the_clients_own_model() -> None:
    one, other = skill("one", match=("hello",)), FakeUpstream()
    made = World(claims=[Claim(Endpoint("other", other, locked=True), ("gpt-*",))])
    made.serve(state(rollout(variant(one, model="gpt-9")), versions=[one]))
    got = await made.call()
    assert (got.status, got.headers["tidegate-fallback"]) == (200, "upstream_credential")
    assert (len(made.upstream.sent), other.sent) == (1, [])
    line = made.spool.records[-1]
    assert (line.outcome, line.skill_outcome) == (Outcome.OK, Outcome.UPSTREAM_ERROR)
