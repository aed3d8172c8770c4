"""What happened in a period: a rollout's record, and the incidents in it and among the switches."""

import math
from collections.abc import Iterable, Sequence

import msgspec

from tidegate.control.incidents import reaches
from tidegate.control.reporting.course import Entry
from tidegate.control.timestamp import rfc3339
from tidegate.domain.decision import FOR_PEOPLE
from tidegate.domain.reporting.document import Happened
from tidegate.domain.reporting.sums import Span
from tidegate.domain.rollout import Event, Move, Phase, Plan

_INCIDENTS = frozenset({Move.ROLLBACK, Move.PAUSE, Move.ABORT, Move.UNDO, Move.ALARM})


class _Switched(msgspec.Struct, frozen=True):
    scope: str
    target: str


def decisions(entries: Iterable[Entry], span: Span) -> tuple[Happened, ...]:
    """Every decision and command on the rollout's record."""
    return tuple(_entry(each) for each in entries if _in(each.event, span))


def incidents(
    entries: Sequence[Entry], switches: Sequence[Event], plan: Plan, span: Span
) -> tuple[Happened, ...]:
    """Rollbacks, pauses, aborts, holds that call for people, and switches that reach the rollout; by time.

    Of switches those while there was something to switch: from its start until it was taken back.
    """
    since, until = _life(entries)
    own = [(each.event.at, _entry(each)) for each in entries if _in(each.event, span) and _grave(each)]
    skills = {ref.name for variant in (plan.baseline, plan.candidate) for ref in variant.skills}
    for event in switches:
        data = msgspec.json.decode(event.data, type=_Switched)
        lived = since <= event.at <= until
        if _in(event, span) and lived and reaches(data.scope, data.target, plan, skills):
            own.append((event.at, _switch(event, data)))
    return tuple(each for _, each in sorted(own, key=lambda each: each[0]))


def switched(switches: Iterable[Event], span: Span) -> tuple[Happened, ...]:
    """Every switch that was turned, whatever it reached."""
    return tuple(
        _switch(event, msgspec.json.decode(event.data, type=_Switched))
        for event in switches
        if _in(event, span)
    )


def _life(entries: Sequence[Entry]) -> tuple[float, float]:
    """From the first entry until one that took the rollout back, if it is the last."""
    if not entries:
        return math.inf, -math.inf
    last = entries[-1]
    ended = last.data.after.phase in (Phase.ROLLED_BACK, Phase.ABORTED)
    return entries[0].event.at, last.event.at if ended else math.inf


def _grave(entry: Entry) -> bool:
    decision = entry.data.decision
    held = entry.data.move is None and decision is not None and decision.cause in FOR_PEOPLE
    return held or entry.data.move in _INCIDENTS


def _in(event: Event, span: Span) -> bool:
    return span.since <= event.at < span.until


def _entry(entry: Entry) -> Happened:
    after = entry.data.after
    return Happened(
        at=rfc3339(entry.event.at),
        kind=entry.event.kind,
        actor=entry.event.actor,
        reason=entry.event.reason,
        stage=after.stage_name,
        weight=after.weight,
    )


def _switch(event: Event, data: _Switched) -> Happened:
    what = "everything" if data.scope == "all" else f"{data.scope} {data.target}"
    return Happened(
        at=rfc3339(event.at),
        kind=f"switch {event.kind}",
        actor=event.actor,
        reason=f"{what}: {event.reason}",
        stage="",
        weight=None,
    )
