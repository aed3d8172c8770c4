"""Token usage in both dialects: chat's prompt tokens include what a cache gave or took, the Messages API's
input tokens do not.
"""

import msgspec


class PromptDetails(msgspec.Struct):
    """Parts of the prompt tokens; `cache_write_tokens` is said by some providers only."""

    cached_tokens: int | None = None
    cache_write_tokens: int | None = None


class ChatUsage(msgspec.Struct):
    """A `usage` object of chat completions; None where not said."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    prompt_tokens_details: PromptDetails | None = None

    def counts(self) -> "TokenCounts":
        """The same apart by kind of price; a cache that claims more than the prompt is bounded by it."""
        prompt = max(self.prompt_tokens or 0, 0)
        details = self.prompt_tokens_details or PromptDetails()
        read = min(max(details.cached_tokens or 0, 0), prompt)
        written = min(max(details.cache_write_tokens or 0, 0), prompt - read)
        return TokenCounts(
            input_tokens=prompt - read - written,
            output_tokens=max(self.completion_tokens or 0, 0),
            cache_read_input_tokens=read,
            cache_creation_input_tokens=written,
        )


class TokenCounts(msgspec.Struct, omit_defaults=True):
    """A `usage` object of the Messages API; counts are cumulative within a stream, None where not said."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_read_input_tokens: int | None = None
    cache_creation_input_tokens: int | None = None

    def updated(self, later: "TokenCounts") -> "TokenCounts":
        """Field by field, the last that was said wins."""
        pairs = zip(msgspec.structs.astuple(self), msgspec.structs.astuple(later), strict=True)
        return TokenCounts(*(new if new is not None else old for old, new in pairs))


UNREPORTED = "tidegate_unreported"
"""Marks a `usage` whose zeros only keep its shape: the server said nothing, so nothing may be billed."""


def chat_usage(counts: TokenCounts) -> dict[str, object]:
    """The `usage` of a chat completion."""
    read = counts.cache_read_input_tokens or 0
    written = counts.cache_creation_input_tokens or 0
    prompt = (counts.input_tokens or 0) + read + written
    completion = counts.output_tokens or 0
    details: dict[str, object] = {"cached_tokens": read}
    if written:
        details["cache_write_tokens"] = written
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": details,
    }


def message_usage(usage: ChatUsage | None) -> dict[str, object]:
    """The `usage` of a message; zeros that say so where the server reported none."""
    if usage is None:
        return {"input_tokens": 0, "output_tokens": 0, UNREPORTED: True}
    counts = usage.counts()
    return {
        "input_tokens": counts.input_tokens or 0,
        "output_tokens": counts.output_tokens or 0,
        "cache_read_input_tokens": counts.cache_read_input_tokens or 0,
        "cache_creation_input_tokens": counts.cache_creation_input_tokens or 0,
    }
