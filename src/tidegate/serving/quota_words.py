"""How limits are told to a client: the message of a refusal, and headers on every answer."""

import math
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from tidegate.domain.quota import Kind, Limit, Scope
from tidegate.ports import Header
from tidegate.serving.hold import Hold

_PREFIX = b"anthropic-ratelimit-"


def exceeded(limit: Limit, used: float, at: float, seconds: float) -> str:
    """Why a request is refused: which limit, how much of it is used, when there is room again."""
    whose = f"tenant {limit.target!r}" if limit.scope is Scope.TENANT else f"key {limit.target}"
    if limit.kind is Kind.USD:
        return (
            f"quota of {whose} reached: {_dollars(limit.amount)} a day, {_dollars(used)} spent; it resets at "
            f"{stamp(at)}; ask your operator if that is too late"
        )
    return (
        f"quota of {whose} reached: {limit.amount:,.0f} {limit.kind} a minute; there is room for "
        f"this request at {stamp(at)}, in {max(1, math.ceil(seconds))} s"
    )


def _dollars(amount: float) -> str:
    return f"${amount:,.2f}" if amount >= 0.1 else f"${amount:.2g}"


def stamp(at: float) -> str:
    """Epoch seconds as RFC 3339 in UTC; whole seconds, rounded up: before that it is too early."""
    return datetime.fromtimestamp(math.ceil(at), UTC).isoformat().replace("+00:00", "Z")


def limit_headers(hold: Hold, returned: Sequence[Header], now: float) -> list[Header]:
    """The answer's headers, where a limit of ours leaves less than the provider's told as that one's.

    Names and meaning are the provider's: `…-limit` a minute, `…-remaining` of it, and `…-reset`, when all of
    it is there again.
    """
    kept = list(returned)
    for kind in (Kind.REQUESTS, Kind.TOKENS):
        tightest = _tightest(hold, kind)
        if tightest is None:
            continue
        limit, remaining, full_in = tightest
        family = _PREFIX + kind.value.encode() + b"-"
        theirs = _number(kept, family + b"remaining")
        if theirs is not None and theirs < remaining:
            continue
        kept = [pair for pair in kept if not pair[0].startswith(family)]
        kept += (
            (family + b"limit", b"%d" % limit),
            (family + b"remaining", b"%d" % remaining),
            (family + b"reset", stamp(now + full_in).encode()),
        )
    return kept


def _tightest(hold: Hold, kind: Kind) -> tuple[float, float, float] | None:
    """Amount, remaining, and seconds until all is there, of the limit of that kind that leaves least."""
    found = [
        (limit.amount, max(0.0, claim.capacity - share.used), share.used / claim.rate)
        for limit, claim, share in zip(hold.limits, hold.claims, hold.shares, strict=True)
        if limit.kind is kind
    ]
    return min(found, key=lambda each: each[1], default=None)


def _number(headers: Iterable[Header], name: bytes) -> int | None:
    value = next((value for key, value in headers if key == name), b"")
    return int(value) if value.isdigit() else None
