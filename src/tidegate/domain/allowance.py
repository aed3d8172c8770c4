"""The arithmetic of a limit: a bucket that fills by use and drains by time (a token bucket, seen from below).

What is in the bucket is what was used. Up to `capacity` may be in it, and `rate` drains a second, so that
over any span of t seconds at most capacity + rate·t is admitted. What is known only afterwards (tokens,
dollars) is held by estimate and charged when it is known: it may overfill the bucket, and then nothing is
admitted until the debt has drained. A rate of 0 never drains: a budget, which belongs to one day and ends
with it.
"""

import math
from collections.abc import Mapping, Sequence

import msgspec

ROUNDING = 1e-9
"""Of the capacity: whoever waited exactly as long as told must not be sent away by the last bit.

It is more than that bit up to a debt of a hundred thousand capacities, which takes two months to drain
where a capacity drains in a minute.
"""


class Claim(msgspec.Struct, frozen=True):
    """What is asked of one bucket.

    `charge` is put in first, whatever is in it (negative: what had been held and was not used). Then `need`
    must fit, or a full capacity if `need` is more: a large request is admitted by an empty bucket, and pays
    for itself afterwards. `want` beyond it is taken as far as it fits. A need of 0 asks for nothing.
    `until`: epoch seconds at which a budget ends; 0 for a bucket that drains. `floor`: so much is in it at
    least, after the charge: it is known from elsewhere. `id` begins with whose it is, in braces.
    """

    id: str
    capacity: float
    rate: float
    need: float = 0.0
    want: float = 0.0
    charge: float = 0.0
    until: float = 0.0
    floor: float = 0.0


def tenant_of(claim: Claim) -> str:
    """Whose bucket it is: those of one tenant are kept together."""
    return claim.id[1:].split("}", 1)[0]


class Share(msgspec.Struct, frozen=True):
    """What came of a claim: how much was taken, and how much is in the bucket now."""

    taken: float
    used: float


class Fill(msgspec.Struct, frozen=True):
    """How much was in a bucket at a time, in seconds of whichever clock its owner keeps."""

    used: float = 0.0
    at: float = -math.inf


EMPTY = Fill()


def in_it(fill: Fill, rate: float, now: float) -> float:
    """How much is in the bucket; a clock that steps back drains nothing."""
    if not rate or not fill.used:
        return fill.used
    return max(0.0, fill.used - rate * max(0.0, now - fill.at))


def put(fill: Fill, rate: float, amount: float, now: float) -> Fill:
    """The bucket with so much more in it, never less than nothing; time only goes forward."""
    return Fill(max(0.0, in_it(fill, rate, now) + amount), max(now, fill.at))


def room_for(claim: Claim, used: float) -> bool:
    """Whether the claim's need fits on top of what is in the bucket."""
    return used + min(claim.need, claim.capacity) <= claim.capacity * (1 + ROUNDING)


def wait(claim: Claim, used: float) -> float:
    """Seconds until the need fits if nobody else takes the room; 0 where it does; inf for a budget."""
    excess = used + min(claim.need, claim.capacity) - claim.capacity
    if room_for(claim, used):
        return 0.0
    return excess / claim.rate if claim.rate else math.inf


def take(
    fills: Mapping[str, Fill], claims: Sequence[Claim], now: float
) -> tuple[dict[str, Fill], tuple[Share, ...]]:
    """The claims' buckets as they are afterwards, and the shares: of none where one need is unmet."""
    levels: list[float] = []
    met = True
    for claim in claims:  # as `put` and `room_for`, without their calls: every limited request comes by
        fill = fills.get(claim.id, EMPTY)
        level = fill.used
        if level and claim.rate and now > fill.at:
            level = max(0.0, level - claim.rate * (now - fill.at))
        if claim.charge:
            level = max(0.0, level + claim.charge)
        level = max(level, claim.floor)
        if claim.need and level + min(claim.need, claim.capacity) > claim.capacity * (1 + ROUNDING):
            met = False
        levels.append(level)
    after: dict[str, Fill] = {}
    shares: list[Share] = []
    for claim, level in zip(claims, levels, strict=True):
        taken = max(claim.need, min(claim.want, claim.capacity - level)) if met and claim.need else 0.0
        known = fills.get(claim.id, EMPTY).at
        after[claim.id] = Fill(level + taken, now if now > known else known)
        shares.append(Share(taken, level + taken))
    return after, tuple(shares)
