"""Errors in the API's shape: the type that belongs to a status, and the refusal that ends a request."""

import msgspec

ERROR_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    408: "timeout_error",
    409: "conflict_error",
    413: "request_too_large",
    429: "rate_limit_error",
    500: "api_error",
    504: "timeout_error",
    529: "overloaded_error",
}

_MESSAGES = {
    429: "This request would exceed the rate limit for your organization. Please try again later.",
    500: "Internal server error",
    529: "Overloaded",
}


class Refusal(Exception):
    """A request is answered by this status and message instead of a message of the model."""

    def __init__(self, status: int, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.retry_after = retry_after


class _Error(msgspec.Struct, frozen=True):
    type: str
    message: str


class _ErrorBody(msgspec.Struct, frozen=True, tag="error", tag_field="type"):
    error: _Error
    request_id: str


def error_type(status: int) -> str:
    """The API's name for a status; any other 4xx is the request's fault, any other 5xx the API's."""
    return ERROR_TYPES.get(status, "invalid_request_error" if status < 500 else "api_error")


def standard_message(status: int) -> str:
    """What the API says with a status it gives for no fault of the request."""
    return _MESSAGES.get(status, f"Emulated error with status {status}")


def error_body(kind: str, message: str, request_id: str) -> bytes:
    """`{"type":"error","error":{"type","message"},"request_id"}`."""
    return msgspec.json.encode(_ErrorBody(_Error(kind, message), request_id))
