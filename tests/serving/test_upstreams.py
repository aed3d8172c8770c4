"""Which upstream a model goes to, and what goes along."""

from gateway_parts import FakeUpstream, World, ask
from hypothesis import given
from hypothesis import strategies as st

from tidegate.serving.upstreams import DEFAULT, Claim, Endpoint, Upstreams

ELSE = Endpoint(DEFAULT, FakeUpstream())
LOCAL = Endpoint("local", FakeUpstream(), ((b"x-api-key", b"local-key"),))
WIDE = Endpoint("wide", FakeUpstream())


def test_a_model_goes_to_the_first_upstream_that_claims_it() -> None:
    known = Upstreams(ELSE, [Claim(LOCAL, ("llama-*", "qwen3")), Claim(WIDE, ("llama-4", "q*"))])
    assert known.endpoint("llama-4", "acme") is LOCAL
    assert known.endpoint("qwen3", "acme") is LOCAL
    assert known.endpoint("qwen2", "acme") is WIDE
    assert known.endpoint("claude-opus-4-6", "acme") is ELSE
    assert known.endpoint("my-llama-4", "acme") is ELSE


def test_case_counts_and_a_claim_without_models_claims_nothing() -> None:
    known = Upstreams(ELSE, [Claim(WIDE, ()), Claim(LOCAL, ("Llama",))])
    assert known.endpoint("llama", "acme") is ELSE
    assert known.endpoint("Llama", "acme") is LOCAL


@given(st.lists(st.text(max_size=8), min_size=1, max_size=50))
def test_whatever_clients_call_a_model_the_answer_stays_the_same(models: list[str]) -> None:
    known = Upstreams(ELSE, [Claim(LOCAL, ("a*", "[b]?"))])
    first = [known.endpoint(model, "acme") for model in models]
    assert first == [known.endpoint(model, "acme") for model in models]
    assert all(each is LOCAL for model, each in zip(models, first, strict=True) if model.startswith("a"))


def test_more_names_than_are_remembered_do_no_harm() -> None:
    known = Upstreams(ELSE, [Claim(LOCAL, ("a*",))])
    assert all(known.endpoint(f"a{number}", "acme") is LOCAL for number in range(3000))
    assert known.endpoint("a1", "acme") is LOCAL


async def test_a_request_goes_to_its_models_upstream_with_that_ones_credentials() -> None:
    local = FakeUpstream()
    world = World(claims=[Claim(Endpoint("local", local, ((b"x-api-key", b"local-key"),)), ("llama-*",))])
    got = await world.call({**ask(), "model": "llama-4"})
    assert got.status == 200
    assert not world.upstream.sent
    assert (b"x-api-key", b"local-key") in local.sent[0].headers
    assert (b"x-api-key", b"upstream-key") not in local.sent[0].headers
