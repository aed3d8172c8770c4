"""Answers of chat completions relayed as they are: read only where they speak of usage and their end."""

import re

import msgspec

from tidegate.domain.chat.completion import Completion, read_completion, read_usage
from tidegate.domain.sse import LONGEST_EVENT, fields
from tidegate.ports import UpstreamFailure
from tidegate.serving.stream import BLANK, end_of_events
from tidegate.serving.usage import ReportedMessage, ReportedUsage
from tidegate.serving.wire import Scanner

_MARK = re.compile(
    rb'data: ?\[DONE\]|"usage" ?: ?\{|"finish_reason" ?: ?"|data: ?\{ ?"error"|event: ?error'
    rb'|"object" ?: ?"error"'
)
_CONTENT = re.compile(
    rb'"(?:content|reasoning_content|reasoning|refusal|arguments)" ?: ?"[^"]|"tool_calls" ?: ?\[ ?\{'
    rb'|"finish_reason" ?: ?"|data: ?\[DONE\]'
)
_DONE = re.compile(rb"^data: ?\[DONE\]", re.MULTILINE)
_ERROR = re.compile(rb'^(?:data: ?\{ ?"error"|event: ?error|data: ?\{"object" ?: ?"error")', re.MULTILINE)
_FINISH = re.compile(rb'"finish_reason" ?: ?"')
_USAGE = re.compile(rb'"usage" ?: ?\{')


class ChatScanner:
    """Follows a streamed chat completion, whole events at a time; deltas are never decoded.

    As EventScanner does: what ends the stream (`[DONE]`, or an error) stays in `held`. A server that closes
    without `[DONE]` has ended its answer if it gave a reason to stop. With `keeps_usage` the chunk that tells
    nothing but the usage is not relayed: the gateway has asked for it, and the client has not.
    """

    __slots__ = (
        "_finished",
        "_keeps_usage",
        "_tail",
        "content",
        "failed",
        "held",
        "id",
        "model",
        "stopped",
        "usage",
    )

    def __init__(self, *, keeps_usage: bool = False) -> None:
        self._keeps_usage = keeps_usage
        self._tail = b""
        self._finished = False
        self.content = False
        self.stopped = False
        self.failed = False
        self.held = b""
        self.id: str | None = None
        self.model: str | None = None
        self.usage: ReportedUsage | None = None

    def feed(self, chunk: bytes) -> bytes:
        """Take the next bytes; raises UpstreamFailure for an event beyond all measure."""
        data = self._tail + chunk if self._tail else chunk
        end = end_of_events(data)
        self._tail = data[end:]
        if len(self._tail) > LONGEST_EVENT:
            raise UpstreamFailure("protocol", "the upstream's stream has an event without an end")
        data = data[:end]
        if self.id is None and data:
            self._identify(data)
        if not self.content and _CONTENT.search(data):
            self.content = True
        return self._read(data) if _MARK.search(data) else data

    def closed(self) -> bool:
        """Whether the answer was complete; what came without its empty line is then in `held`."""
        tail, self._tail = self._tail, b""
        if tail:
            self.held = b"" if self._event(tail) else tail
        self.stopped = self.stopped or self._finished
        return self.stopped

    def _identify(self, data: bytes) -> None:
        """Id and model, which every chunk repeats: read once."""
        for event in BLANK.split(data):
            said = _chunk(event)
            if said is not None and said.id:
                self.id, self.model = said.id, said.model
                return

    def _read(self, data: bytes) -> bytes:
        """Read the events of interest; from the ending one on, everything is held."""
        begin = 0
        while begin < len(data) and not self.stopped:
            blank = BLANK.search(data, begin)
            end = blank.end() if blank else len(data)
            kept = self._event(data[begin:end])
            if self.stopped:
                self.held = data[begin:]
                return data[:begin]
            if kept:
                data, end = data[:begin] + data[end:], begin
            begin = end
        return data

    def _event(self, event: bytes) -> bool:
        """Read an event; whether it is the gateway's alone."""
        if _DONE.search(event):
            self.stopped = True
        elif _ERROR.search(event):
            self.stopped = self.failed = self.content = True
        else:
            if _FINISH.search(event):
                self._finished = True
            if _USAGE.search(event) and (said := _chunk(event)) is not None:
                self.usage = _reported(said) or self.usage
                return self._keeps_usage and not said.choices
        return False


def _chunk(event: bytes) -> Completion | None:
    """The chunk in an event; None for a comment, or an unknown shape, which is relayed all the same."""
    try:
        return read_completion(fields(event)[1])
    except msgspec.DecodeError:
        return None


def _reported(completion: Completion) -> ReportedUsage | None:
    usage = read_usage(completion)
    if usage is None:
        return None
    counts = usage.counts()
    return ReportedUsage(
        input_tokens=counts.input_tokens,
        output_tokens=counts.output_tokens,
        cache_read_input_tokens=counts.cache_read_input_tokens,
        cache_creation_input_tokens=counts.cache_creation_input_tokens,
    )


class ChatWire:
    """Chat completions: unnamed events up to `[DONE]`, or one completion."""

    def __init__(self, *, keeps_usage: bool = False) -> None:
        self._keeps_usage = keeps_usage

    def scanner(self, *, metered: bool) -> Scanner:
        return ChatScanner(keeps_usage=self._keeps_usage)

    def message(self, body: bytes) -> ReportedMessage:
        try:
            said = read_completion(body)
        except msgspec.DecodeError:
            return ReportedMessage()
        return ReportedMessage(said.id, said.model, _reported(said))


CHAT = ChatWire()

ASKED_FOR_USAGE = ChatWire(keeps_usage=True)
"""A stream that was asked for its usage, which its client has not."""
