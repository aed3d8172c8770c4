"""Errors of the gateway's own as OpenAI words them."""

from tidegate.domain.chat.errors import chat_error


class ChatErrors:
    """The dialect of `/v1/chat/completions`: `{"error":{"message","type","param","code"}}`."""

    def error(self, status: int, message: str, request_id: str) -> bytes:
        """The body of an error answer; its id is in the headers."""
        return chat_error(status, message)

    def error_event(self, status: int, message: str, request_id: str) -> bytes:
        """The event that ends a stream which failed after its beginning."""
        return b"data: %s\n\n" % chat_error(status, message)
