"""Errors as the Messages API words them, so that its SDKs raise their typed exceptions."""

from tidegate.domain.chat.errors import messages_error


class AnthropicErrors:
    """The dialect of `/v1/messages`: `{"type":"error","error":{"type","message"},"request_id"}`."""

    def error(self, status: int, message: str, request_id: str) -> bytes:
        """The body of an error answer."""
        return messages_error(status, message, request_id)

    def error_event(self, status: int, message: str, request_id: str) -> bytes:
        """The event that ends a stream which failed after its beginning."""
        return b"event: error\ndata: %s\n\n" % messages_error(status, message, request_id)
