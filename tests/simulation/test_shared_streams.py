"""The same evidence, looked at every five seconds as the controller does and as seldom as a rehearsal does.

A rehearsal looks ever more seldom, and is told errors span by span (`rehearsal/pace`, `rehearsal/world`). On
evidence that both share it must come to the same decision, later by no more than it waits between two looks.
`make simulate` compares 60 streams of each unit.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import msgspec
import pytest

from tidegate.domain.decision import Decision, decide
from tidegate.domain.evidence import (
    BUCKET_SECONDS,
    ArmBucket,
    Latest,
    Tally,
    UnitEvent,
    merge,
)
from tidegate.domain.exchange import Arm
from tidegate.domain.observation import Evidence
from tidegate.domain.rollout import Move, Phase, Plan, Rollout
from tidegate.domain.transition import apply
from tidegate.rehearsal.answers import Shapes
from tidegate.rehearsal.draws import Draws
from tidegate.rehearsal.pace import CALM_LONGEST
from tidegate.rehearsal.past import with_past
from tidegate.rehearsal.plan import plan_of
from tidegate.rehearsal.record import Record
from tidegate.rehearsal.run import is_calm, next_stop, salt_of
from tidegate.rehearsal.scenario import Scenario
from tidegate.rehearsal.scenario_file import read_scenario
from tidegate.rehearsal.world import World, span_ending, stretch_span, told_at

SPEC = """\
apiVersion: tidegate/v1
kind: Rollout
metadata: {{name: shared}}
spec:
  unit: {unit}
  candidate: {{skills: {{contract-analysis: latest}}}}
  stages:
    - {{name: canary, weight: 25, bake: {bake}, promote: auto}}
    - {{name: full, weight: 100, bake: 20m, promote: auto, holdout: 5}}
  gates:
    errors:   {{max: 50%, worse: rollback}}
    latency:  {{worse: rollback}}
    feedback: {{worse: pause}}
    slo:      {{slow: 50%}}
    trip:     {{errors: 50%, over: 20}}
    samples:  {{min: 100}}
    savings:  {{min: 10%, floor: 5%, worse: rollback}}
"""
TRAFFIC = "traffic: {per_minute: 200, users: 2000}\n"
ALIKE = TRAFFIC + "control: {votes: 10%}\n"
UNLIKE = TRAFFIC + "control: {votes: 10%, user_spread: 1.0, daily_drift: 0.5}\n"
SCENARIOS = {
    "harmless": (ALIKE, Move.ADVANCE),
    "unlike users": (UNLIKE, Move.ADVANCE),
    "errors": (ALIKE + "faults: [{arm: candidate, at: 40m, errors: 8%}]", Move.ROLLBACK),
    "all fail": (ALIKE + "faults: [{arm: candidate, at: 95m, errors: 100%}]", Move.ROLLBACK),
    "slower": (ALIKE + "faults: [{arm: candidate, at: 20m, latency: {factor: 1.8}}]", Move.ROLLBACK),
    "dearer": (ALIKE + "faults: [{arm: candidate, at: 10m, cost: {factor: 3}}]", None),
    "disliked": (ALIKE + "faults: [{arm: candidate, at: 0h, down: 60%}]", Move.PAUSE),
    "outage of both": (ALIKE + "faults: [{arm: both, at: 70m, for: 10m, errors: 100%}]", Move.ADVANCE),
    "at times": (ALIKE + "faults: [{arm: candidate, at: 30m, for: 15m, errors: 4%}]", None),
    "a little worse": (ALIKE + "faults: [{arm: candidate, at: 0h, errors: 2%}]", None),
}
"""Each with the move it leads to; None: chance, or the unit, decides."""

SHORT, LONG = 1, 6
"""Streams of each kind, as long as BAKES: the long ones pass a window of sticky units."""

BAKES = {SHORT: "110m", LONG: "200m"}


@dataclass(frozen=True, slots=True)
class Piece:
    """What came in one bucket's time."""

    buckets: tuple[ArmBucket, ...]
    events: tuple[UnitEvent, ...]
    latest: tuple[Latest, ...]


@dataclass(slots=True)
class Stream:
    """A stage's evidence in pieces of BUCKET_SECONDS, as long as anybody asks for it."""

    rollout: Rollout
    scenario: Scenario
    world: World
    pieces: list[Piece] = field(default_factory=list[Piece])

    def between(self, begin: float, end: float) -> list[Piece]:
        """The pieces of that time, which begins and ends with a bucket."""
        first, last = (int(at) // BUCKET_SECONDS for at in (begin, end))
        while len(self.pieces) < last:
            at = BUCKET_SECONDS * len(self.pieces)
            came = self.world.advance(at, at + BUCKET_SECONDS)
            self.pieces.append(Piece(tuple(came.buckets), tuple(came.events), self.world.latest()))
        return self.pieces[first:last]


def stream(unit: str, kind: str, number: int, bake: str) -> Stream:
    scenario, seed = read_scenario(SCENARIOS[kind][0]), f"shared/{kind}/{number}"
    draws = Draws(seed)
    shapes = Shapes(draws, scenario.control.cost)
    plan: Plan = with_past(plan_of(SPEC.format(unit=unit, bake=bake)), scenario, shapes)
    draft = Rollout(
        name="shared", plan=plan, phase=Phase.DRAFT, salt=salt_of(seed), created_at=0.0, created_by="ada"
    )
    world = World(scenario, plan, draws, shapes, salt=draft.salt, times=())
    world.enter(plan.stages[0], 0.0)
    return Stream(apply(draft, Move.START, 0.0), scenario, world)


def grouped(pieces: Iterable[Piece], begin: float, end: float, span: int) -> Iterator[ArmBucket | UnitEvent]:
    """As a rehearsal tells a stretch: errors by spans, with the requests before them, all else at its end."""
    last = int(end) - BUCKET_SECONDS
    for arm in (Arm.CANDIDATE, Arm.CONTROL):
        rest: list[Tally] = []
        spans: dict[int, list[Tally]] = {}
        for each in (bucket for piece in pieces for bucket in piece.buckets if bucket.arm is arm):
            slot = min(last, span_ending(each.start, span))
            spans.setdefault(slot, []).append(each.tally)
        for slot, tallies in sorted(spans.items()):
            whole = merge([*rest, *tallies])
            told = Tally(
                requests=whole.requests,
                errors=whole.errors,
                triggered=whole.triggered,
                triggered_errors=whole.triggered_errors,
                faulted=whole.faulted,
            )
            if slot < last and whole.faulted:
                yield ArmBucket(slot, arm, told)
                rest = [_without(whole, told)]
            elif slot < last:
                rest = [whole]
            else:
                rest = []
                yield ArmBucket(slot, arm, whole)
        if rest:
            yield ArmBucket(last, arm, merge(rest))
    for event in (event for piece in pieces for event in piece.events):
        yield msgspec.structs.replace(event, at=min(math.nextafter(end, begin), told_at(event.at, span)))


def _without(whole: Tally, told: Tally) -> Tally:
    left = {
        name: getattr(whole, name) - getattr(told, name)
        for name in ("requests", "errors", "triggered", "triggered_errors", "faulted")
    }
    return msgspec.structs.replace(whole, **left)


def by_controller(seen: Stream) -> tuple[Decision, float]:
    """The first decision that moves the rollout, and when: a look at every bucket's end."""
    record, now = Record(seen.rollout, 0.0, Draws("unused")), 0.0
    while True:
        (piece,) = seen.between(now, now + BUCKET_SECONDS)
        now += BUCKET_SECONDS
        record.add((*piece.buckets, *piece.events), now)
        decision = decide(seen.rollout, record.look(seen.rollout, piece.latest, now), now)
        if decision.move is not None:
            return decision, now


def by_rehearsal(seen: Stream) -> tuple[Decision, float]:
    """The same with a rehearsal's looks and stretches, rounded up to whole buckets."""
    record, now, evidence = Record(seen.rollout, 0.0, Draws("unused")), 0.0, Evidence()
    edges = seen.scenario.edges()
    while True:
        calm = is_calm(evidence) and not seen.scenario.troubled(now)
        wanted = next_stop(seen.rollout, now, edges, calm=calm)
        at = -(-wanted // BUCKET_SECONDS) * BUCKET_SECONDS
        pieces = seen.between(now, at)
        record.add(grouped(pieces, now, at, stretch_span(at - now, calm=calm)), at)
        now = at
        evidence = record.look(seen.rollout, pieces[-1].latest, now)
        decision = decide(seen.rollout, evidence, now)
        if decision.move is not None:
            return decision, now


def failed(decision: Decision) -> set[str]:
    """Where several gates have failed by the time of the look, the strongest's first is named."""
    return {each.name for each in decision.verdicts if each.verdict == "fail"}


@pytest.mark.parametrize("unit", ["request", "user"])
@pytest.mark.parametrize("kind", SCENARIOS)
def test_seldom_looks_decide_what_the_controllers_decide(unit: str, kind: str, *, long_form: bool) -> None:
    streams = LONG if long_form else SHORT
    for number in range(streams):
        seen = stream(unit, kind, number, BAKES[streams])
        decision, at = by_controller(seen)
        seldom, later = by_rehearsal(seen)
        told = f"stream {number}: {decision.cause} at {at}, {seldom.cause} at {later}"
        assert (seldom.kind, seldom.move) == (decision.kind, decision.move), told
        assert decision.cause == seldom.cause or decision.cause in failed(seldom), told
        assert SCENARIOS[kind][1] in (None, decision.move), told
        assert at <= later <= at + CALM_LONGEST
