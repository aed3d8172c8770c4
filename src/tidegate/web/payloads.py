"""Bodies of the gateway's own endpoints, read at the edge."""

from typing import Literal

import msgspec

from tidegate.domain.errors import InvalidInput

FEEDBACK_LIMIT = 16_384
COMMENT_CHARACTERS = 2_000


class Feedback(msgspec.Struct, forbid_unknown_fields=True):
    """`POST /v1/feedback`: a thumb on an answer, named by the exchange's id or the message's."""

    request_id: str
    vote: Literal["up", "down"]
    comment: str | None = None


_FEEDBACK = msgspec.json.Decoder(Feedback)


def read_feedback(body: bytes) -> Feedback:
    """The vote in a body; raises InvalidInput."""
    try:
        feedback = _FEEDBACK.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidInput(
            f'{error}; send {{"request_id": "tgx_… or msg_…", "vote": "up" or "down", "comment"?: "…"}}'
        ) from error
    if not feedback.request_id.startswith(("tgx_", "msg_")):
        raise InvalidInput(
            "request_id: neither an exchange's id (tgx_…, from `tidegate-request-id`) nor a message's (msg_…)"
        )
    if feedback.comment is not None and len(feedback.comment) > COMMENT_CHARACTERS:
        raise InvalidInput(
            f"comment: {len(feedback.comment)} characters; at most {COMMENT_CHARACTERS} are kept"
        )
    return feedback
