"""Try again what another commit came before: it is judged anew on what that left."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from tidegate.domain.errors import Conflict

_ATTEMPTS = 5

Done = TypeVar("Done")


class Overtaken(Conflict):
    """Another commit came between read and write; the move may still be right on what it left."""


async def unless_overtaken(attempt: Callable[[], Awaitable[Done]]) -> Done:
    """What the attempt commits, at the fifth try at the latest; raises what it raises."""
    for _ in range(_ATTEMPTS - 1):
        try:
            return await attempt()
        except Overtaken:
            continue
    return await attempt()
