"""From votes to evidence: thumbs on triggered exchanges, in the buckets in which they came."""

from collections.abc import Iterable

from tidegate.domain.exchange import Exchange
from tidegate.domain.tallying import (
    Folded,
    event_of,
    has_sticky_unit,
    is_after,
    is_evidence,
    sums_after,
    sums_at,
)

DOWN = "down"
"""The vote that counts against an answer, and the kind of a unit's event of giving one."""


def fold_votes(votes: Iterable[tuple[Exchange, str, float]]) -> Folded:
    """What first votes add: each with its exchange, `up` or `down`, and when it came (epoch seconds).

    They belong to the stage that their exchange was assigned in, whatever stage it is when they come; those
    on answers after completion to that time.
    """
    folded = Folded({}, {}, [])
    for exchange, vote, at in votes:
        after = is_after(exchange)
        if not exchange.triggered or not (after or (is_evidence(exchange) and exchange.counted)):
            continue
        sums = (
            sums_after(exchange, folded.sums, at)
            if after
            else sums_at(exchange, folded.sums, exchange.arm, at)
        )
        sums.down += vote == DOWN
        sums.up += vote != DOWN
        if vote == DOWN and not after and has_sticky_unit(exchange):
            folded.events.append(event_of(exchange, DOWN, at))
    return folded
