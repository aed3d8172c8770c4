"""Whose request it is."""

import json
import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.serving.exchange_id import ExchangeIds, exchange_id, spread
from tidegate.serving.identity import Identities, Identity, user_part

HASH = "ab" * 32
UUID = "0b1e4c1e-7a5e-4a53-9a3c-0123456789ab"


def identify(**said: str | None) -> Identity:
    return identities().identify(**{**NOTHING, **said})


NOTHING = {
    "tenant": "t",
    "key_id": "k1",
    "user_id": None,
    "unit": None,
    "conversation": None,
    "task": None,
    "opening": "",
}


def identities(*rule: str, secret: bytes = b"s" * 32) -> Identities:
    return Identities(secret, rule or ("metadata", "header", "key"))


@pytest.mark.parametrize(
    ("user_id", "part"),
    [
        ("alice", "alice"),
        (f"user_{HASH}_account_{UUID}_session_{UUID}", f"user_{HASH}"),
        (f"user_{HASH}_account__session_{UUID}", f"user_{HASH}"),
        (f"user_{HASH}_session_{UUID}", f"user_{HASH}_session_{UUID}"),
        (json.dumps({"device_id": "d", "account_uuid": "a", "session_id": UUID}), "a"),
        (json.dumps({"device_id": "d", "account_uuid": "", "session_id": UUID}), "d"),
        ('{"session_id":"x"}', '{"session_id":"x"}'),
        ("{not json", "{not json"),
        ('{"device_id":5}', '{"device_id":5}'),
    ],
)
def test_the_person_is_taken_out_of_a_packed_user_id(user_id: str, part: str) -> None:
    assert user_part(user_id) == part


@pytest.mark.parametrize(
    "user_id",
    [
        f"user_{HASH}_account_{UUID}_session_{UUID}",
        f"user_{HASH}_account__session_{UUID}",
        json.dumps({"device_id": "d", "account_uuid": "a", "session_id": UUID}),
    ],
)
def test_a_packed_session_is_the_conversation_unless_one_is_given(user_id: str) -> None:
    assert identify(user_id=user_id, opening="one").conversation == UUID
    assert (
        identify(user_id=user_id, opening="one").conversation_hash
        == identify(user_id=user_id, opening="two").conversation_hash
    )
    assert identify(user_id=user_id, conversation="mine").conversation == "mine"


@pytest.mark.parametrize(
    "user_id", ["alice", f"user_{HASH}_session_{UUID}", '{"device_id":"d"}', "{not json", '{"session_id":5}']
)
def test_without_a_packed_session_the_conversation_follows_from_its_opening(user_id: str) -> None:
    hashes = {identify(user_id=user_id, opening=opening).conversation_hash for opening in ("one", "two")}
    assert len(hashes) == 2


def test_the_rule_takes_the_first_source_there_is() -> None:
    assert (identify(user_id="m", unit="h").unit, identify(user_id="m", unit="h").source) == ("m", "metadata")
    assert (identify(unit="h").unit, identify(unit="h").source) == ("h", "header")
    assert (identify().unit, identify().source) == ("key:k1", "key")
    by_header = identities("header").identify(**{**NOTHING, "user_id": "m"})
    assert by_header.source == "key"


def test_units_are_hashed_by_tenant_and_secret() -> None:
    hashes = {
        identities().hashed("t", "u"),
        identities().hashed("t2", "u"),
        identities().hashed("t", "u2"),
        identities(secret=b"other").hashed("t", "u"),
    }
    assert len(hashes) == 4
    assert identify(unit="u").unit_hash == identities().hashed("t", "u")


def test_a_conversation_is_given_or_follows_from_its_opening() -> None:
    assert (
        identify(unit="u", opening="hi").conversation_hash
        == identify(unit="u", opening="hi").conversation_hash
    )
    assert (
        identify(unit="u", opening="hi").conversation_hash
        != identify(unit="v", opening="hi").conversation_hash
    )
    given_one = identify(unit="u", opening="hi", conversation="c")
    assert given_one.conversation == "c"
    assert given_one.conversation_hash == identify(unit="v", opening="yo", conversation="c").conversation_hash


def test_a_derived_conversation_is_the_same_under_every_secret_and_only_its_hash_is_not() -> None:
    said = {**NOTHING, "unit": "u", "opening": "hi"}
    one, other = (identities(secret=secret).identify(**said) for secret in (b"one", b"other"))
    assert one.conversation == other.conversation
    assert one.conversation_hash != other.conversation_hash
    assert one.conversation != identify(unit="v", opening="hi").conversation
    assert one.conversation != identify(unit="u", opening="yo").conversation


@given(st.text(max_size=60))
def test_any_user_id_has_a_person(user_id: str) -> None:
    assert user_part(user_id) or not user_id


@given(st.floats(0, 1e10), st.floats(0, 1e10))
def test_ids_sort_by_time(one: float, other: float) -> None:
    first, second = exchange_id(min(one, other)), exchange_id(max(one, other))
    assert len(first) == 36
    assert first[:16] <= second[:16]
    assert 0 <= spread(first) < 1


@pytest.mark.parametrize("make", [exchange_id, ExchangeIds()])
def test_ids_are_unique_and_of_one_shape(make: Callable[[float], str]) -> None:
    ids = {make(1.0) for _ in range(10_000)}
    assert len(ids) == 10_000
    assert all(re.fullmatch("tgx_0000000003e8[0-9a-f]{20}", each) for each in ids)
