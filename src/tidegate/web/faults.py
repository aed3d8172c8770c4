"""Errors as the Messages API words them, so that its SDKs raise their typed exceptions."""

import msgspec

_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    405: "invalid_request_error",
    408: "timeout_error",
    409: "invalid_request_error",
    413: "request_too_large",
    429: "rate_limit_error",
    431: "invalid_request_error",
    504: "timeout_error",
    529: "overloaded_error",
}


class AnthropicErrors:
    """The dialect of `/v1/messages`: `{"type":"error","error":{"type","message"},"request_id"}`."""

    def error(self, status: int, message: str, request_id: str) -> bytes:
        """The body of an error answer."""
        return error_body(status, message, request_id)

    def error_event(self, status: int, message: str, request_id: str) -> bytes:
        """The event that ends a stream which failed after its beginning."""
        return b"event: error\ndata: %s\n\n" % error_body(status, message, request_id)


def error_body(status: int, message: str, request_id: str | None = None) -> bytes:
    """The body of an error answer of that status; a status without a type of its own is an `api_error`."""
    kind = _TYPES.get(status, "api_error")
    body: dict[str, object] = {"type": "error", "error": {"type": kind, "message": message}}
    if request_id is not None:
        body["request_id"] = request_id
    return msgspec.json.encode(body)
