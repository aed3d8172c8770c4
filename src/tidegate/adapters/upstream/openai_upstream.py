"""An upstream that speaks chat completions (OpenAI, vLLM, llama.cpp, Ollama) behind the port of one that
speaks the Messages API.
"""

from collections.abc import Callable, Sequence
from secrets import token_hex

import msgspec

from tidegate.adapters.upstream.local_response import JSON, LocalResponse, refused_here
from tidegate.domain.chat.answer_to_messages import answer_to_messages
from tidegate.domain.chat.errors import error_to_messages, quota_is_spent
from tidegate.domain.chat.kept_fields import HEADER, with_kept
from tidegate.domain.chat.models import models_to_messages
from tidegate.domain.chat.stream_to_messages import MessageStream
from tidegate.domain.chat.to_chat import ChatRequest, to_chat
from tidegate.domain.chat.unreadable import Unreadable
from tidegate.domain.errors import InvalidInput
from tidegate.ports import Header, Upstream, UpstreamFailure, UpstreamResponse

CHAT_TARGET = "/v1/chat/completions"
ERROR_LIMIT = 1_000_000
MODELS_LIMIT = 16_000_000

_FOREIGN = (b"anthropic-", HEADER)
_KEPT = frozenset({b"retry-after", b"retry-after-ms", b"x-should-retry"})
_EVENTS: Header = (b"content-type", b"text/event-stream; charset=utf-8")
_NO_COUNT = (
    "this model's upstream speaks chat completions and cannot count tokens; ask it for a message and read "
    "its `usage`, or count with a model of an Anthropic upstream"
)


class OpenAIUpstream:
    """Translates Messages requests and their answers; passes everything else through as it is.

    `limit_name` is what the server calls the limit of an answer: OpenAI's newer models know only
    `max_completion_tokens`, several other servers only `max_tokens`.
    """

    def __init__(self, inner: Upstream, *, limit_name: str = "max_tokens") -> None:
        self._inner = inner
        self._limit_name = limit_name

    async def send(
        self, method: str, target: str, headers: Sequence[Header], body: bytes, *, deadline: float
    ) -> UpstreamResponse:
        """Send and wait for the response head, as the port has it; raises UpstreamFailure.

        What cannot be told in chat completions is answered with a 400 here, and never sent.
        """
        path = target.partition("?")[0]
        if path == "/v1/messages":
            return await self._message(headers, body, deadline)
        if path == "/v1/messages/count_tokens":
            return refused_here(404, _NO_COUNT)
        kept = _native(headers)
        response = await self._inner.send(method, target, kept, body, deadline=deadline)
        if path.startswith("/v1/models") and len(kept) < len(headers):
            return await _models(response)
        return response

    async def aclose(self) -> None:
        """Close the connections."""
        await self._inner.aclose()

    async def _message(self, headers: Sequence[Header], body: bytes, deadline: float) -> UpstreamResponse:
        try:
            request = to_chat(body, limit_name=self._limit_name)
        except InvalidInput as refusal:
            return refused_here(400, str(refusal))
        kept = next((value for name, value in headers if name == HEADER), None)
        if kept is not None:  # its client speaks chat completions too, and is shown what such a model thinks
            request = msgspec.structs.replace(
                request, body=with_kept(request.body, kept), thinking=True, as_written=True
            )
        response = await self._inner.send(
            "POST", CHAT_TARGET, _native(headers), request.body, deadline=deadline
        )
        if response.status != 200:
            return await _whole(response, ERROR_LIMIT, lambda said: error_to_messages(response.status, said))
        if _is_stream(response.headers):
            return _StreamedMessage(response, request)
        return _WholeMessage(response, request)


class _WholeMessage:
    """A chat completion, read as a message."""

    def __init__(self, inner: UpstreamResponse, request: ChatRequest) -> None:
        self.status = inner.status
        self.headers: Sequence[Header] = [JSON, *_told(inner.headers)]
        self._inner = inner
        self._request = request
        self._read = False

    async def chunk(self) -> bytes:
        """The message at once, then b""; raises UpstreamFailure."""
        return b"" if self._read else await self.read(ERROR_LIMIT * 64)

    async def read(self, limit: int) -> bytes:
        """The message; raises UpstreamFailure, of kind protocol where the answer is none."""
        self._read = True
        body = await self._inner.read(limit)
        try:
            return answer_to_messages(
                body,
                model=self._request.model,
                thinking=self._request.thinking,
                fallback_id=token_hex(12),
                as_written=self._request.as_written,
            )
        except Unreadable as unreadable:
            raise UpstreamFailure("protocol", str(unreadable)) from unreadable

    def close(self) -> None:
        """Give the connection back, or cut it."""
        self._inner.close()


class _StreamedMessage:
    """A streamed chat completion, read as the events of a message."""

    def __init__(self, inner: UpstreamResponse, request: ChatRequest) -> None:
        self.status = inner.status
        self.headers: Sequence[Header] = [_EVENTS, *_told(inner.headers)]
        self._inner = inner
        self._stream = MessageStream(
            model=request.model, thinking=request.thinking, fallback_id=token_hex(12)
        )
        self._closed = False

    async def chunk(self) -> bytes:
        """The events of the next chunks, b"" once at the end; raises UpstreamFailure."""
        while not self._closed:
            piece = await self._inner.chunk()
            events = self._events(piece)
            if events:
                return events
        return b""

    def _events(self, piece: bytes) -> bytes:
        try:
            if piece:
                return self._stream.feed(piece)
            self._closed = True
            return b"" if self._stream.ended else self._stream.end()
        except Unreadable as unreadable:
            raise UpstreamFailure("protocol" if piece else "reset", str(unreadable)) from unreadable

    async def read(self, limit: int) -> bytes:
        """Every event at once; raises UpstreamFailure, of kind protocol beyond `limit` bytes."""
        body = b""
        while piece := await self.chunk():
            body += piece
            if len(body) > limit:
                raise UpstreamFailure("protocol", f"the upstream's answer is larger than {limit} bytes")
        return body

    def close(self) -> None:
        """Give the connection back, or cut it."""
        self._inner.close()


async def _whole(
    response: UpstreamResponse, limit: int, translated: Callable[[bytes], bytes]
) -> UpstreamResponse:
    """A short answer, read here; a spent quota is told to be final, which no status says."""
    try:
        body = await response.read(limit)
    finally:
        response.close()
    headers = [JSON, *_told(response.headers)]
    if response.status == 429 and quota_is_spent(body):
        headers = [*(each for each in headers if each[0] != b"x-should-retry"), (b"x-should-retry", b"false")]
    return LocalResponse(response.status, headers, translated(body))


async def _models(response: UpstreamResponse) -> UpstreamResponse:
    """The list of models for a caller of the Messages API."""
    status = response.status
    if status != 200:
        return await _whole(response, ERROR_LIMIT, lambda said: error_to_messages(status, said))
    try:
        return await _whole(response, MODELS_LIMIT, models_to_messages)
    except msgspec.DecodeError as error:
        raise UpstreamFailure("protocol", f"the upstream's list of models is none: {error}") from error


def _native(headers: Sequence[Header]) -> list[Header]:
    """Without what is meant for Anthropic, or for this adapter, alone."""
    return [header for header in headers if not header[0].lower().startswith(_FOREIGN)]


def _told(headers: Sequence[Header]) -> list[Header]:
    """The response headers that a client acts on, by the Messages API's names."""
    told: list[Header] = []
    for name, value in headers:
        lower = name.lower()
        if lower == b"x-request-id":
            told.append((b"request-id", value))
        elif lower in _KEPT:
            told.append((lower, value))
    return told


def _is_stream(headers: Sequence[Header]) -> bool:
    return any(
        name.lower() == b"content-type" and value.startswith(b"text/event-stream") for name, value in headers
    )
