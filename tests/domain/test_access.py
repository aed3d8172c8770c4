"""Which secrets open a key, and until when."""

import msgspec

from tidegate.domain.access import KeyRecord, Role, accepted

KEY = KeyRecord(id="key_1", name="k", role=Role.CLIENT, tenant="a", secret_hash="new", created_at=0.0)


def until(key: KeyRecord) -> dict[str, float | None]:
    return {hashed: opened.expires_at for hashed, opened in accepted(key)}


def test_a_key_is_opened_by_its_secret_for_ever_or_until_it_expires() -> None:
    assert until(KEY) == {"new": None}
    assert until(msgspec.structs.replace(KEY, expires_at=5.0)) == {"new": 5.0}


def test_after_a_rotation_the_old_secret_opens_it_for_the_overlap_and_never_past_its_expiry() -> None:
    rotated = msgspec.structs.replace(KEY, previous_hash="old", previous_until=7.0)
    assert until(rotated) == {"new": None, "old": 7.0}
    assert until(msgspec.structs.replace(rotated, expires_at=5.0)) == {"new": 5.0, "old": 5.0}
    assert until(msgspec.structs.replace(rotated, expires_at=9.0)) == {"new": 9.0, "old": 7.0}
