"""One rehearsal: the real decision, transitions and notices, on simulated traffic and a virtual clock."""

from collections.abc import Sequence
from random import Random

import msgspec

from tidegate.control.commit import CONTROLLER, Judged, entry
from tidegate.domain.decision import Decision, decide
from tidegate.domain.errors import Conflict
from tidegate.domain.evidence import SHORT_WINDOW_SECONDS
from tidegate.domain.observation import Evidence
from tidegate.domain.revision import latest_candidate
from tidegate.domain.rollout import ACTIVE, Move, Phase, Plan, Rollout, Unit, Variant
from tidegate.domain.savings import CERTIFICATE
from tidegate.domain.scatter import savings_point
from tidegate.domain.schedule import opens
from tidegate.domain.transition import apply, on_last_stage, paused_seconds
from tidegate.rehearsal.answers import Shapes
from tidegate.rehearsal.course import Course, Moment
from tidegate.rehearsal.draws import Draws
from tidegate.rehearsal.pace import next_look
from tidegate.rehearsal.past import with_past
from tidegate.rehearsal.record import Record
from tidegate.rehearsal.scenario import Scenario
from tidegate.rehearsal.world import World

APPROVER = "rehearsal"
HOLD_SECONDS = 60.0
"""The least time between two holds on the timeline, as in the controller's record."""

WATCHED_SECONDS = 86_400.0
"""How long a paused rollout is followed, if nobody resumes it."""

CALM = 10.0
"""E below which a test is far from acting: the gates act at 200 and more."""

SURE = 1e6
"""E from which on any stage's savings are certified."""

_PATIENCE = 2.0
"""It ends unfinished after this many times the planned time; without approvals after the planned time."""

_OUTCOMES = {Phase.COMPLETED: "completed", Phase.ROLLED_BACK: "rolled-back", Phase.PAUSED: "paused"}


def rehearse(
    plan: Plan,
    scenario: Scenario,
    *,
    seed: int = 1,
    number: int = 0,
    approve: bool = True,
    times: Sequence[float] = (),
    revisions: Sequence[float] = (),
) -> Course:
    """Repetition `number` under `seed`; `times` are a trace's arrivals. Same arguments, same course.

    At each of `revisions`, seconds after the start, the candidate is revised: at once by request, by sticky
    unit once the next stage asks for approval. It behaves as the scenario says before and after.
    """
    return _Rehearsal(plan, scenario, f"{seed}/{number}", times, revisions, approve=approve).run(number)


def salt_of(seed: str) -> str:
    """The salt by which a repetition assigns its users."""
    return Random(f"{seed}/salt").randbytes(16).hex()  # noqa: S311 (a simulation, no secret)


def is_calm(evidence: Evidence) -> bool:
    """Whether every test is far below what it acts on, so that within one stretch none comes there and back.

    A certificate that has been given is given.
    """
    others = [found for name, found in evidence.tests.items() if name != CERTIFICATE]
    certificate = evidence.test(CERTIFICATE)
    near = max([evidence.e_value, *(found.e_value for found in others)])
    return near < CALM and (certificate.e_value < CALM or certificate.peak >= SURE)


def next_stop(rollout: Rollout, now: float, edges: Sequence[float], *, calm: bool) -> float:
    """When a rehearsal looks next: not past any of `edges`, the bake's end, a new window or opening hours."""
    baked = rollout.stage_since + rollout.current.bake_seconds + paused_seconds(rollout, now)
    changed = max((edge for edge in (rollout.stage_since, *edges) if edge <= now), default=0.0)
    window = (now - rollout.stage_since) // SHORT_WINDOW_SECONDS + 1
    begins = rollout.stage_since + window * SHORT_WINDOW_SECONDS
    open_at = opens(rollout.plan.schedule, now) or now
    return next_look(now, changed, (*edges, baked, begins, open_at), calm=calm)


class _Rehearsal:
    """Where a rehearsal stands; times are seconds after its start, which are the rollout's too."""

    def __init__(
        self,
        plan: Plan,
        scenario: Scenario,
        seed: str,
        times: Sequence[float],
        revisions: Sequence[float],
        *,
        approve: bool,
    ) -> None:
        self._draws = Draws(seed)
        shapes = Shapes(self._draws, scenario.control.cost)
        plan = with_past(plan, scenario, shapes)
        salt = salt_of(seed)
        draft = Rollout(
            name=plan.name, plan=plan, phase=Phase.DRAFT, salt=salt, created_at=0.0, created_by=APPROVER
        )
        self._scenario = scenario
        self._approve = approve
        self._revisions = sorted(revisions)
        self._world = World(scenario, plan, self._draws, shapes, salt=salt, times=times)
        planned = sum(stage.bake_seconds for stage in plan.stages)
        longest = max(stage.bake_seconds for stage in plan.stages)
        self._until = (planned + len(revisions) * longest) * (_PATIENCE if approve else 1.0)
        self._now = 0.0
        self._requests = 0
        self._before_fault = 0
        self._certified: int | None = None
        self._gate: str | None = None
        self._timeline: list[Moment] = []
        self._told: tuple[str, str, int] | None = None
        self._told_at = 0.0
        self._rollout = draft
        self._record = Record(draft, scenario.traffic.replica_lag, self._draws)
        self._move(Move.START, APPROVER, "rehearsed", None)

    def run(self, number: int) -> Course:
        """To its end."""
        evidence = self._look()
        while self._rollout.phase in ACTIVE and self._now < self._end():
            self._advance(calm=is_calm(evidence) and not self._scenario.troubled(self._now))
            evidence = self._look()
        return self._course(number, evidence)

    def _end(self) -> float:
        """Paused, its guardrails stay armed until somebody comes to see to it."""
        if self._rollout.phase is Phase.PAUSED:
            return min(self._until, self._rollout.phase_since + WATCHED_SECONDS)
        return self._until

    def _advance(self, *, calm: bool) -> None:
        now, edges = self._now, (*self._scenario.edges(), *self._revisions, self._end())
        at = next_stop(self._rollout, now, edges, calm=calm)
        came = self._world.advance(now, at, calm=calm)
        self._record.add((*came.buckets, *came.events), at)
        self._requests += came.candidate_requests
        if self._scenario.fault_at is not None and at <= self._scenario.fault_at:
            self._before_fault = self._requests
        self._now = at

    def _look(self) -> Evidence:
        evidence = self._record.look(self._rollout, self._world.latest(), self._now)
        decision = decide(self._rollout, evidence, self._now)
        self._note_certificate(decision)
        if decision.move is not None:
            self._move(decision.move, CONTROLLER, decision.reason, Judged(decision, evidence))
        else:
            self._hold(decision)
        self._revise()
        if self._rollout.phase is Phase.AWAITING_APPROVAL and self._approve:
            asked = decide(self._rollout, evidence, self._now)
            if asked.cause == "approval":
                self._approve_all(Judged(asked, evidence))
        return evidence

    def _revise(self) -> None:
        """What is due, where it can be judged; else it waits, and several that have waited are one."""
        due = [at for at in self._revisions if at <= self._now]
        asking = self._rollout.phase is Phase.AWAITING_APPROVAL
        at_once = self._rollout.plan.unit is Unit.REQUEST and self._rollout.phase is Phase.PROGRESSING
        if due and (at_once or (asking and not on_last_stage(self._rollout))):
            self._revisions = self._revisions[len(due) :]
            try:
                self._move(Move.REVISE, APPROVER, "revised", None)
            except Conflict as refused:
                self._tell("refused", str(Move.REVISE), str(refused))

    def _approve_all(self, judged: Judged) -> None:
        """By as many people as the stage asks for."""
        for number in range(1, self._rollout.current.approvals):
            self._move(Move.APPROVE, f"{APPROVER} {number}", "approved at once", judged)
        self._move(Move.PROMOTE, APPROVER, "approved at once", judged)

    def _move(self, move: Move, actor: str, reason: str, judged: Judged | None) -> None:
        """Through the transition table, with the event and the notices that a commit would write."""
        before = self._rollout
        after = self._rollout = apply(before, move, self._now, by=actor, candidate=self._revision())
        _, notices = entry(before, after, move=move, actor=actor, reason=reason, at=self._now, judged=judged)
        if (after.stage, after.stage_since) != (before.stage, before.stage_since) or move is Move.START:
            self._world.enter(after.current, self._now, after.exposed)
            self._record = Record(after, self._scenario.traffic.replica_lag, self._draws)
        cause = judged.decision.cause if judged else "start"
        if move in (Move.PAUSE, Move.ROLLBACK):
            self._gate = cause
        for notice in notices:
            self._tell(str(move), cause, f"{notice.subject}: {reason}")

    def _revision(self) -> Variant:
        """Another candidate: what it is changes nothing in a rehearsal."""
        candidate = latest_candidate(self._rollout)
        return msgspec.structs.replace(candidate, timeout_seconds=candidate.timeout_seconds + 1.0)

    def _hold(self, decision: Decision) -> None:
        said = (str(decision.kind), decision.cause, self._rollout.stage)
        if said != self._told and (self._told is None or self._now - self._told_at >= HOLD_SECONDS):
            self._told, self._told_at = said, self._now
            self._tell(str(decision.kind), decision.cause, decision.reason)

    def _tell(self, kind: str, cause: str, said: str) -> None:
        stage = self._rollout.current
        self._timeline.append(
            Moment(
                at=self._now, stage=stage.name, weight=stage.weight / 100, kind=kind, cause=cause, said=said
            )
        )

    def _note_certificate(self, decision: Decision) -> None:
        """Savings are certified by a test that may be looked at at any time, never by a point value."""
        if self._certified is None and any(
            each.name == "savings" and each.verdict == "pass" and each.e_value is not None
            for each in decision.verdicts
        ):
            self._certified = self._requests

    def _course(self, number: int, evidence: Evidence) -> Course:
        outcome = _OUTCOMES.get(self._rollout.phase, "unfinished")
        onset = self._scenario.fault_at
        begun = onset if onset is not None and onset <= self._now else None
        rolled_back = outcome == "rolled-back"
        return Course(
            number=number,
            outcome=outcome,
            gate=self._gate if outcome in ("rolled-back", "paused") else None,
            before_fault=rolled_back and onset is not None and begun is None,
            false_rollback=rolled_back and begun is None,
            requests=self._requests - (self._before_fault if begun is not None else 0),
            seconds=self._now - (begun or 0.0),
            whole=self._now,
            certified=self._certified,
            savings=savings_point(evidence.candidate, evidence.control),
            harm=self._world.harm(),
            timeline=tuple(self._timeline),
        )
