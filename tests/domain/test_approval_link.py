"""Links that approve: what comes back is what was sealed, and nothing else is taken."""

import base64

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.domain.approval_link import LONGEST, LinkedApproval, seal, unseal
from tidegate.domain.errors import Forbidden

SECRET = b"s" * 32
APPROVAL = LinkedApproval(
    "contracts", 1, 0, 1_800_000_000.25, "key_1f0c", 1_800_086_400.0, "ana (key_2)", "0f1e2d3c4b5a6978"
)
NOW = 1_800_000_100.0


@given(
    st.builds(LinkedApproval, expires_at=st.just(2e9), asked_at=st.floats(0, 1e10)),
    st.binary(min_size=32, max_size=32),
)
def test_what_was_sealed_comes_back(approval: LinkedApproval, secret: bytes) -> None:
    token = seal(secret, approval)
    assert set(token) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")
    if len(token) <= LONGEST:
        assert unseal(secret, token, NOW) == approval


@given(st.data())
def test_a_token_with_another_character_anywhere_is_refused(data: st.DataObject) -> None:
    token = seal(SECRET, APPROVAL)
    place = data.draw(st.integers(0, len(token) - 2))  # the last one has bits that say nothing
    other = data.draw(st.sampled_from("Aa0-_.").filter(lambda char: char != token[place]))
    if place == token.index(".") - 1:
        return  # so has the last one before the signature
    with pytest.raises(Forbidden, match="not one of this installation's"):
        unseal(SECRET, token[:place] + other + token[place + 1 :], NOW)


@given(st.text(max_size=200))
def test_any_other_text_is_refused(text: str) -> None:
    with pytest.raises(Forbidden):
        unseal(SECRET, text, NOW)


@pytest.mark.parametrize("text", ["", ".", "a.b", "é.é", "=.=", "A" * 5_000, "....", "W10.", ".W10"])
def test_broken_ones_are_refused(text: str) -> None:
    with pytest.raises(Forbidden, match="not one of this installation's"):
        unseal(SECRET, text, NOW)


def test_another_secrets_signature_is_refused() -> None:
    with pytest.raises(Forbidden):
        unseal(b"t" * 32, seal(SECRET, APPROVAL), NOW)


def test_a_claim_that_was_changed_under_the_same_signature_is_refused() -> None:
    claim = msgspec.json.encode(msgspec.structs.replace(APPROVAL, key_id="key_another"))
    forged = base64.urlsafe_b64encode(claim).rstrip(b"=").decode()
    with pytest.raises(Forbidden):
        unseal(SECRET, f"{forged}.{seal(SECRET, APPROVAL).split('.')[1]}", NOW)


def test_it_is_good_until_it_expires() -> None:
    token = seal(SECRET, APPROVAL)
    assert unseal(SECRET, token, APPROVAL.expires_at - 0.001) == APPROVAL
    with pytest.raises(Forbidden, match="expired; promote by `tidegate rollout promote contracts`"):
        unseal(SECRET, token, APPROVAL.expires_at)
