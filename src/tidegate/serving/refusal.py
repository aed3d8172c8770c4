"""Refusals of the gateway's own: which HTTP status says what."""

import math

from tidegate.domain.errors import (
    Conflict,
    CredentialRefused,
    Forbidden,
    InvalidInput,
    NotFound,
    Overloaded,
    QuotaExceeded,
    StoreUnavailable,
    TidegateError,
    TooLarge,
    Unauthenticated,
    UpstreamUnavailable,
)
from tidegate.domain.exchange import Outcome
from tidegate.ports import Header, UpstreamFailure

_STATUSES: dict[type[TidegateError], int] = {
    InvalidInput: 400,
    Unauthenticated: 401,
    Forbidden: 403,
    NotFound: 404,
    Conflict: 409,
    TooLarge: 413,
    QuotaExceeded: 429,
    CredentialRefused: 502,
    StoreUnavailable: 503,
    UpstreamUnavailable: 503,
    Overloaded: 529,
}

RETRY_AFTER_SECONDS = 1


def status_of(refusal: TidegateError) -> int:
    """The HTTP status of a refusal; 500 for one that has none."""
    return _STATUSES.get(type(refusal), 500)


def status_of_failure(failure: UpstreamFailure) -> int:
    """The HTTP status where the upstream gave no answer: 504 for too late, else 502."""
    return 504 if failure.kind == "timeout" else 502


def outcome_of_refusal(status: int) -> Outcome:
    """The outcome of an exchange that the gateway itself refused."""
    if status in (429, 529):
        return Outcome.POLICY_DENIED
    return Outcome.CLIENT_ERROR if status < 500 else Outcome.UPSTREAM_ERROR


def refusal_headers(status: int, request_id: str) -> list[Header]:
    """Headers of a refusal: its id, where SDKs look for one, and an end to a connection whose body was not
    read.
    """
    headers: list[Header] = [(b"content-type", b"application/json"), (b"request-id", request_id.encode())]
    if status == 413:
        headers.append((b"connection", b"close"))
    return headers


def retry_headers(refusal: TidegateError) -> list[Header]:
    """When to come back, in whole seconds, and whether to do so unasked, of a refusal that passes."""
    retry, seconds = True, float(RETRY_AFTER_SECONDS)
    if isinstance(refusal, CredentialRefused) and refusal.retry_after is None:
        return [(b"x-should-retry", b"false")]
    if isinstance(refusal, QuotaExceeded):
        retry, seconds = refusal.retry, refusal.retry_after
    elif isinstance(refusal, UpstreamUnavailable | CredentialRefused):
        seconds = refusal.retry_after or seconds
    elif not isinstance(refusal, StoreUnavailable | Overloaded):
        return []
    told = max(RETRY_AFTER_SECONDS, math.ceil(seconds))
    return [(b"retry-after", b"%d" % told), (b"x-should-retry", b"true" if retry else b"false")]
