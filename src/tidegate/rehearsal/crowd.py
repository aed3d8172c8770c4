"""Who asks: the users of both arms, or requests that nobody keeps together; and whom an error meets."""

from bisect import bisect
from collections import OrderedDict, deque
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Protocol

from tidegate.domain.assignment import arm as arm_of
from tidegate.domain.assignment import bucket, candidate_share
from tidegate.domain.evidence import Latest, UnitEvent
from tidegate.domain.exchange import Arm
from tidegate.domain.rollout import Stage
from tidegate.rehearsal.capped import Capped
from tidegate.rehearsal.draws import Draws
from tidegate.rehearsal.reaching import Reached, Reaching
from tidegate.rehearsal.scenario import Scenario, Variant
from tidegate.rehearsal.streaks import Streaks

BUSIEST = 32
"""Users, the busiest of an arm: with the usual Zipf exponent half of its requests are theirs."""

_MANY = 300
"""Requests from which on it is sooner done to draw how many the busiest sent."""

TENANT = "rehearsal"
LARGEST_RATE = 0.95
"""No user fails more often than this by nature."""


class Errors(Protocol):
    """Errors of one arm in one stretch: when they came, whom they met, and what times their events bear."""

    @property
    def times(self) -> Sequence[float]: ...
    @property
    def users(self) -> Sequence[int]: ...
    @property
    def told(self) -> Sequence[float]: ...


class Crowd(Protocol):
    """Both arms of a stage."""

    def enter(self, stage: Stage, since: float, exposed: int = 0) -> None:
        """Assign everyone to the arms of a stage that begins `since` seconds after the start."""
        ...

    def weight(self, arm: Arm) -> float:
        """Requests of the arm, as a share of the expected traffic."""
        ...

    def natural(self, arm: Arm) -> float:
        """Requests of the arm that fail without any fault, as such a share."""
        ...

    def meet(self, arm: Arm, count: int, *, natural: bool) -> list[int]:
        """Whom so many errors met: by nature, or by a fault."""
        ...

    def note(self, arm: Arm, count: int, errors: Errors, per_second: float) -> list[UnitEvent]:
        """Remember a stretch's requests and errors; the unit events of it."""
        ...

    def happened(self, arm: Arm, counts: Mapping[str, int], at: float) -> list[UnitEvent]:
        """The unit events of what happened so often in the stretch that ends at `at`, by kind.

        What a kind happened to, all kinds with a smaller count happened to as well, as it is with limits.
        """
        ...

    def new(self, volume: float) -> Mapping[Arm, int]:
        """Units first seen by when so many requests of all were expected, since this was asked last."""
        ...

    def reached(self, volume: float) -> Reached:
        """Units that reached a milestone of the savings tests, by when so many requests were expected."""
        ...

    def capped(self, arm: Arm, count: int, at: float, per_second: float) -> tuple[int, int]:
        """How many of the arm's requests count in the short and in the long window step."""
        ...

    def latest(self, arm: Arm, most: int) -> Latest:
        """The newest outcomes."""
        ...


class Requests:
    """`unit: request`: each request by itself."""

    def __init__(self, draws: Draws, scenario: Scenario, most: int) -> None:
        self._draws = draws
        self._variants = {Arm.CANDIDATE: scenario.candidate, Arm.CONTROL: scenario.control}
        self._running = running_activity(scenario)
        self._most = most
        self._share = 0.0
        self._latest: dict[Arm, deque[bool]] = {}

    def enter(self, stage: Stage, since: float, exposed: int = 0) -> None:
        del since, exposed
        self._share = candidate_share(stage)
        self._latest = {arm: deque(maxlen=self._most) for arm in self._variants}

    def weight(self, arm: Arm) -> float:
        """Whoever a good answer brings back is assigned anew: more usage is more of both arms."""
        usage = 1 + self._share * (self._variants[Arm.CANDIDATE].usage - 1)
        return usage * (self._share if arm is Arm.CANDIDATE else 1 - self._share)

    def natural(self, arm: Arm) -> float:
        return self.weight(arm) * self._variants[arm].errors

    def meet(self, arm: Arm, count: int, *, natural: bool) -> list[int]:
        del arm, natural
        return picks(self._draws, self._running, count)

    def note(self, arm: Arm, count: int, errors: Errors, per_second: float) -> list[UnitEvent]:
        del per_second
        self._latest[arm].extend(last_outcomes(self._draws, count, len(errors.times), self._most))
        return []

    def happened(self, arm: Arm, counts: Mapping[str, int], at: float) -> list[UnitEvent]:
        del arm, counts, at
        return []

    def new(self, volume: float) -> Mapping[Arm, int]:
        del volume
        return {}

    def reached(self, volume: float) -> Reached:
        del volume
        return {}

    def capped(self, arm: Arm, count: int, at: float, per_second: float) -> tuple[int, int]:
        del arm, at, per_second
        return count, count

    def latest(self, arm: Arm, most: int) -> Latest:
        newest = list(self._latest[arm])[-most:] if most else []
        return Latest(arm=arm, units=len(newest), bad=sum(newest))


class Users:
    """`unit: user` (and `conversation`): heavy and light users, each kept in one arm by the real hash.

    `read`: whether their costs are read at milestones.
    """

    def __init__(self, draws: Draws, scenario: Scenario, most: int, salt: str, *, read: bool) -> None:
        self._draws = draws
        self._read = read
        self._counted = counts_alike(scenario)
        self._variants = {Arm.CANDIDATE: scenario.candidate, Arm.CONTROL: scenario.control}
        self._activity = activity(scenario)
        self._luck = [draws.normal() for _ in self._activity]
        self._buckets = [bucket(salt, TENANT, str(user)) for user in range(len(self._activity))]
        self._most = most
        self._arms: dict[Arm, _Arm] = {}
        self._reaching: Reaching | None = None
        self._arriving = sorted(
            ((draws.gamma(1.0) / share, user) for user, share in enumerate(self._activity)), reverse=True
        )

    def enter(self, stage: Stage, since: float, exposed: int = 0) -> None:
        self._stage, self._exposed = stage, exposed
        sides: dict[Arm, list[int]] = {Arm.CANDIDATE: [], Arm.CONTROL: []}
        for user, place in enumerate(self._buckets):
            if place < exposed:
                continue
            sides[arm_of(place, stage)].append(user)
        self._arms = {
            arm: _Arm(
                self._draws,
                self._variants[arm],
                members,
                self._activity,
                self._luck,
                since=since,
                counted=self._counted,
            )
            for arm, members in sides.items()
        }
        shares = {arm: of_arm.shares for arm, of_arm in self._arms.items()}
        self._reaching = Reaching(self._draws, shares) if self._read else None

    def weight(self, arm: Arm) -> float:
        return self._arms[arm].weight

    def natural(self, arm: Arm) -> float:
        return self._arms[arm].natural

    def meet(self, arm: Arm, count: int, *, natural: bool) -> list[int]:
        of = self._arms[arm]
        return of.unlucky(count) if natural else [of.hit() for _ in range(count)]

    def note(self, arm: Arm, count: int, errors: Errors, per_second: float) -> list[UnitEvent]:
        of = self._arms[arm]
        bad = last_outcomes(self._draws, count, len(errors.times), 3 * self._most)
        of.remember(bad, errors.users, self._most)
        return of.streaks.events(arm, errors.times, errors.users, told=errors.told, per_second=per_second)

    def happened(self, arm: Arm, counts: Mapping[str, int], at: float) -> list[UnitEvent]:
        of = self._arms[arm]
        found: list[UnitEvent] = []
        met: list[int] = []
        before = 0
        for kind, count in sorted(counts.items(), key=lambda each: each[1]):
            met += of.met(count - before)
            before = count
            found += of.streaks.first(arm, kind, met, at)
        return found

    def new(self, volume: float) -> Mapping[Arm, int]:
        found = dict.fromkeys(self._arms, 0)
        while self._arriving and self._arriving[-1][0] <= volume:
            user = self._arriving.pop()[1]
            if self._buckets[user] >= self._exposed:
                found[self._side(user)] += 1
        return found

    def reached(self, volume: float) -> Reached:
        return self._reaching.by(volume) if self._reaching else {}

    def _side(self, user: int) -> Arm:
        return arm_of(self._buckets[user], self._stage)

    def capped(self, arm: Arm, count: int, at: float, per_second: float) -> tuple[int, int]:
        return self._arms[arm].capped.of(count, at, per_second)

    def latest(self, arm: Arm, most: int) -> Latest:
        newest = list(self._arms[arm].newest.values())[-most:] if most else []
        return Latest(arm=arm, units=len(newest), bad=sum(newest))


class _Arm:
    """The users of one arm in one stage."""

    def __init__(
        self,
        draws: Draws,
        variant: Variant,
        members: list[int],
        activity: Sequence[float],
        luck: Sequence[float],
        *,
        since: float,
        counted: bool,
    ) -> None:
        self._draws = draws
        self._members = members
        self.shares = shares = [variant.usage * activity[user] for user in members]
        rates = [natural_rate(variant, luck[user]) for user in members]
        self._rates = rates
        self._running = list(accumulate(shares))
        self._others = list(accumulate(shares[BUSIEST:]))
        self._failing = list(accumulate(share * rate for share, rate in zip(shares, rates, strict=True)))
        self.weight = self._running[-1] if members else 0.0
        self.natural = self._failing[-1] if members else 0.0
        self.newest: OrderedDict[int, bool] = OrderedDict()
        self.streaks = Streaks(draws, dict(zip(members, shares, strict=True)), since, counted=counted)
        self.capped = Capped(draws, sorted(shares, reverse=True), since)

    def met(self, count: int) -> list[int]:
        """Who sent so many requests, at least once each.

        Of many requests the busiest users sent more than half: how many were theirs is drawn one user after
        the other, which is the same as drawing each request's user, and sooner done.
        """
        if count < _MANY or len(self._members) <= BUSIEST:
            return self._draws.chosen(self._members, self._running, count) if count else []
        found: list[int] = []
        left, weight = count, self.weight
        for user, share in zip(self._members[:BUSIEST], self.shares[:BUSIEST], strict=True):
            theirs = self._draws.binomial(left, min(1.0, share / weight))
            left, weight = left - theirs, weight - share
            if theirs:
                found.append(user)
        return found + self._draws.chosen(self._members[BUSIEST:], self._others, left)

    def unlucky(self, count: int) -> list[int]:
        """Whom so many errors by nature met."""
        members = self._members
        return [members[place] for place in picks(self._draws, self._failing, count)]

    def hit(self) -> int:
        """Whom an error by a fault met, that would have had a good answer."""
        while True:
            place = pick(self._draws, self._running)
            if self._draws.random() >= self._rates[place]:
                return self._members[place]

    def remember(self, outcomes: Sequence[bool], users: Sequence[int], most: int) -> None:
        """Let the arm's newest requests come, the failed among them by these users.

        Who had the good answers matters only beside failed ones: where there is none among enough of them,
        the latest are nobody in particular.
        """
        failed = list(users[-sum(outcomes) :]) if any(outcomes) else []
        if not failed and len(outcomes) >= 3 * most:
            self.newest = OrderedDict((-n, False) for n in range(1, most + 1))
            return
        newest: OrderedDict[int, bool] = OrderedDict()
        for bad in reversed(outcomes):
            user = failed.pop() if bad and failed else self._members[pick(self._draws, self._running)]
            newest.setdefault(user, bad)
            if len(newest) >= most:
                break
        for user in newest:
            self.newest.pop(user, None)
        self.newest.update(reversed(newest.items()))
        while len(self.newest) > 2 * most:
            self.newest.popitem(last=False)


def counts_alike(scenario: Scenario) -> bool:
    """Whether events may be told as counts: no evidence overtakes other evidence."""
    return not scenario.traffic.replica_lag


def activity(scenario: Scenario) -> list[float]:
    """Each user's share of the requests, the busiest first: rank^-zipf."""
    raw = [rank**-scenario.traffic.zipf for rank in range(1, scenario.traffic.users + 1)]
    total = sum(raw)
    return [each / total for each in raw]


def running_activity(scenario: Scenario) -> list[float]:
    """Its running sums."""
    return list(accumulate(activity(scenario)))


def natural_rate(variant: Variant, luck: float) -> float:
    """How often a user's requests fail without any fault; log-normal with the arm's rate as its mean."""
    if not variant.user_spread:
        return min(LARGEST_RATE, variant.errors)
    return min(LARGEST_RATE, variant.errors * spread(variant.user_spread, luck))


def spread(sigma: float, z: float) -> float:
    """A log-normal factor of mean 1."""
    return 2.718281828459045 ** (sigma * z - sigma * sigma / 2)


def pick(draws: Draws, running: Sequence[float]) -> int:
    """A place by its weight, given the running sums of the weights."""
    return min(len(running) - 1, bisect(running, draws.random() * running[-1]))


def picks(draws: Draws, running: Sequence[float], count: int) -> list[int]:
    """So many places."""
    if not count:
        return []
    random, total, last = draws.random, running[-1], len(running) - 1
    return [min(last, bisect(running, random() * total)) for _ in range(count)]


def last_outcomes(draws: Draws, count: int, bad: int, most: int) -> list[bool]:
    """The newest of `count` requests, at most so many, of which `bad` failed, in any order."""
    if not bad:
        return [False] * min(count, most)
    found: list[bool] = []
    left = bad
    for n in range(count, max(0, count - most), -1):
        failed = draws.random() * n < left
        left -= failed
        found.append(failed)
    found.reverse()
    return found
