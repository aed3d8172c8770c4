"""What a request will probably use, learned from what the key's requests have used so far."""

import msgspec

from tidegate.domain.exchange import Usage

_WEIGHT = 0.2
"""Of the newest request in the running means."""

LEAST_TOKENS = 1.0
LEAST_USD = 1e-6
"""Nothing is free: a request needs some room in every bucket that it is charged to."""


class Expectation(msgspec.Struct, frozen=True):
    """Running means: limited input tokens per byte of the body, output tokens and dollars a request.

    A byte is a quarter of a token until it is known better: images, cached prefixes and other alphabets
    differ widely.
    """

    per_byte: float = 0.25
    output: float = 0.0
    usd: float = 0.0

    def tokens(self, size: int) -> float:
        """Of a request whose body has so many bytes."""
        return max(LEAST_TOKENS, size * self.per_byte + self.output)

    def dollars(self) -> float:
        """Of a request."""
        return max(LEAST_USD, self.usd)

    def learned(self, size: int, usage: Usage, usd: float) -> "Expectation":
        """The means with one more request in them."""
        ratio = (limited_tokens(usage) - usage.output_tokens) / max(1, size)
        return Expectation(
            _mean(self.per_byte, ratio), _mean(self.output, usage.output_tokens), _mean(self.usd, usd)
        )


def limited_tokens(usage: Usage) -> int:
    """The tokens that count towards a limit: all but cache reads, as the provider's own limits have it."""
    return (
        usage.input_tokens + usage.output_tokens + usage.cache_write_5m_tokens + usage.cache_write_1h_tokens
    )


def _mean(before: float, newest: float) -> float:
    return before + _WEIGHT * (newest - before)
