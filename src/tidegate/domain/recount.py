"""A stage's evidence from the exchanges themselves: what the running sums must equal at any time."""

from collections.abc import Sequence

from tidegate.domain.evidence import ArmBucket, Latest, StageEvidence
from tidegate.domain.exchange import Arm, Exchange
from tidegate.domain.tallying import (
    Cell,
    Folded,
    StageEvent,
    Sums,
    add_sums,
    first_events,
    fold,
    has_sticky_unit,
    is_evidence,
    to_tally,
)
from tidegate.domain.vote_sums import fold_votes


def recount(
    exchanges: Sequence[Exchange],
    rollout: str,
    attempt: int,
    stage: int,
    *,
    latest: int,
    votes: Sequence[tuple[Exchange, str, float]] = (),
) -> StageEvidence:
    """The evidence of one stage from all exchanges of its attempt, in order of arrival, each once.

    `votes` are those that count, in order of arrival: exchange, `up` or `down`, and when.
    """
    place = (rollout, attempt, stage)
    folded, voted = fold(exchanges, {}), fold_votes(votes)
    sums = {cell: found for cell, found in folded.sums.items() if cell[:3] == place}
    for cell, found in voted.sums.items():
        if cell[:3] == place:
            sums[cell] = add_sums(sums[cell], found) if cell in sums else found
    of_stage = [found for found in exchanges if is_evidence(found) and _place(found) == place]
    arms = [newest(_faults(of_stage, folded, arm)[:latest], arm) for arm in (Arm.CANDIDATE, Arm.CONTROL)]
    return stage_evidence(
        place,
        sums,
        [event for event in (*folded.events, *voted.events) if event[:3] == place],
        arms,
    )


def stage_evidence(
    place: tuple[str, int, int],
    sums: dict[Cell, Sums],
    events: Sequence[StageEvent],
    latest: Sequence[Latest],
) -> StageEvidence:
    """The parts in the order that makes equal evidence equal bytes; `place` is rollout, attempt, stage."""
    buckets = [
        ArmBucket(cell.bucket, cell.arm, to_tally(found))
        for cell, found in sorted(sums.items(), key=lambda item: (item[0].bucket, item[0].arm))
    ]
    return StageEvidence(
        rollout=place[0],
        attempt=place[1],
        stage=place[2],
        buckets=tuple(buckets),
        events=tuple(found.event for found in first_events(events)),
        latest=tuple(latest),
    )


def newest(faults: Sequence[bool], arm: Arm) -> Latest:
    """`faults` says of each of the arm's latest distinct units whether its newest exchange faulted."""
    return Latest(arm=arm, units=len(faults), bad=sum(faults))


def _place(exchange: Exchange) -> tuple[str | None, int, int | None]:
    return (exchange.rollout, exchange.attempt, exchange.stage)


def _faults(of_stage: Sequence[Exchange], folded: Folded, arm: Arm) -> list[bool]:
    units = {found.unit_hash for found in of_stage if has_sticky_unit(found)}
    if units:
        key = (of_stage[0].rollout, of_stage[0].attempt, of_stage[0].stage)
        states = [
            (state.last_at, unit_key.unit, state.last_faulted)
            for unit_key, state in folded.units.items()
            if (unit_key.rollout, unit_key.attempt, unit_key.stage) == key
            and state.arm is arm
            and state.triggered
        ]
        return [faulted for _, _, faulted in sorted(states, reverse=True)]
    own = [
        (found.finished_at, found.id, found.faulted)
        for found in of_stage
        if found.arm is arm and found.triggered
    ]
    return [faulted for _, _, faulted in sorted(own, reverse=True)]
