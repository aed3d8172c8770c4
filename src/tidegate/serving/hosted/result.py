"""What a call of the gateway's tools gave: text for the model, and the reason where it is an error."""

import msgspec


class Result(msgspec.Struct, frozen=True):
    """`error` is empty for success, else one of the reasons that the ledger and the metrics know."""

    text: str
    error: str = ""

    def block(self, call_id: str) -> bytes:
        """The `tool_result` block that answers the call."""
        block: dict[str, object] = {"type": "tool_result", "tool_use_id": call_id, "content": self.text}
        if self.error:
            block["is_error"] = True
        return msgspec.json.encode(block)
