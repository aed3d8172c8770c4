"""Token usage as the Messages API reports it, merged over the events of a stream."""

from collections.abc import Mapping

import msgspec

from tidegate.domain.chat.usage import UNREPORTED
from tidegate.domain.exchange import Usage


class _Creation(msgspec.Struct):
    ephemeral_5m_input_tokens: int | None = None
    ephemeral_1h_input_tokens: int | None = None


class ReportedUsage(msgspec.Struct):
    """One `usage` object; counts are cumulative, None where not said."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_read_input_tokens: int | None = None
    cache_creation_input_tokens: int | None = None
    cache_creation: _Creation | None = None
    tidegate_unreported: bool | None = None
    """The zeros only keep the shape: the upstream has said nothing so far, and nothing is billed."""

    def merge(self, later: "ReportedUsage") -> "ReportedUsage":
        """Field by field, the last that was said wins."""
        merged = ReportedUsage(
            *(
                new if new is not None else old
                for old, new in zip(
                    msgspec.structs.astuple(self), msgspec.structs.astuple(later), strict=True
                )
            )
        )
        merged.tidegate_unreported = later.tidegate_unreported
        return merged

    def billed(self) -> Usage:
        """The tokens by kind of price; cache writes without a ttl are five-minute ones."""
        written = self.cache_creation_input_tokens or 0
        split = self.cache_creation
        long = (split.ephemeral_1h_input_tokens or 0) if split else 0
        short = (split.ephemeral_5m_input_tokens or 0) if split else 0
        return Usage(
            input_tokens=self.input_tokens or 0,
            output_tokens=self.output_tokens or 0,
            cache_read_tokens=self.cache_read_input_tokens or 0,
            cache_write_5m_tokens=short if short + long else written,
            cache_write_1h_tokens=long,
        )


def merged(before: Mapping[str, object], later: Mapping[str, object]) -> dict[str, object]:
    """What `ReportedUsage.merge` does, on `usage` objects as they were said: other members are kept too."""
    news = {key: value for key, value in later.items() if value is not None}
    if not news:
        return dict(before)
    return {**{key: value for key, value in before.items() if key != UNREPORTED}, **news}


class ReportedMessage(msgspec.Struct):
    """What serving reads of a message: an answer's body, or the `message` of a stream's first event."""

    id: str | None = None
    model: str | None = None
    usage: ReportedUsage | None = None


_MESSAGE = msgspec.json.Decoder(ReportedMessage)


def read_message(body: bytes) -> ReportedMessage:
    """The message of an answer; an empty one where the body is none, which is then simply unmeasured."""
    try:
        return _MESSAGE.decode(body)
    except msgspec.DecodeError:
        return ReportedMessage()
