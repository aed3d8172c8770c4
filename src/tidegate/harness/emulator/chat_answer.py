"""An answer as chat completions write it: one JSON object, or chunks in their true order, and errors.

Order of a stream (API reference, "Streaming"): a chunk with the role; for each piece of text a chunk; for
each call one with its id and name, then its arguments in fragments; a chunk with the reason to stop; with
`include_usage` one without choices that has the usage; then `[DONE]`.
"""

from collections.abc import Iterator

import msgspec

from tidegate.harness.emulator.answer import Answer, TextOut, ThinkingOut, ToolUseOut
from tidegate.harness.emulator.chat_schema import ChatCompletionsRequest
from tidegate.harness.emulator.message import DELTA_CHARACTERS, DELTA_TOKENS, CacheCreation, Event, UsageOut

_encode = msgspec.json.encode
_FINGERPRINT = "fp_emulated"

_FINISHES = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "pause_turn": "stop",
    "tool_use": "tool_calls",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "refusal": "content_filter",
}

_CODES = {401: "invalid_api_key", 404: "model_not_found", 429: "rate_limit_exceeded"}

Delta = tuple[dict[str, object], float]
"""What a chunk adds, and the output tokens that are generated before it is sent."""


class ChatAnswer(msgspec.Struct, frozen=True):
    """A finished answer with what its head needs: `created` in epoch seconds, the rest in tokens."""

    request: ChatCompletionsRequest
    answer: Answer
    id: str
    model: str
    created: int
    prompt: int
    cached: int

    @property
    def copies(self) -> int:
        """How many choices are given: all alike."""
        return self.request.n or 1

    @property
    def usage(self) -> dict[str, object]:
        """The bill: every choice's tokens, and the prompt's once, with what the cache had of it."""
        completion = self.answer.tokens * self.copies
        thought = sum(
            len(block.thinking) // 4 for block in self.answer.content if isinstance(block, ThinkingOut)
        )
        return {
            "prompt_tokens": self.prompt,
            "completion_tokens": completion,
            "total_tokens": self.prompt + completion,
            "prompt_tokens_details": {"cached_tokens": self.cached, "audio_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": thought * self.copies, "audio_tokens": 0},
        }


def chat_bill(given: ChatAnswer) -> UsageOut:
    """The same bill for the emulator's counts."""
    return UsageOut(
        given.prompt - given.cached, 0, given.cached, CacheCreation(0, 0), given.answer.tokens * given.copies
    )


def completion(given: ChatAnswer) -> bytes:
    """The whole completion."""
    blocks = given.answer.content
    words = "".join(block.text for block in blocks if isinstance(block, TextOut))
    calls = [_call(block) for block in blocks if isinstance(block, ToolUseOut)]
    message: dict[str, object] = {
        "role": "assistant",
        "content": words if words or not calls else None,
        "refusal": None,
        "annotations": [],
    }
    thoughts = "".join(block.thinking for block in blocks if isinstance(block, ThinkingOut))
    if thoughts:
        message["reasoning_content"] = thoughts
    if calls:
        message["tool_calls"] = calls
    choice = {"message": message, "logprobs": _logprobs(given, words), "finish_reason": _finish(given)}
    choices = [{"index": index, **choice} for index in range(given.copies)]
    head = _head(given, "chat.completion")
    return _encode({**head, "choices": choices, "usage": given.usage})


def chunks(given: ChatAnswer) -> Iterator[Event]:
    """The completion as a stream."""
    wants_usage = given.request.stream_options is not None and bool(
        given.request.stream_options.include_usage
    )
    head = _encode(_head(given, "chat.completion.chunk"))[:-1]
    rest = b',"usage":null}' if wants_usage else b"}"
    for delta, tokens in _deltas(given.answer):
        for index in range(given.copies):
            words = delta.get("content")
            said = _logprobs(given, words if isinstance(words, str) else "")
            yield Event(_chunk(head, _choice(index, delta, said, None), rest), tokens)
    for index in range(given.copies):
        yield Event(_chunk(head, _choice(index, {}, None, _finish(given)), rest), 0)
    if wants_usage:
        bill = b'data: %s,"choices":[],"usage":%s}\n\n' % (head, _encode(given.usage))
        yield Event(bill, 0, chat_bill(given))
    yield Event(b"data: [DONE]\n\n", 0)


def chat_error_body(status: int, message: str) -> bytes:
    """`{"error":{"message","type","param","code"}}`."""
    kind = "server_error" if status >= 500 else "invalid_request_error"
    if status == 429:
        kind = "requests"
    error = {"message": message, "type": kind, "param": None, "code": _CODES.get(status)}
    return _encode({"error": error})


def chat_error_event(status: int, message: str) -> bytes:
    """The event by which a stream that has begun says that it failed."""
    return b"data: %s\n\n" % chat_error_body(status, message)


def _head(given: ChatAnswer, kind: str) -> dict[str, object]:
    return {
        "id": given.id,
        "object": kind,
        "created": given.created,
        "model": given.model,
        "service_tier": "default",
        "system_fingerprint": _FINGERPRINT,
    }


def _finish(given: ChatAnswer) -> str:
    return _FINISHES[given.answer.stop_reason]


def _call(block: ToolUseOut) -> dict[str, object]:
    function = {"name": block.name, "arguments": _encode(block.input).decode()}
    return {"id": block.id, "type": "function", "function": function}


def _deltas(answer: Answer) -> Iterator[Delta]:
    calls = 0
    yield {"role": "assistant", "content": "", "refusal": None}, 0
    for block in answer.content:
        match block:
            case TextOut():
                for piece in _pieces(block.text):
                    yield {"content": piece}, DELTA_TOKENS
            case ThinkingOut():
                for piece in _pieces(block.thinking):
                    yield {"reasoning_content": piece}, DELTA_TOKENS
            case ToolUseOut():
                function: dict[str, object] = {"name": block.name, "arguments": ""}
                call = {"index": calls, "id": block.id, "type": "function", "function": function}
                yield {"tool_calls": [call]}, 0
                for piece in _pieces(_encode(block.input).decode()):
                    yield {"tool_calls": [{"index": calls, "function": {"arguments": piece}}]}, DELTA_TOKENS
                calls += 1
            case _:
                continue


def _pieces(words: str) -> list[str]:
    return [words[place : place + DELTA_CHARACTERS] for place in range(0, len(words), DELTA_CHARACTERS)]


def _choice(index: int, delta: dict[str, object], said: object, finish: str | None) -> dict[str, object]:
    return {"index": index, "delta": delta, "logprobs": said, "finish_reason": finish}


def _chunk(head: bytes, choice: dict[str, object], rest: bytes) -> bytes:
    return b'data: %s,"choices":[%s]%s\n\n' % (head, _encode(choice), rest)


def _logprobs(given: ChatAnswer, words: str) -> object:
    """One token for the whole text, as certain as a made-up answer is."""
    if not given.request.logprobs:
        return None
    token: dict[str, object] = {
        "token": words,
        "logprob": 0.0,
        "bytes": list(words.encode()),
        "top_logprobs": [],
    }
    return {"content": [token] if words else [], "refusal": None}
