"""Transcripts that come back with sealed calls: ids as the provider gave them, calls at their places."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

import msgspec

from tidegate.domain.errors import InvalidInput
from tidegate.domain.raw_json import encoded, listed
from tidegate.serving.hosted.blocks import Block, block_of
from tidegate.serving.hosted.objects import elements, message, opened
from tidegate.serving.hosted.seal import MARK, SealedCall, SealedRound, original

Open = Callable[[str], tuple[SealedRound, ...] | None]
"""What hangs sealed on an id; None where it is not to be reinstated."""

Answers = Callable[[Sequence[Block]], Awaitable[Sequence[bytes]]]
"""The `tool_result` blocks of the gateway's calls; raises OverLimitError."""


class OverLimitError(Exception):
    """There is no room for what was sealed: it is left out as a whole."""


class _Head(msgspec.Struct):
    type: str | None = ""
    id: str | None = ""
    tool_use_id: str | None = ""

    @property
    def sealed_id(self) -> str:
        """The id where it is a sealed one."""
        return self.id if self.id and MARK in self.id else ""


class _Message(msgspec.Struct):
    role: str = ""
    content: msgspec.Raw = msgspec.Raw(b'""')


_HEAD = msgspec.json.Decoder(_Head)
_MESSAGE = msgspec.json.Decoder(_Message)
_MARK = MARK.encode()


def is_sealed(raw: bytes) -> bool:
    """Whether a body may hold a sealed id; one look at its bytes."""
    return _MARK in raw


def plain_messages(messages: bytes) -> bytes:
    """The transcript without seals: every id as the provider gave it; all else keeps its bytes."""
    return listed([_unmarked(each) if _MARK in each else each for each in elements(messages)])


async def whole_messages(messages: bytes, open_seal: Open, answers: Answers) -> bytes:
    """The transcript with the sealed calls and their results as the model knows them."""
    known = elements(messages)
    out: list[bytes] = []
    extra: Sequence[bytes] = ()
    for place, each in enumerate(known):
        following = known[place + 1] if place + 1 < len(known) else b""
        rounds = _sealed(each, open_seal) if _MARK in each and _answers_of(following) else None
        current = _unmarked(each) if _MARK in each else each
        if extra:
            current = _with_results(current, extra)
            extra = ()
        before: list[bytes] = []
        if rounds is not None:
            with suppress(OverLimitError):
                before, current, extra = await _reinstated(current, rounds, answers)
        out += [*before, current]
    return listed(out)


def sealed_ids(messages: bytes) -> list[str]:
    """Every sealed id of the assistant's calls, in order."""
    marked = (each for each in elements(messages) if _MARK in each)
    return [head.sealed_id for each in marked for _, head in _blocks(each) if head.sealed_id]


def _blocks(raw: bytes) -> list[tuple[bytes, _Head]]:
    """The content blocks of a message that has a list of them; raises InvalidInput for what is no block."""
    content = bytes(_MESSAGE.decode(raw).content)
    if not content.lstrip().startswith(b"["):
        return []
    try:
        return [(block, _HEAD.decode(block)) for block in elements(content)]
    except msgspec.ValidationError as wrong:
        raise InvalidInput(f"messages: a content block has {wrong}, counted from the block as `$`") from wrong


def _unmarked(raw: bytes) -> bytes:
    blocks = _blocks(raw)
    if not blocks:
        return raw
    return encoded({**opened(raw), "content": listed([_restored(block, head) for block, head in blocks])})


def _restored(block: bytes, head: _Head) -> bytes:
    for name, value in (("id", head.id), ("tool_use_id", head.tool_use_id)):
        if value and MARK in value:
            return encoded({**opened(block), name: msgspec.json.encode(original(value))})
    return block


def _sealed(raw: bytes, open_seal: Open) -> tuple[SealedRound, ...] | None:
    """What the message's first sealed call carries."""
    calls = (head.sealed_id for _, head in _blocks(raw) if head.type == "tool_use")
    found = next(filter(None, calls), None)
    return None if found is None else open_seal(found)


def _answers_of(following: bytes) -> bool:
    """Whether the next message brings tool results: without them the provider takes no calls either."""
    return bool(following) and any(head.type == "tool_result" for _, head in _blocks(following))


def _with_results(raw: bytes, results: Sequence[bytes]) -> bytes:
    """The user's message with these results before what it says."""
    return encoded({**opened(raw), "content": listed([*results, *(block for block, _ in _blocks(raw))])})


async def _reinstated(
    raw: bytes, rounds: Sequence[SealedRound], answers: Answers
) -> tuple[list[bytes], bytes, Sequence[bytes]]:
    """The messages of the hidden turns, the assistant's own with its calls, and results for the user's."""
    said = [block for block, _ in _blocks(raw)]
    before: list[bytes] = []
    pending: list[bytes] = []
    for each, share in zip(rounds[:-1], _shares(said, rounds), strict=True):
        pending += share
        if each.calls:
            calls = [block_of(bytes(call.block)) for call in each.calls]
            before.append(message("assistant", [*pending, *(call.raw for call in calls)]))
            before.append(message("user", await answers(calls)))
            pending = []
    shown = sum(map(len, _shares(said, rounds)))
    last = rounds[-1].calls
    content = [*pending, *_interleaved(said[shown:], last)]
    results = await answers([block_of(bytes(call.block)) for call in last])
    return before, encoded({**opened(raw), "content": listed(content)}), results


def _shares(said: Sequence[bytes], rounds: Sequence[SealedRound]) -> list[Sequence[bytes]]:
    """Which blocks belong to which earlier turn; none to any where the client has changed their number."""
    if len(said) != sum(each.shown for each in rounds):
        return [() for _ in rounds[:-1]]
    shares: list[Sequence[bytes]] = []
    start = 0
    for each in rounds[:-1]:
        shares.append(said[start : start + each.shown])
        start += each.shown
    return shares


def _interleaved(said: Sequence[bytes], calls: Sequence[SealedCall]) -> list[bytes]:
    """The gateway's calls among the client's, each after as many of them as in the model's own turn."""
    out: list[bytes] = []
    waiting = list(calls)
    seen = 0
    for block in said:
        if _HEAD.decode(block).type == "tool_use":
            out += [bytes(call.block) for call in waiting if call.before <= seen]
            waiting = [call for call in waiting if call.before > seen]
            seen += 1
        out.append(block)
    return [*out, *(bytes(call.block) for call in waiting)]
