"""Random walks of a rollout: traffic, faults, people and a clock that jumps, through the real decisions.

No walk leads outside the table, goes on without evidence or past a gate that fails, or serves another stage
than its state names. `make simulate` walks 10,000 times.
"""

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec
import pytest
from gateway_parts import state

from tidegate.domain.assignment import arm as arm_of
from tidegate.domain.assignment import arm_after, bucket, ceiling
from tidegate.domain.decision import Decision, Kind, decide
from tidegate.domain.errors import Conflict
from tidegate.domain.evidence import (
    BUCKET_SECONDS,
    SHORT_WINDOW_SECONDS,
    ArmBucket,
    Latest,
    StageEvidence,
    Tally,
    UnitEvent,
    latency_cell,
    merge,
)
from tidegate.domain.exchange import Arm
from tidegate.domain.incident import OpenIncident
from tidegate.domain.observation import Evidence, Found, begin, observe
from tidegate.domain.revision import LEAST_LEFT, left_after
from tidegate.domain.rollout import (
    ACTIVE,
    After,
    Eligible,
    ErrorsGate,
    FeedbackGate,
    Gates,
    LatencyGate,
    Move,
    Phase,
    Plan,
    RatioGate,
    Rollout,
    SamplesGate,
    SavingsGate,
    SloGate,
    Stage,
    TripGate,
    Unit,
    Variant,
)
from tidegate.domain.savings import stage_part
from tidegate.domain.transition import BY_PEOPLE, TABLE, UNROUTED, apply, approval
from tidegate.domain.watch import is_watched, watch, watch_process
from tidegate.serving.assign import Asker, assign
from tidegate.serving.identity import Identities
from tidegate.serving.pins import Pins
from tidegate.serving.snapshot import compile_snapshot
from tidegate.serving.variant import VariantCache

SHORT, LONG = 300, 10_000
STEPS = 40
START = 1_800_000_000.0
ON = frozenset({Move.ADVANCE, Move.COMPLETE, Move.ASK})
"""What the controller may do only for a stage that has passed."""

IDENTITIES = Identities(b"s", ("header",))
JUMPS = (0.0, 1.0, 30.0, 61.0, 3_600.0, 6 * 3_600.0, 3 * 86_400.0, -1.0, -90.0, -7_200.0)


def drawn_plan(draw: random.Random) -> Plan:
    """One to four stages of rising weight, each gate asked for or not."""
    weights = [*sorted(draw.sample(range(100, 9_900), draw.randint(0, 3))), 10_000]
    stages = tuple(
        Stage(
            name=f"s{place}",
            weight=weight,
            bake_seconds=draw.choice([0.5, 60.0, 259_200.0]),
            promote=draw.choice(["auto", "manual"]),
            approvals=draw.choice([1, 2]),
            holdout=draw.choice([0, 500]) if weight == 10_000 else 0,
        )
        for place, weight in enumerate(weights)
    )
    worse = draw.choice(["rollback", "pause", "hold"])
    asked: dict[str, object] = {
        "errors": ErrorsGate(max=draw.choice([None, 0.02]), worse=worse),
        "latency": LatencyGate(p95=draw.choice([None, 5.0]), worse=worse, limits=(1.0, 2.0, 5.0)),
        "slo": SloGate(errors=0.02, slow=0.05),
        "feedback": FeedbackGate(min=draw.choice([None, 0.8])),
        "ratio": RatioGate(),
        "savings": SavingsGate(min=0.35, floor=0.3, worse=worse),
        "samples": SamplesGate(min=draw.choice([1, 50])),
        "trip": TripGate(errors=0.5, over=5),
    }
    gates = Gates(**{name: gate for name, gate in asked.items() if draw.random() < 0.7})
    return Plan(
        name="walk",
        unit=draw.choice([Unit.REQUEST, Unit.USER]),
        eligible=Eligible(),
        baseline=Variant(),
        candidate=Variant(),
        stages=stages,
        gates=gates,
        after=After(holdout=500, for_seconds=draw.choice([3_600.0, 90 * 86_400.0])),
    )


INCIDENT = OpenIncident(kind="switch", what="skill a", since=START, reason="bo: to be safe")


def _asker(unit: str, now: float) -> Asker:
    identity = IDENTITIES.identify(
        tenant="default", key_id="k", user_id=None, unit=unit, conversation=None, task="", opening=unit
    )
    return Asker(f"tgx_{unit}", "default", identity, (), (unit,), in_progress=False, now=now)


def _unit_of(rollout: Rollout, unit: str) -> str:
    return f"tgx_{unit}" if rollout.plan.unit is Unit.REQUEST else _asker(unit, 0.0).identity.unit


@dataclass
class Walk:
    """A rollout on its way, its stage's evidence as the ledger would hold it, and a clock."""

    draw: random.Random
    rollout: Rollout
    calm: bool
    """The candidate is no worse than control, and people seldom do anything."""
    savings_spent: float
    """The part of alpha that the savings of this try have spent."""
    now: float = START
    buckets: dict[tuple[int, Arm], Tally] = field(default_factory=dict)
    events: list[UnitEvent] = field(default_factory=list)
    moves: Counter[Move] = field(default_factory=Counter)

    def evidence(self) -> Evidence:
        kept = tuple(ArmBucket(start, arm, self.buckets[start, arm]) for start, arm in sorted(self.buckets))
        latest = tuple(self._latest(arm) for arm in (Arm.CANDIDATE, Arm.CONTROL))
        stage = StageEvidence(
            rollout="walk",
            attempt=self.rollout.attempt,
            stage=self.rollout.stage,
            buckets=kept,
            events=tuple(sorted(self.events, key=lambda each: (each.at, each.unit, each.kind, each.step))),
            latest=latest,
        )
        return observe(begin(self.rollout), self.rollout, stage)

    def _latest(self, arm: Arm) -> Latest:
        newest = max((start for start, each in self.buckets if each is arm), default=None)
        tally = Tally() if newest is None else self.buckets[newest, arm]
        return Latest(arm=arm, units=min(tally.triggered, 5), bad=min(tally.faulted, 5))

    def traffic(self) -> None:
        """Requests of both arms in one bucket of now or of lately, harmless or not."""
        late = self.draw.choice([0, 0, 0, 60])
        start = int(max(self.now - late, self.rollout.stage_since) // BUCKET_SECONDS * BUCKET_SECONDS)
        share = ceiling(self.rollout.current) / 10_000
        many = self.draw.choice([3, 40, 600])
        for arm, part in ((Arm.CANDIDATE, share), (Arm.CONTROL, 1 - share)):
            rate = 0.002 if self.calm else self.draw.choice([0.0, 0.01, 0.01, 0.05, 1.0])
            cost = 0.01 if arm is Arm.CANDIDATE and self.calm else self.draw.choice([0.01, 0.02])
            self.buckets[start, arm] = self._tally(round(many * part), rate, cost)
            if self.rollout.plan.unit is Unit.USER:
                self._meet(arm, start)

    def _meet(self, arm: Arm, start: int) -> None:
        """Each fault, slow answer and thumbs-down is another unit's, that has met none before."""
        tally, at = self.buckets[start, arm], max(float(start), self.rollout.stage_since)
        step = int((at - self.rollout.stage_since) // SHORT_WINDOW_SECONDS)
        met = {"bad": tally.faulted, "slow1": tally.beyond(0), "slow3": tally.beyond(2), "down": tally.down}
        for kind, count in met.items():
            units = (f"u{len(self.events) + n}" for n in range(count))
            self.events += [UnitEvent(unit=each, arm=arm, kind=kind, step=step, at=at) for each in units]

    def _tally(self, count: int, rate: float, cost: float) -> Tally:
        bad = sum(self.draw.random() < rate for _ in range(count))
        slow = count // 50 if self.calm else self.draw.randint(0, count // 4)
        votes = self.draw.randint(0, count // 10)
        up = votes if self.calm else self.draw.randint(0, votes)
        return Tally(
            requests=count,
            errors=bad,
            triggered=count,
            triggered_errors=bad,
            faulted=bad,
            priced=count,
            cost_usd=cost * count,
            units=count,
            up=up,
            down=votes - up,
            seconds={latency_cell(1.5): count - slow, latency_cell(6.0): slow},
            slow={3: slow, 1: count - slow},
        )

    def jump(self) -> None:
        self.now += self.draw.choice(JUMPS)

    def watch(self) -> None:
        """What the controller does once it has completed: nothing but to raise an alarm, and to end it."""
        gate = self.rollout.plan.gates.slo
        if gate is None or not is_watched(self.rollout, self.now):
            return
        process = watch_process(self.rollout, gate)
        kept = [ArmBucket(start, arm, self.buckets[start, arm]) for start, arm in sorted(self.buckets)]
        found = Found(*process.e_values(process.fold(process.begin(), kept)))
        lately = [each.tally for each in kept if each.arm is Arm.CANDIDATE and each.start >= self.now - 3_600]
        decision = watch(self.rollout, Evidence(candidate=merge(lately), tests={"slo": found}), self.now)
        if decision.move is not None:
            assert decision.move in (Move.ALARM, Move.CALM)
            self._apply(decision.move)

    def look(self) -> None:
        """What the controller does, and that it may."""
        if self.rollout.phase is Phase.COMPLETED:
            self.watch()
            return
        evidence = self.evidence()
        incidents = (INCIDENT,) if self.draw.random() < 0.2 else ()
        kept = msgspec.json.encode((self.rollout, evidence))
        decision = decide(self.rollout, evidence, self.now, incidents)
        again = msgspec.json.decode(kept, type=tuple[Rollout, Evidence])
        assert decide(*again, self.now, incidents) == decision, (
            "a decision is a function of what it is made from"
        )
        assert not incidents or decision.kind not in (Kind.ADVANCE, Kind.COMPLETE), "beside an incident"
        assert msgspec.json.encode((self.rollout, evidence)) == kept, "and changes none of it"
        if decision.move is None:
            return
        self._may(decision, evidence)
        self._apply(decision.move)

    def _may(self, decision: Decision, evidence: Evidence) -> None:
        if decision.move not in ON:
            assert decision.move not in BY_PEOPLE or decision.move is Move.PAUSE
            return
        gates = self.rollout.plan.gates
        assert evidence.candidate.triggered > 0, "nothing goes on without evidence"
        assert gates.samples is None or evidence.candidate.triggered >= gates.samples.min
        for each in decision.verdicts:
            assert each.verdict == "pass" or (each.name == "trip" and each.verdict == "unsure"), each
        if gates.trip is not None:  # it may have seen too few, but not that most of them failed
            seen = evidence.latest_of(Arm.CANDIDATE)
            assert not seen.units or seen.bad < gates.trip.errors * seen.units
        assert self.now - self.rollout.stage_since >= self.rollout.current.bake_seconds
        if decision.kind in (Kind.ADVANCE, Kind.COMPLETE):
            assert self.rollout.current.promote == "auto"

    def prices(self) -> None:
        """What the controller does where prices have changed."""
        gate = self.rollout.plan.gates.savings
        if gate is not None and self.rollout.phase in ACTIVE:
            self._apply(Move.REPRICE)

    def serves(self) -> None:
        """Requests are served as the state says, by the gateway's own routing."""
        plan, phase = self.rollout.plan, self.rollout.phase
        told = state(self.rollout, versions=())
        snapshot = compile_snapshot(told, VariantCache())
        for number in range(20):
            unit = f"w{number}"
            assigned = assign(snapshot, _asker(unit, self.now), Pins(at_most=10, seconds=60))
            place = bucket(self.rollout.salt, "default", _unit_of(self.rollout, unit))
            if phase in ACTIVE:
                assert (assigned.arm, assigned.stage) == (
                    arm_of(place, self.rollout.current),
                    self.rollout.stage,
                )
                assert assigned.counted is (place >= self.rollout.exposed)
            elif phase is Phase.COMPLETED and assigned.rollout is not None:
                assert (assigned.arm, assigned.stage) == (arm_after(place, plan.after), None)
            else:
                assert (assigned.arm, assigned.stage) == (Arm.OUTSIDE, None)

    def person(self) -> None:
        """What a person asks for is done by the table, or refused and nothing changes."""
        move = self.draw.choice(sorted(BY_PEOPLE))
        by = self.draw.choice(sorted({"ada", "bo", "cy"} - {*self.rollout.approved_by}))
        if move is Move.PROMOTE and decide(self.rollout, self.evidence(), self.now).cause != "approval":
            return
        before = self.rollout
        move = approval(before, by) if move is Move.PROMOTE else move
        try:
            self._apply(move, by)
        except Conflict:
            assert self.rollout is before
            assert (before.phase, move) not in TABLE or (move is Move.REVISE and self._unjudgeable())

    def _unjudgeable(self) -> bool:
        """A revision that nobody is left to judge: in mid-stage by user, at the end; or no alpha."""
        if self.rollout.phase is Phase.AWAITING_APPROVAL:
            plan, place = self.rollout.plan, self.rollout.stage
            if place == len(plan.stages) - 1:
                return True
            here, there = plan.stages[place : place + 2]
            return plan.unit is not Unit.REQUEST and ceiling(there) <= ceiling(here)
        blind = left_after(self.rollout, self.now).comparing < LEAST_LEFT
        return self.rollout.plan.unit is not Unit.REQUEST or blind

    def _apply(self, move: Move, by: str = "") -> None:
        before = self.rollout
        salt = f"{self.draw.getrandbits(128):032x}" if move is Move.RETRY else None
        revision = Variant(timeout_seconds=1.0 + self.draw.random())
        gate = before.plan.gates.savings
        after = apply(before, move, self.now, salt=salt, by=by, candidate=revision, savings=gate)
        assert (before.phase, move) in TABLE
        self.moves[move] += 1
        assert move is not Move.PROMOTE or len({*before.approved_by, by}) >= before.current.approvals
        entered = move in (Move.ADVANCE, Move.PROMOTE) and after.phase is Phase.PROGRESSING
        expected = 0 if move is Move.RETRY else before.stage + entered
        at_once = move is Move.REVISE and before.phase is not Phase.AWAITING_APPROVAL
        taken_up = entered and before.next_candidate is not None
        anew = move is Move.RETRY or at_once or taken_up
        assert (after.stage, after.attempt) == (expected, before.attempt + anew)
        assert (after.plan.candidate != before.plan.candidate) == (at_once or taken_up)
        assert after.left.comparing <= before.left.comparing or move is Move.RETRY
        if anew or entered or move is Move.REPRICE:
            self.savings_spent = spent_on_savings(after) + (0.0 if move is Move.RETRY else self.savings_spent)
        assert self.savings_spent <= 1 + 1e-9, "of alpha, over all stages, revisions and changes of prices"
        assert 0 <= after.exposed < 10_000
        if move in (Move.ADVANCE, Move.PROMOTE) and after.phase is Phase.COMPLETED:
            assert before.stage == len(before.plan.stages) - 1
        if (after.stage, after.attempt) != (before.stage, before.attempt) or move is Move.COMPLETE:
            self.buckets.clear()
            self.events.clear()
        if move in UNROUTED:
            assert (after.phase_since, after.completed_at) == (before.phase_since, before.completed_at)
        self.rollout = after
        self.serves()


def spent_on_savings(rollout: Rollout) -> float:
    """The part of alpha that its stage spends on savings as it begins, or begins anew."""
    return rollout.left.saving * stage_part(rollout.stage, len(rollout.plan.stages))


def walked(seed: int) -> Walk:
    """One walk, checked at every step."""
    draw = random.Random(seed)
    plan = drawn_plan(draw)
    draft = Rollout(
        name="walk", plan=plan, phase=Phase.DRAFT, salt="0" * 32, created_at=START, created_by="walk"
    )
    begun = apply(draft, Move.START, START)
    if seed % 5 == 0:  # few walks come so far by themselves
        begun = msgspec.structs.replace(begun, stage=len(plan.stages) - 1)
        begun = apply(begun, Move.COMPLETE, START)
    walk = Walk(draw, begun, calm=draw.random() < 0.6, savings_spent=spent_on_savings(begun))
    steps = (walk.traffic, walk.jump, walk.look, walk.person, walk.prices)
    often = (40, 30, 40, 10, 1) if walk.calm else (30, 10, 30, 10, 2)
    for step in draw.choices(steps, often, k=STEPS):
        step()
        assert 0 <= walk.rollout.stage < len(plan.stages)
        assert (walk.rollout.completed_at is not None) <= (
            walk.rollout.phase in (Phase.COMPLETED, Phase.ROLLED_BACK)
        )
    return walk


@pytest.mark.timeout(3_600)
def test_no_walk_leads_where_a_rollout_may_not_be(long_form: bool, figure: Callable[[str], None]) -> None:
    moves: Counter[Move] = Counter()
    count = LONG if long_form else SHORT
    for seed in range(count):
        try:
            moves.update(walked(seed).moves)
        except AssertionError as wrong:
            raise AssertionError(f"walk {seed}: {wrong}") from wrong
    figure(
        f"{count:,} walks of {STEPS} steps: {', '.join(f'{n:,} {move}' for move, n in moves.most_common())}"
    )
    assert set(moves) == set(Move) - {Move.START}, "every move was made"
