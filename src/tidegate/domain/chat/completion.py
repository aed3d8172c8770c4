"""A chat completion as servers write it: OpenAI, vLLM, llama.cpp, Ollama, with what each leaves out."""

import msgspec

from tidegate.domain.chat.usage import ChatUsage


class Function(msgspec.Struct):
    """A call's name and its arguments, a JSON text; in a stream only a part of either."""

    name: str | None = None
    arguments: str | None = None


class Call(msgspec.Struct):
    """A call of a tool; in a stream `index` says which one a fragment belongs to."""

    index: int | None = None
    id: str | None = None
    function: Function = msgspec.field(default_factory=Function)


class Said(msgspec.Struct):
    """A choice's message, or a stream's delta; reasoning has two names among servers."""

    content: str | None = None
    refusal: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    tool_calls: list[Call] | None = None

    @property
    def thought(self) -> str:
        """The model's reasoning, whatever the server calls it."""
        return self.reasoning_content or self.reasoning or ""


class Choice(msgspec.Struct):
    """One answer of a completion; vLLM says in `stop_reason` which stop sequence or token ended it."""

    index: int = 0
    message: Said | None = None
    delta: Said | None = None
    finish_reason: str | None = None
    stop_reason: str | int | None = None

    @property
    def stopped_by(self) -> str | None:
        """The stop sequence that ended the answer, where the server says so."""
        return self.stop_reason if isinstance(self.stop_reason, str) else None


class Completion(msgspec.Struct):
    """A whole completion, or one chunk of a streamed one."""

    id: str | None = None
    model: str | None = None
    choices: list[Choice] = []
    usage: msgspec.Raw = msgspec.Raw(b"null")
    error: msgspec.Raw = msgspec.Raw(b"")


_COMPLETION = msgspec.json.Decoder(Completion)
_USAGE = msgspec.json.Decoder(ChatUsage | None)


def read_completion(data: bytes) -> Completion:
    """A completion or a chunk of one; raises msgspec.DecodeError."""
    return _COMPLETION.decode(data)


def read_usage(completion: Completion) -> ChatUsage | None:
    """What it says of usage; None where that is nothing, or in a shape nobody knows."""
    try:
        usage = _USAGE.decode(completion.usage)
    except msgspec.DecodeError:
        return None
    if usage is None or (usage.prompt_tokens is None and usage.completion_tokens is None):
        return None
    return usage
