"""The reason that every change carries into its event."""

from tidegate.domain.errors import InvalidInput

_LONGEST = 1000


def require_reason(reason: str) -> str:
    """The reason, trimmed; raises InvalidInput where there is none or it is a document."""
    trimmed = reason.strip()
    if not trimmed:
        raise InvalidInput("a reason is required: say why, it is kept in the history (--reason TEXT)")
    if len(trimmed) > _LONGEST:
        raise InvalidInput(f"the reason has {len(trimmed)} characters; at most {_LONGEST} are kept")
    return trimmed
