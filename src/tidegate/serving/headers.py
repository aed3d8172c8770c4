"""Which headers go on to the upstream, which come back, and which are the gateway's own."""

from collections.abc import Iterable, Sequence
from email.utils import parsedate_to_datetime
from functools import lru_cache

from tidegate.ports import Header
from tidegate.serving.assign import Assignment

_FORWARDED = frozenset({b"content-type", b"user-agent", b"accept"})
_FORWARDED_FAMILIES = (b"anthropic-", b"x-stainless-")
_RETURNED = frozenset(
    {
        b"content-type",
        b"content-disposition",
        b"request-id",
        b"retry-after",
        b"retry-after-ms",
        b"x-request-id",
        b"x-should-retry",
    }
)
_RETURNED_FAMILIES = (b"anthropic-ratelimit-", b"x-ratelimit-")


def to_upstream(headers: Iterable[Header], credentials: Sequence[Header]) -> list[Header]:
    """The request headers that the provider needs, with the gateway's credentials and never the client's."""
    kept = [header for header in headers if _GOES_ON[header[0]]]
    kept.extend(credentials)
    return kept


def to_client(headers: Iterable[Header]) -> list[Header]:
    """The response headers that a client acts on; names are lower-cased."""
    return [(name, value) for spelt, value in headers if (name := _returned(spelt))]


REMEMBERED_BYTES, REMEMBERED_NAMES = 64, 1024
"""Of a header's name, and names, at most: clients choose them, and may choose thousands of long ones."""


class _Remembered(dict[bytes, bool]):
    """Whether a header of this name goes on; one that was asked for before is no call."""

    def __missing__(self, name: bytes) -> bool:
        goes_on = name in _FORWARDED or name.startswith(_FORWARDED_FAMILIES)
        if len(name) <= REMEMBERED_BYTES and len(self) < REMEMBERED_NAMES:
            self[name] = goes_on
        return goes_on


_GOES_ON = _Remembered()


@lru_cache(maxsize=1024)
def _returned(spelt: bytes) -> bytes:
    """The name in lower case; empty for a header that does not come back."""
    name = spelt.lower()
    return name if name in _RETURNED or name.startswith(_RETURNED_FAMILIES) else b""


def header(headers: Iterable[Header], name: bytes) -> bytes | None:
    """The first header of that name (lower case), None where there is none."""
    for key, value in headers:
        if key == name or key.lower() == name:
            return value
    return None


def is_stream(headers: Iterable[Header]) -> bool:
    """Whether the response is a stream of server-sent events."""
    return (header(headers, b"content-type") or b"").startswith(b"text/event-stream")


def seconds_of(value: bytes | None, date: bytes | None) -> float | None:
    """A `retry-after` in seconds, None where unsaid; one that is a date counts from the answer's `date`."""
    if value is None:
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        then, now = _epoch(value), _epoch(date or b"")
        return None if then is None or now is None else max(0.0, then - now)


def _epoch(date: bytes) -> float | None:
    try:
        return parsedate_to_datetime(date.decode("latin-1")).timestamp()
    except ValueError:
        return None


def own_headers(
    request_id: str, assignment: Assignment, fallback: str | None, *, composed: bool, cache: str | None = None
) -> list[Header]:
    """The gateway's own: the exchange's id, and what it was served; skills only if the answer had them."""
    headers = [(b"tidegate-request-id", request_id.encode())]
    if assignment.rollout is not None:
        headers += _of_rollout(assignment.rollout.name, assignment.arm)
    if fallback is not None:
        headers.append((b"tidegate-fallback", fallback.encode()))
    elif composed and assignment.skills:
        served = ",".join(f"{use.name}@{use.version}" for use in assignment.skills)
        headers.append((b"tidegate-skills", served.encode()))
    if cache is not None:
        headers.append((b"tidegate-cache", cache.encode()))
    return headers


@lru_cache(maxsize=64)
def _of_rollout(name: str, arm: str) -> tuple[Header, Header]:
    return (b"tidegate-rollout", name.encode()), (b"tidegate-arm", arm.encode())
