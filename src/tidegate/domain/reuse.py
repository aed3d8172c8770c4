"""An answer that is kept to be given again, and which answers may be."""

import msgspec

ENDED_WELL = frozenset({"end_turn", "stop_sequence", "max_tokens"})
"""Stop reasons of an answer that is whole. A refusal, a pause or a tool call is part of something larger."""

HIT, SHARED, MISS, BYPASS = "hit", "shared", "miss", "bypass"
"""What a look-up came to: kept from before; answered together with an equal request in progress; asked of the
provider; not looked up, since such a request's answer is never kept."""


class CachedAnswer(msgspec.Struct, frozen=True, array_like=True):
    """One answer: the Messages API's `message` as JSON, whichever way it came; times in epoch seconds."""

    tenant: str
    model: str
    message: bytes
    expires_at: float
