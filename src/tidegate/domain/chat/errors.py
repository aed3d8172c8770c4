"""Errors in both dialects, so that each SDK raises its typed exceptions."""

import msgspec

UNASKED = b"tidegate-unasked"
"""Marks, within the process, a refusal of the gateway's own: its upstream was never asked."""

_CHAT_CODES = {
    401: "invalid_api_key",
    404: "not_found",
    413: "request_too_large",
    429: "rate_limit_exceeded",
    504: "timeout",
    529: "overloaded",
}

_MESSAGE_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    405: "invalid_request_error",
    408: "timeout_error",
    409: "invalid_request_error",
    413: "request_too_large",
    422: "invalid_request_error",
    429: "rate_limit_error",
    431: "invalid_request_error",
    504: "timeout_error",
    529: "overloaded_error",
}

_STATUSES = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "timeout_error": 504,
    "overloaded_error": 529,
}

_SHOWN = 2000
"""Characters of an answer that is no error object, as the message of one."""


class _MessagesError(msgspec.Struct):
    type: str = ""
    message: str = ""


class _MessagesFault(msgspec.Struct):
    error: _MessagesError


class _ChatError(msgspec.Struct):
    message: str = ""
    code: str | int | None = None


class _ChatFault(msgspec.Struct):
    error: _ChatError | str


def chat_error(status: int, message: str, *, code: str | None = None) -> bytes:
    """`{"error":{"message","type","param","code"}}`, as chat completions word an error of that status."""
    kind = "server_error" if status >= 500 else "invalid_request_error"
    if status == 429:
        kind = "rate_limit_error"
    error = {"message": message, "type": kind, "param": None, "code": code or _CHAT_CODES.get(status)}
    return msgspec.json.encode({"error": error})


def messages_error(status: int, message: str, request_id: str | None = None) -> bytes:
    """`{"type":"error","error":{"type","message"},"request_id"}`, as the Messages API words an error."""
    otherwise = "api_error" if status >= 500 else "invalid_request_error"
    kind = _MESSAGE_TYPES.get(status, otherwise)
    body: dict[str, object] = {"type": "error", "error": {"type": kind, "message": message}}
    if request_id is not None:
        body["request_id"] = request_id
    return msgspec.json.encode(body)


def error_to_chat(status: int, body: bytes) -> bytes:
    """An error answer of the Messages API, for a client of chat completions."""
    try:
        said = msgspec.json.decode(body, type=_MessagesFault).error
    except msgspec.DecodeError:
        return chat_error(status, _shown(body))
    return chat_error(status, said.message)


def event_to_chat(data: bytes) -> bytes:
    """The `error` event of a stream, for a client of chat completions."""
    try:
        said = msgspec.json.decode(data, type=_MessagesFault).error
    except msgspec.DecodeError:
        return chat_error(500, _shown(data))
    return chat_error(_STATUSES.get(said.type, 500), said.message)


def error_to_messages(status: int, body: bytes) -> bytes:
    """An error answer of chat completions, for a client of the Messages API."""
    try:
        said = msgspec.json.decode(body, type=_ChatFault).error
    except msgspec.DecodeError:
        return messages_error(status, _shown(body))
    return messages_error(status, said if isinstance(said, str) else said.message)


def quota_is_spent(body: bytes) -> bool:
    """A 429 that no waiting heals."""
    return b'"insufficient_quota"' in body


def _shown(body: bytes) -> str:
    """What a server said in no shape of ours: vLLM's older errors, a proxy's page."""
    try:
        said = msgspec.json.decode(body, type=_ChatError)
    except msgspec.DecodeError:
        said = _ChatError()
    text = said.message or body[:_SHOWN].decode("utf-8", "replace")
    return text or "the upstream gave no reason"
