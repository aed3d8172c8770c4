"""An answer as the API writes it: one JSON message, or the events of a stream in their true order.

Order of a stream (API reference, "Streaming Messages"): message_start, then for each block
content_block_start (a ping after the first), content_block_delta …, content_block_stop; then message_delta
with cumulative usage, and message_stop.
"""

from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from tidegate.harness.emulator.answer import Answer, BlockOut, TextOut, ThinkingOut, ToolUseOut
from tidegate.harness.emulator.code_execution import BashResultOut, ServerToolUseOut, ViewResultOut
from tidegate.harness.emulator.containers import ContainerOut
from tidegate.harness.emulator.prefix_cache import CacheUse

DELTA_CHARACTERS = 24
DELTA_TOKENS = DELTA_CHARACTERS / 4

_encode = msgspec.json.encode


class CacheCreation(msgspec.Struct, frozen=True):
    """Tokens written to the prompt cache, by lifetime."""

    ephemeral_5m_input_tokens: int
    ephemeral_1h_input_tokens: int


class ServerToolUsage(msgspec.Struct, frozen=True):
    """Server tools that are billed by the call; code execution is not among them."""

    web_search_requests: int = 0
    web_fetch_requests: int = 0


class UsageOut(msgspec.Struct, frozen=True):
    """Billed tokens; `input_tokens` excludes cache reads and writes."""

    input_tokens: int
    cache_creation_input_tokens: int
    cache_read_input_tokens: int
    cache_creation: CacheCreation
    output_tokens: int
    service_tier: str = "standard"
    server_tool_use: ServerToolUsage | msgspec.UnsetType = msgspec.UNSET


class MessageOut(msgspec.Struct, frozen=True, tag="message", tag_field="type"):
    """The message of the API."""

    model: str
    id: str
    role: str
    content: tuple[BlockOut, ...]
    stop_reason: str | None
    stop_sequence: str | None
    usage: UsageOut
    container: ContainerOut | msgspec.UnsetType = msgspec.UNSET


class Event(NamedTuple):
    """One event of a stream as bytes, and the output tokens that are generated before it is sent.

    `reports` is what the event's usage adds to that of the events before it.
    """

    data: bytes
    tokens: float
    reports: UsageOut | None = None


def usage(total_input: int, cache: CacheUse, output_tokens: int, *, ran: bool = False) -> UsageOut:
    """The bill of one answer; `ran` where server tools did."""
    written = cache.write_5m + cache.write_1h
    return UsageOut(
        input_tokens=total_input - cache.read - written,
        cache_creation_input_tokens=written,
        cache_read_input_tokens=cache.read,
        cache_creation=CacheCreation(cache.write_5m, cache.write_1h),
        output_tokens=output_tokens,
        server_tool_use=ServerToolUsage() if ran else msgspec.UNSET,
    )


def message(
    answer: Answer, message_id: str, model: str, bill: UsageOut, container: ContainerOut | None = None
) -> MessageOut:
    """The complete message."""
    return MessageOut(
        model,
        message_id,
        "assistant",
        answer.content,
        answer.stop_reason,
        answer.stop_sequence,
        bill,
        container or msgspec.UNSET,
    )


def events(whole: MessageOut) -> Iterator[Event]:
    """The message as a stream."""
    start = msgspec.structs.replace(
        whole,
        content=(),
        stop_reason=None,
        stop_sequence=None,
        usage=msgspec.structs.replace(whole.usage, output_tokens=min(whole.usage.output_tokens, 1)),
    )
    yield Event(_event(b"message_start", b'"message":' + _encode(start)), 0, start.usage)
    for index, block in enumerate(whole.content):
        yield from _block(index, block)
    yield Event(_message_delta(whole), 0, _rest(whole.usage, start.usage))
    yield Event(_event(b"message_stop"), 0)


def _rest(bill: UsageOut, told: UsageOut) -> UsageOut:
    """Only output grows within a stream."""
    return UsageOut(
        input_tokens=0,
        cache_creation_input_tokens=0,
        cache_read_input_tokens=0,
        cache_creation=CacheCreation(0, 0),
        output_tokens=bill.output_tokens - told.output_tokens,
    )


def error_event(kind: str, text: str) -> bytes:
    """The event by which a stream that has begun says that it failed."""
    return _event(b"error", b'"error":' + _encode({"type": kind, "message": text}))


def _event(name: bytes, rest: bytes = b"") -> bytes:
    return b'event: %s\ndata: {"type":"%s"%s%s}\n\n' % (name, name, b"," if rest else b"", rest)


def _block(index: int, block: BlockOut) -> Iterator[Event]:
    opening, deltas = _parts(block)
    yield Event(_event(b"content_block_start", b'"index":%d,"content_block":%s' % (index, opening)), 0)
    if index == 0:
        yield Event(_event(b"ping"), 0)
    for delta, tokens in deltas:
        yield Event(_event(b"content_block_delta", b'"index":%d,"delta":%s' % (index, delta)), tokens)
    yield Event(_event(b"content_block_stop", b'"index":%d' % index), 0)


def _parts(block: BlockOut) -> tuple[bytes, list[tuple[bytes, float]]]:
    """The block as it starts, and its deltas with the tokens each carries."""
    match block:
        case TextOut():
            return b'{"type":"text","text":""}', _deltas(b'{"type":"text_delta","text":', block.text)
        case ThinkingOut():
            deltas = _deltas(b'{"type":"thinking_delta","thinking":', block.thinking)
            signature = b'{"type":"signature_delta","signature":%s}' % _encode(block.signature)
            return b'{"type":"thinking","thinking":"","signature":""}', [*deltas, (signature, 0)]
        case ToolUseOut():
            opening = b'{"type":"tool_use","id":%s,"name":%s,"input":{}}' % (
                _encode(block.id),
                _encode(block.name),
            )
            return opening, _input_deltas(block.input)
        case ServerToolUseOut():
            opening = b'{"type":"server_tool_use","id":%s,"name":%s,"input":{}}' % (
                _encode(block.id),
                _encode(block.name),
            )
            return opening, _input_deltas(block.input)
        case BashResultOut() | ViewResultOut():  # a result comes whole, with the start of its block
            return _encode(block), []


def _input_deltas(given: dict[str, object]) -> list[tuple[bytes, float]]:
    prefix = b'{"type":"input_json_delta","partial_json":'
    return [(prefix + b'""}', 0), *_deltas(prefix, _encode(given).decode())]


def _deltas(prefix: bytes, text: str) -> list[tuple[bytes, float]]:
    return [
        (prefix + _encode(text[place : place + DELTA_CHARACTERS]) + b"}", DELTA_TOKENS)
        for place in range(0, len(text), DELTA_CHARACTERS)
    ]


def _message_delta(whole: MessageOut) -> bytes:
    bill = whole.usage
    container = b"" if whole.container is msgspec.UNSET else b',"container":' + _encode(whole.container)
    tools = bill.server_tool_use
    return _event(
        b"message_delta",
        b'"delta":{"stop_reason":%s,"stop_sequence":%s%s},"usage":{"input_tokens":%d,'
        b'"cache_creation_input_tokens":%d,"cache_read_input_tokens":%d,"output_tokens":%d%s}'
        % (
            _encode(whole.stop_reason),
            _encode(whole.stop_sequence),
            container,
            bill.input_tokens,
            bill.cache_creation_input_tokens,
            bill.cache_read_input_tokens,
            bill.output_tokens,
            b"" if tools is msgspec.UNSET else b',"server_tool_use":' + _encode(tools),
        ),
    )
