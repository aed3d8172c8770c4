"""Bodies of the gateway's own endpoints, read at the edge."""

import re
from typing import Literal

import msgspec

from tidegate.domain.errors import InvalidInput

FEEDBACK_LIMIT = 16_384
COMMENT_CHARACTERS = 2_000
_ID_PREFIXES = ("tgx_", "msg_", "chatcmpl-")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_CONTROL_IN_TEXT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
"""Line ends and tabs are text."""


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
            f'{error}; send {{"request_id": "tgx_…, msg_… or chatcmpl-…", "vote": "up" or "down", '
            '"comment"?: "…"}'
        ) from error
    if not feedback.request_id.startswith(_ID_PREFIXES):
        raise InvalidInput(
            "request_id: no id of an exchange (tgx_…, from `tidegate-request-id`), a message (msg_…) "
            "or a chat completion (chatcmpl-…)"
        )
    _refuse_controls("request_id", _CONTROL.search(feedback.request_id))
    _refuse_controls("comment", _CONTROL_IN_TEXT.search(feedback.comment or ""))
    if feedback.comment is not None and len(feedback.comment) > COMMENT_CHARACTERS:
        raise InvalidInput(
            f"comment: {len(feedback.comment)} characters; at most {COMMENT_CHARACTERS} are kept"
        )
    return feedback


def _refuse_controls(field: str, found: re.Match[str] | None) -> None:
    if found is not None:
        code, place = ord(found[0]), found.start()
        raise InvalidInput(f"{field}: U+{code:04X} at character {place} is a control character; leave it out")
