"""Simulated traffic: what comes in a stretch of time, as the evidence that the ledger would have summed."""

import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

import msgspec

from tidegate.domain.assignment import candidate_share
from tidegate.domain.evidence import (
    BUCKET_SECONDS,
    ArmBucket,
    Latest,
    Tally,
    UnitEvent,
    latency_cell,
)
from tidegate.domain.exchange import Arm
from tidegate.domain.processes import certifies
from tidegate.domain.rollout import Plan, Stage, Unit
from tidegate.domain.tallying import slow_kind
from tidegate.domain.unit_savings import MILESTONES
from tidegate.domain.vote_sums import DOWN
from tidegate.rehearsal.answers import Answers, Shapes, Stake, Taken, together
from tidegate.rehearsal.course import Harm
from tidegate.rehearsal.crowd import Crowd, Requests, Users, spread
from tidegate.rehearsal.draws import Draws
from tidegate.rehearsal.impact import UNCHANGED, Change, Impact, impact
from tidegate.rehearsal.profile import DAY, profile
from tidegate.rehearsal.scenario import Scenario
from tidegate.rehearsal.staked import Staked, StakedUnits

ARMS = (Arm.CANDIDATE, Arm.CONTROL)

LONG_STRETCH = 60.0
COARSE = 60
"""In stretches of LONG_STRETCH seconds and more errors are told in spans of so many, unit events too."""

CALM_SPAN = 3600
"""The same while all tests are far from acting: of any stretch all at once."""


class Stretch(NamedTuple):
    """What came between two moments; times of buckets and events in seconds after the start."""

    buckets: list[ArmBucket]
    events: list[UnitEvent]
    candidate_requests: int


@dataclass(slots=True)
class _Errors:
    """Errors of one arm in a stretch, in the order of their times."""

    times: list[float]
    users: list[int]
    told: list[float]


@dataclass(slots=True)
class _Harmed:
    users: set[int] = field(default_factory=set[int])
    errors: int = 0
    usd: float = 0.0


class World:
    """One repetition's traffic; ask for one stretch after the other."""

    def __init__(
        self,
        scenario: Scenario,
        plan: Plan,
        draws: Draws,
        shapes: Shapes,
        *,
        salt: str,
        times: Sequence[float],
    ) -> None:
        self._scenario = scenario
        self._variants = {Arm.CANDIDATE: scenario.candidate, Arm.CONTROL: scenario.control}
        self._draws = draws
        self._profile = profile(scenario.traffic, times)
        self._most = plan.gates.trip.over if plan.gates.trip else 0
        self._crowd: Crowd = (
            Requests(draws, scenario, self._most)
            if plan.unit is Unit.REQUEST
            else Users(draws, scenario, self._most, salt, read=certifies(plan))
        )
        self._shapes = shapes
        self._plan = plan
        self._share = 0.0
        self._answers: dict[tuple[Arm, Change], Answers] = {}
        self._luck_of_day: list[float] = []
        self._harmed = _Harmed()
        self._volume = 0.0
        self._span = BUCKET_SECONDS
        self._sticky = plan.unit is not Unit.REQUEST
        self._new: dict[Arm, int] = {}
        self._reached: Counter[tuple[Arm, int]] = Counter()
        self._entered = 0.0
        limits = plan.gates.latency.limits if plan.gates.latency else ()
        cells = tuple(latency_cell(limit) for limit in limits)
        self._limits = len(limits)
        self._exceeds = [bisect_left(cells, cell) for cell in range(latency_cell(math.inf) + 1)]
        self._asked_votes = plan.gates.feedback is not None

    def enter(self, stage: Stage, at: float, exposed: int = 0) -> None:
        """A stage begins: everyone is assigned by it; of who met an earlier revision nothing is told."""
        self._crowd.enter(stage, at, exposed)
        self._share = candidate_share(stage, exposed)
        self._entered = self._volume
        self._reached.clear()
        self._answers.clear()

    def latest(self) -> tuple[Latest, ...]:
        """The newest outcome of each of the arms' latest units."""
        return tuple(self._crowd.latest(arm, self._most) for arm in ARMS) if self._most else ()

    def harm(self) -> Harm:
        """What the candidate's own faults have done so far."""
        harmed = self._harmed
        return Harm(users=len(harmed.users), errors=harmed.errors, usd=harmed.usd)

    def advance(self, begin: float, end: float, *, calm: bool = False) -> Stretch:
        """Let [begin, end) come; `calm`: no test is near what it would act on, so errors come together."""
        self._span = stretch_span(end - begin, calm=calm)
        stretch = Stretch([], [], 0)
        whole = self._profile.between(begin, end)
        self._volume += whole
        triggered = self._scenario.traffic.triggered
        volume = whole * triggered
        for arm, units in self._crowd.new(self._volume).items():
            self._new[arm] = self._new.get(arm, 0) + units
        self._reached.update(self._crowd.reached((self._volume - self._entered) * triggered))
        for arm in ARMS:
            of_arm = self._of_arm(arm, begin, end, volume)
            if triggered < 1:
                of_arm.buckets.append(self._passed_over(arm, begin, end, whole - volume))
            stretch = Stretch(
                stretch.buckets + of_arm.buckets,
                stretch.events + of_arm.events,
                stretch.candidate_requests + of_arm.candidate_requests,
            )
        return stretch

    def _of_arm(self, arm: Arm, begin: float, end: float, volume: float) -> Stretch:
        hit = impact(self._scenario.faults, self._variants[arm], arm, (begin + end) / 2)
        count, errors = self._errors(arm, begin, end, volume, hit)
        per_second = volume / (end - begin)
        events = self._crowd.note(arm, count, errors, per_second)
        if not count:
            return Stretch([], events, 0)
        taken = self._answered(arm, count, hit)
        slow = self._slow(taken.cells)
        votes = self._draws.binomial(count, self._variants[arm].votes)
        down = self._draws.binomial(votes, hit.down)
        events += self._crowd.happened(arm, self._kinds(slow, down), math.nextafter(end, begin))
        short, long = self._crowd.capped(arm, count, begin, per_second)
        whole = Tally(
            requests=count,
            errors=len(errors.times),
            triggered=count,
            triggered_errors=len(errors.times),
            faulted=len(errors.times),
            priced=count,
            cost_usd=taken.usd,
            capped_short=short,
            capped_long=long,
            units=self._new.pop(arm, 0) if self._sticky else count,
            up=votes - down,
            down=down,
            seconds=dict(taken.cells),
            slow=slow,
            bets={**taken.bets, **self._by_unit(arm, hit)},
        )
        return Stretch(
            self._slots(arm, whole, errors.times, begin, end), events, count if arm is Arm.CANDIDATE else 0
        )

    def _passed_over(self, arm: Arm, begin: float, end: float, volume: float) -> ArmBucket:
        """Requests on which the skill is not chosen: counted, not compared; they only meet shared outages."""
        shared = tuple(fault for fault in self._scenario.faults if fault.arm == "both")
        usual = self._scenario.control
        hit = impact(shared, usual, arm, (begin + end) / 2)
        count = self._draws.poisson(volume * self._crowd.weight(arm))
        bad = self._draws.binomial(count, 1 - (1 - usual.errors) * (1 - hit.errors))
        units = self._new.pop(arm, 0) if self._sticky else count
        slot = _slot(math.nextafter(end, 0.0))
        return ArmBucket(slot, arm, Tally(requests=count, errors=bad, units=units))

    def _errors(self, arm: Arm, begin: float, end: float, volume: float, hit: Impact) -> tuple[int, _Errors]:
        """How many requests came, and the errors among them."""
        draws, weight = self._draws, self._crowd.weight(arm)
        natural_share = min(weight, self._crowd.natural(arm) * self._drift(arm, begin))
        natural = draws.poisson(volume * natural_share)
        by_fault = draws.poisson(volume * (weight - natural_share) * hit.errors)
        good = draws.poisson(volume * (weight - natural_share) * (1 - hit.errors))
        users = self._crowd.meet(arm, natural, natural=True)
        met = self._crowd.meet(arm, by_fault, natural=False)
        if arm is Arm.CANDIDATE and by_fault:
            own = draws.binomial(by_fault, hit.own_errors)
            self._harmed.errors += own
            self._harmed.users.update(met[:own])
        timed = sorted((begin + draws.random() * (end - begin), user) for user in (*users, *met))
        times, last = [at for at, _ in timed], math.nextafter(end, begin)
        told = times if self._span == BUCKET_SECONDS else [min(last, told_at(at, self._span)) for at in times]
        errors = _Errors(times, [user for _, user in timed], told)
        return natural + by_fault + good, errors

    def _drift(self, arm: Arm, at: float) -> float:
        """The day's factor on errors by nature, the same luck for both arms."""
        sigma = self._variants[arm].daily_drift
        if not sigma:
            return 1.0
        day = int(at // DAY)
        while len(self._luck_of_day) <= day:
            self._luck_of_day.append(self._draws.normal())
        return spread(sigma, self._luck_of_day[day])

    def _answered(self, arm: Arm, count: int, hit: Impact) -> Taken:
        """So many answers, some of which a fault makes slower or dearer."""
        usual = self._like(arm, UNCHANGED)
        if arm is Arm.CANDIDATE:
            self._harmed.usd += count * max(0.0, usual.mean_usd - self._scenario.control.cost.mean)
        left, part = count, 1.0
        taken: Taken | None = None
        for change in hit.changes:
            chosen = self._draws.binomial(left, min(1.0, change.share / part) if part > 0 else 0.0)
            left, part = left - chosen, part - change.share
            if chosen:
                changed = self._like(arm, change)
                more = changed.take(self._draws, chosen)
                taken = together(taken, more) if taken else more
                if change.own:
                    self._harmed.usd += chosen * max(0.0, changed.mean_usd - usual.mean_usd)
        rest = usual.take(self._draws, left)
        return together(taken, rest) if taken else rest

    def _by_unit(self, arm: Arm, hit: Impact) -> dict[int, int]:
        """What the units that reached a milestone add to the savings tests.

        A unit's requests are all as they are now: those that a fault changes are a share of the units.
        """
        found: Counter[int] = Counter()
        if not self._reached:
            return found
        for number in range(len(MILESTONES)):
            left, part = self._reached.pop((arm, number), 0), 1.0
            for change in hit.changes if left else ():
                chosen = self._draws.binomial(left, min(1.0, change.share / part) if part > 0 else 0.0)
                left, part = left - chosen, part - change.share
                found.update(self._like(arm, change).units(self._draws, number, chosen))
            found.update(self._like(arm, UNCHANGED).units(self._draws, number, left))
        return found

    def _slow(self, cells: Mapping[int, int]) -> dict[int, int]:
        """How many answers exceed how many of the latency gate's limits, to the width of a histogram cell."""
        found: dict[int, int] = {}
        for cell, count in cells.items():
            exceeded = self._exceeds[cell]
            if exceeded:
                found[exceeded] = found.get(exceeded, 0) + count
        return found

    def _kinds(self, slow: Mapping[int, int], down: int) -> dict[str, int]:
        """What happened so often, by the kind of its unit event; only what the plan's gates ask for."""
        counts = {
            slow_kind(limit): sum(count for exceeded, count in slow.items() if exceeded > limit)
            for limit in range(self._limits)
        }
        return counts | ({DOWN: down} if self._asked_votes else {})

    def _like(self, arm: Arm, change: Change) -> Answers:
        key = (arm, change._replace(share=1.0))
        if key not in self._answers:
            self._answers[key] = Answers(
                self._shapes,
                self._variants[arm],
                slower=change.slower,
                sigma=change.sigma,
                dearer=change.dearer,
            )
            self._answers[key].stake(self._stake(arm))
        return self._answers[key]

    def _stake(self, arm: Arm) -> Stake | None:
        """How the arm's answers count for the savings tests of the stage."""
        gate, share = self._plan.gates.savings, self._share
        if gate is None or share >= 1 or not certifies(self._plan):
            return None
        return partial(StakedUnits if self._sticky else Staked, arm, gate=gate, share=share)

    def _slots(
        self, arm: Arm, whole: Tally, errors: Sequence[float], begin: float, end: float
    ) -> list[ArmBucket]:
        """The stretch's buckets: errors when they came, with the requests since the errors before.

        A test thus sees errors one by one (in a long stretch span by span), as the controller does; all the
        rest is in the last bucket.
        """
        width = self._span
        last = _slot(math.nextafter(end, 0.0))
        early = Counter(slot for at in errors if (slot := span_ending(at, width)) < last)
        buckets: list[ArmBucket] = []
        for slot in sorted(early):
            bad, upto = early[slot], slot + BUCKET_SECONDS
            good = self._draws.binomial(whole.requests - whole.errors, (upto - begin) / (end - begin))
            part = Tally(
                requests=good + bad,
                errors=bad,
                triggered=good + bad,
                triggered_errors=bad,
                faulted=bad,
            )
            buckets.append(ArmBucket(slot, arm, part))
            whole, begin = _less(whole, good + bad, bad), upto
        return [*buckets, ArmBucket(last, arm, whole)]


def _less(whole: Tally, requests: int, errors: int) -> Tally:
    return msgspec.structs.replace(
        whole,
        requests=whole.requests - requests,
        errors=whole.errors - errors,
        triggered=whole.triggered - requests,
        triggered_errors=whole.triggered_errors - errors,
        faulted=whole.faulted - errors,
    )


def stretch_span(seconds: float, *, calm: bool) -> int:
    """Of what length the spans are in which a stretch's errors are told."""
    if seconds < LONG_STRETCH:
        return BUCKET_SECONDS
    return CALM_SPAN if calm else COARSE


def told_at(at: float, span: int) -> float:
    """Just before the end of the span of so many seconds around `at`."""
    return math.nextafter((at // span + 1) * span, at)


def span_ending(at: float, width: int) -> int:
    """The bucket that ends a span of `width` seconds, a whole number of buckets, around `at`."""
    return int(at // width) * width + width - BUCKET_SECONDS


def _slot(at: float) -> int:
    return int(at // BUCKET_SECONDS) * BUCKET_SECONDS
