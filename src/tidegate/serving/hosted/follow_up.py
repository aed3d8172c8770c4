"""The request of a further turn: the one before, with what the assistant said and what its calls gave."""

from collections.abc import Sequence

import msgspec

from tidegate.domain.raw_json import encoded
from tidegate.serving.hosted.blocks import Block
from tidegate.serving.hosted.objects import message, opened


class Allowance(msgspec.Struct, frozen=True):
    """Output tokens that the client allows: `tokens` in all, `thinking` of them set apart in each turn.

    `tokens` is None where it has set no limit.
    """

    tokens: int | None
    thinking: int

    def left(self, used: int) -> int | None:
        """What another turn may still use; the API takes no `max_tokens` within the thinking budget."""
        return None if self.tokens is None else self.tokens - used - self.thinking

    def unused(self, used: int) -> int | None:
        """The next turn's `max_tokens`; None: as in the turn before."""
        return None if self.tokens is None else self.tokens - used


UNLIMITED = Allowance(None, 0)


class _Thinking(msgspec.Struct):
    budget_tokens: int = 0


class _Allowing(msgspec.Struct):
    max_tokens: int
    thinking: _Thinking | None = None


def allowance(body: bytes) -> Allowance:
    """What a request allows; a body that says it in another way allows nothing more."""
    try:
        said = msgspec.json.decode(body, type=_Allowing)
    except msgspec.ValidationError:
        return Allowance(0, 0)
    return Allowance(said.max_tokens, said.thinking.budget_tokens if said.thinking else 0)


def follow_up(
    body: bytes,
    said: Sequence[Block],
    results: Sequence[bytes],
    *,
    max_tokens: int | None,
    container: str | None,
) -> bytes:
    """The next request: `said` verbatim, then the results as the user's turn where there are any.

    Everything before keeps its bytes, so a provider's cache finds its prefix. Without `max_tokens` the body's
    own stays. `container` is the one that the provider answered from: a paused turn goes on in it.
    """
    top = opened(body)
    messages = [bytes(top["messages"]).strip()[1:-1].strip()]
    messages.append(message("assistant", [block.raw for block in said if not block.empty]))
    if results:
        messages.append(message("user", results))
    top["messages"] = b"[%s]" % b",".join(messages)
    if max_tokens is not None:
        top["max_tokens"] = b"%d" % max_tokens
    if container is not None:
        top["container"] = _in_container(bytes(top.get("container", b"null")), container)
    return encoded(top)


def _in_container(asked: bytes, container: str) -> bytes:
    """The container to go on in, with the skills that were asked for in it."""
    if not asked.lstrip().startswith(b"{"):
        return msgspec.json.encode(container)
    return encoded({**opened(asked), "id": msgspec.json.encode(container)})
