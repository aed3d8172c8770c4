"""The reason that every change carries into its event."""

import re

from tidegate.domain.errors import InvalidInput

_LONGEST = 1000
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
"""Control characters but tab and line feed, and halves of characters: stores and terminals choke on them."""


def require_reason(reason: str) -> str:
    """The reason, trimmed; raises InvalidInput where there is none or it is a document."""
    trimmed = reason.strip()
    if not trimmed:
        raise InvalidInput("a reason is required: say why, it is kept in the history (--reason TEXT)")
    if len(trimmed) > _LONGEST:
        raise InvalidInput(f"the reason has {len(trimmed)} characters; at most {_LONGEST} are kept")
    if _UNPRINTABLE.search(trimmed):
        raise InvalidInput(
            f"the reason {trimmed!r} holds control characters or broken Unicode; use plain text"
        )
    return trimmed
