"""An upstream's refusal, as the retry policy judges it."""

from tidegate.domain.chat.errors import UNASKED
from tidegate.domain.resilience import Cause, Failure
from tidegate.ports import UpstreamResponse
from tidegate.serving.headers import header, seconds_of


def turned_away(response: UpstreamResponse) -> Failure:
    """The failure that a status of 400 or more is, with what its headers say of another try."""
    said = header(response.headers, b"x-should-retry")
    return Failure(
        cause=Cause.STATUS,
        status=response.status,
        retry_after=seconds_of(header(response.headers, b"retry-after"), header(response.headers, b"date")),
        should_retry=None if said is None else said.lower() == b"true",
        unasked=header(response.headers, UNASKED) is not None,
    )
