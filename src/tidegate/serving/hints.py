"""What a client tells the gateway in headers of its own: whose request it is, and what it wants of skills."""

from typing import Final

import msgspec

from tidegate.serving.client import Call


class Hints(msgspec.Struct, frozen=True):
    """As sent; None, or False, where nothing was said."""

    unit: str | None = None
    conversation: str | None = None
    task: str | None = None
    skills: str | None = None
    warm_up: bool = False


NO_HINTS: Final = Hints()
_UNIT: Final = b"tidegate-unit"
_CONVERSATION: Final = b"tidegate-conversation"
_SESSION: Final = b"x-claude-code-session-id"
_TASK: Final = b"tidegate-task"
_SKILLS: Final = b"tidegate-skills"
_WARM_UP: Final = b"tidegate-warm-up"
_ALL: Final = frozenset({_UNIT, _CONVERSATION, _SESSION, _TASK, _SKILLS, _WARM_UP})


def read_hints(call: Call) -> Hints:
    """The hints of a call; most have none, which is seen at one look."""
    if not call.has_any(_ALL):
        return NO_HINTS
    return Hints(
        unit=call.header(_UNIT),
        conversation=call.header(_CONVERSATION) or call.header(_SESSION),
        task=call.header(_TASK),
        skills=call.header(_SKILLS),
        warm_up=call.header(_WARM_UP) is not None,
    )
