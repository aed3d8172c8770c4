"""What the loop may do for one request, and who answers the gateway's calls."""

from collections.abc import Callable, Sequence
from typing import Protocol

import msgspec

from tidegate.domain.hosted import Limits
from tidegate.serving.hosted.blocks import Block


class Round(msgspec.Struct, frozen=True):
    """One turn whose calls the gateway answered: how many of its blocks the client saw, and the calls."""

    shown: int
    blocks: tuple[Block, ...]


class Desk(Protocol):
    """Answers the calls of the gateway's tools; nothing here raises for what a model asked wrongly."""

    def ours(self, block: Block) -> bool:
        """Whether the block calls one of the gateway's tools."""
        ...

    async def answers(self, calls: Sequence[Block], seconds: float) -> Sequence[bytes]:
        """A `tool_result` block for each call, in their order, all within so many seconds."""
        ...

    def refusals(self, calls: Sequence[Block], limit: str) -> Sequence[bytes]:
        """A `tool_result` block for each call that says which limit kept it from being answered."""
        ...

    def sealed(self, rounds: Sequence[Round]) -> tuple[str, str]:
        """The id of the last round's first client call, and the same with all the gateway's calls sealed in.

        The two are equal where they are too much to be sealed.
        """
        ...


class Plan(msgspec.Struct, frozen=True):
    """Limits, the switch as it stands now, and the desk; None: no tools are offered, but pauses go on.

    `limited`: what the body says of output tokens is the client's limit, not one the translation needed.
    """

    limits: Limits
    allowed: Callable[[], bool]
    desk: Desk | None = None
    limited: bool = True
