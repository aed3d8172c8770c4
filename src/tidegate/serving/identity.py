"""Who a request belongs to: its unit, its conversation and its task, read by a configurable rule."""

import re
from collections.abc import Sequence
from hashlib import blake2b

import msgspec

_PACKED = re.compile(r"(user_.+)_account_[0-9a-fA-F-]*_session_([0-9a-fA-F-]+)")
"""How Claude Code packs a session into `metadata.user_id`: one of its two formats, the other is JSON."""


class _PackedJson(msgspec.Struct):
    account_uuid: str = ""
    account_id: str = ""
    account: str = ""
    device_id: str = ""
    device: str = ""
    session_id: str = ""

    @property
    def person(self) -> str:
        return self.account_uuid or self.account_id or self.account or self.device_id or self.device


_PACKED_JSON = msgspec.json.Decoder(_PackedJson)


class Identity(msgspec.Struct, frozen=True):
    """`unit` and `conversation` as named by the caller, or what stands for the name, alike on every replica
    and under every secret; only their hashes are stored. `source` of the unit: `metadata`, `header` or `key`.
    """

    unit: str
    source: str
    unit_hash: str
    conversation: str
    conversation_hash: str
    task: str


class Identities:
    """Reads identities by one rule, hashing under one secret."""

    def __init__(self, secret: bytes, rule: Sequence[str]) -> None:
        self._keyed = blake2b(digest_size=16, key=secret[:64])
        self._rule = tuple(rule)

    def identify(
        self,
        *,
        tenant: str,
        key_id: str,
        user_id: str | None,
        unit: str | None,
        conversation: str | None,
        task: str | None,
        opening: str,
    ) -> Identity:
        """The identity from what the request says; `opening` is the transcript's first user text.

        A conversation that nobody names is the session packed into `user_id`, else follows from its opening.
        """
        found = {"metadata": user_part(user_id) if user_id else "", "header": unit or ""}
        source = next((place for place in self._rule if found.get(place)), "key")
        name = found.get(source) or f"key:{key_id}"
        conversation = conversation or session_part(user_id)
        talk = f"given:{conversation}" if conversation else f"derived:{name}:{opening}"
        talk_hash = self.hashed(tenant, talk)
        return Identity(
            unit=name,
            source=source,
            unit_hash=self.hashed(tenant, name),
            conversation=conversation or talk,
            conversation_hash=talk_hash,
            task=task or "",
        )

    def hashed(self, tenant: str, name: str) -> str:
        """32 hex digits for a unit or conversation of a tenant: blake2b-128 under the secret."""
        text = f"{len(tenant)}:{tenant}:{name}".encode("utf-8", "surrogatepass")
        digest = self._keyed.copy()
        digest.update(text)
        return digest.hexdigest()


def user_part(user_id: str) -> str:
    """The person in a `metadata.user_id` that may have a session packed into it; else the id as it is."""
    if user_id.startswith("user_") and (packed := _PACKED.fullmatch(user_id)):
        return packed[1]
    if user_id.startswith("{"):
        packed_json = _unpacked(user_id)
        return (packed_json.person if packed_json else "") or user_id
    return user_id


def session_part(user_id: str | None) -> str | None:
    """The session that is packed into a `metadata.user_id`, None where none is."""
    if not user_id:
        return None
    if user_id.startswith("user_") and (packed := _PACKED.fullmatch(user_id)):
        return packed[2]
    if user_id.startswith("{") and (packed_json := _unpacked(user_id)):
        return packed_json.session_id or None
    return None


def _unpacked(user_id: str) -> _PackedJson | None:
    try:
        return _PACKED_JSON.decode(user_id)
    except msgspec.DecodeError:
        return None
