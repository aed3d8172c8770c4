"""Is the candidate worse than control, by sticky unit? A heavy user must not look like a fault.

If no assignment matters to anyone, only each unit's arm is random: candidate with probability rho. So a
process reads an arm once: at a unit's first event of a kind in a window, such as a bad outcome, or a first
run of 3 bad among 5. With r0 = 1,

    S_r <- (S_r + w) * r^[candidate] / (1 + rho'(r-1)),      E = mean over r of S_r

rho' = max(rho, the candidate's share of the requests in the window so far, at most 100 a unit): a larger rho'
only lowers E, so a candidate that merely brings users back more often does not fire. A window j fires when
E_j >= 1/alpha_j; the union over windows and kinds spends alpha. The construction is that of e-RT
(arXiv 2512.04366).
"""

import math
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache

import msgspec

from tidegate.domain.assignment import judged_share
from tidegate.domain.evidence import BUCKET_SECONDS, ArmBucket, UnitEvent, UnitEvents
from tidegate.domain.exchange import Arm
from tidegate.domain.measure import ERRORS, FEEDBACK, RATIOS, Measure
from tidegate.domain.rollout import Rollout
from tidegate.domain.sequential import LARGEST, LARGEST_EXPONENT
from tidegate.domain.steps import NEVER, Steps
from tidegate.domain.tallying import slow_kind
from tidegate.domain.vote_sums import DOWN
from tidegate.domain.window import KIND_SHARES, LONG, PLANNED, SHORT, START_MASS, Calendar, Window, calendar


class Traffic(msgspec.Struct, frozen=True):
    """Capped requests of the stage so far, by arm, with the cap per long and per short step."""

    long_candidate: int = 0
    long_control: int = 0
    short_candidate: int = 0
    short_control: int = 0

    def plus(self, bucket: ArmBucket) -> "Traffic":
        """With one more bucket counted."""
        long, short = bucket.tally.capped_long, bucket.tally.capped_short
        if bucket.arm is Arm.OUTSIDE:
            return self
        if bucket.arm is Arm.CANDIDATE:
            return msgspec.structs.replace(
                self, long_candidate=self.long_candidate + long, short_candidate=self.short_candidate + short
            )
        return msgspec.structs.replace(
            self, long_control=self.long_control + long, short_control=self.short_control + short
        )

    def share_since(self, opening: "Traffic", window: Window) -> float:
        """The candidate's share of the requests since `opening`; 0 where there were none."""
        if window.span is LONG:
            candidate = self.long_candidate - opening.long_candidate
            control = self.long_control - opening.long_control
        else:
            candidate = self.short_candidate - opening.short_candidate
            control = self.short_control - opening.short_control
        return candidate / (candidate + control) if candidate + control > 0 else 0.0


class Open(msgspec.Struct, frozen=True):
    """A live window: wealth per ratio, mass spent since it opened, the traffic there had been by then."""

    window: Window
    wealth: tuple[float, ...]
    spent: float
    traffic: Traffic

    @property
    def e_value(self) -> float:
        """E on the gate's scale: it fires at 1/alpha, as the window does at 1/alpha_j."""
        return sum(self.wealth) / len(self.wealth) * self.window.alpha_share


class StickyState(msgspec.Struct, frozen=True, kw_only=True):
    """What the fold remembers; `last` is the last short step in which a unit had an event of a kind."""

    elapsed: float = -1.0
    traffic: Traffic = Traffic()
    windows: tuple[Open, ...] = ()
    last: Steps = Steps()
    peak: float = 0.0
    restarted: float | None = None


class StickyProcess(msgspec.Struct, frozen=True, kw_only=True):
    """One stage's windows; `share` is the design's share of units in the candidate, `since` epoch seconds.

    `restart` is where evidence starts anew within the stage (a person's resume): the wealth of the live
    windows is dropped, and units they have read are not read again by them.
    """

    calendar: Calendar
    share: float
    since: float
    restart: float | None = None
    ratios: tuple[float, ...] = RATIOS

    def begin(self) -> StickyState:
        """The state at the stage's start."""
        return self._open(StickyState(), 0.0)

    def fold(
        self, state: StickyState, buckets: Iterable[ArmBucket], events: Iterable[UnitEvent]
    ) -> StickyState:
        """The state after more evidence; in pieces or at once, it is the same.

        Pieces are cut at one time: buckets that end by then, events before it. Evidence after the cut may be
        folded too, as long as it is folded anew from the state at the cut once it has grown.
        """
        last: dict[tuple[str, str], int] = {}
        kinds = frozenset(kind for kind, _ in self.calendar.kinds)
        for at, came, happened in _timeline(buckets, events, kinds):
            state = self._advance(state, at)
            if came:
                traffic = state.traffic
                for bucket in came:
                    traffic = traffic.plus(bucket)
                state = msgspec.structs.replace(state, traffic=traffic)
            if happened:
                state = self._read(state, _new(happened, state.last, last), at - self.since)
        return msgspec.structs.replace(state, last=state.last.later(last)) if last else state

    def e_values(self, state: StickyState) -> tuple[float, float]:
        """E now and at its highest since the stage began or was restarted, both on the gate's scale."""
        if self.restart is not None and state.restarted != self.restart:
            return 0.0, 0.0
        return max([live.e_value for live in state.windows], default=0.0), state.peak

    def _advance(self, state: StickyState, at: float) -> StickyState:
        elapsed = max(0.0, at - self.since)
        if self.restart is not None and state.restarted != self.restart and at >= self.restart:
            state = self._restarted(self._open(state, self.restart - self.since), self.restart)
        return self._open(state, elapsed) if elapsed > state.elapsed else state

    def _open(self, state: StickyState, elapsed: float) -> StickyState:
        if state.elapsed >= 0 and state.elapsed // SHORT.step == elapsed // SHORT.step:
            return msgspec.structs.replace(state, elapsed=max(elapsed, state.elapsed))
        live = tuple(each for each in state.windows if elapsed < each.window.opens + each.window.span.life)
        opening = tuple(
            Open(window, (START_MASS,) * len(self.ratios), 0.0, state.traffic)
            for window in self.calendar.opening(state.elapsed, elapsed)
        )
        elapsed = max(elapsed, state.elapsed)
        return msgspec.structs.replace(state, elapsed=elapsed, windows=live + opening)

    def _read(self, state: StickyState, happened: "Happened", elapsed: float) -> StickyState:
        """Let every live window read the arms of the units that it has not read yet; of one time at once."""
        windows: list[Open] = []
        peak = state.peak
        for live in state.windows:
            of_kind = happened.get(live.window.kind)
            if of_kind is None:
                windows.append(live)
                continue
            first = live.window.first_step
            candidate = both = 0
            for step, before, of_candidate, of_both in of_kind:
                if before < first <= step:
                    candidate += of_candidate
                    both += of_both
            if both:
                live = self._bet(live, candidate, both, elapsed, state.traffic)  # noqa: PLW2901 (as it is now)
                peak = max(peak, live.e_value)
            windows.append(live)
        return msgspec.structs.replace(state, windows=tuple(windows), peak=peak)

    def _bet(self, live: Open, candidate: int, both: int, elapsed: float, traffic: Traffic) -> Open:
        rho = max(self.share, traffic.share_since(live.traffic, live.window))
        spent = max(live.spent, live.window.spent(elapsed))
        begun = spent - live.spent
        exp = math.exp
        wealth = [
            (s + begun) * exp(exponent if exponent < LARGEST_EXPONENT else LARGEST_EXPONENT)
            for s, log_r, log_d in zip(live.wealth, *_logarithms(self.ratios, rho), strict=True)
            for exponent in (candidate * log_r - both * log_d,)
        ]
        if not max(wealth) < LARGEST:
            wealth = [min(LARGEST, each) for each in wealth]
        return Open(live.window, tuple(wealth), spent, live.traffic)

    def _restarted(self, state: StickyState, restart: float) -> StickyState:
        windows = tuple(
            Open(
                each.window, (0.0,) * len(self.ratios), each.window.spent(restart - self.since), each.traffic
            )
            for each in state.windows
        )
        return msgspec.structs.replace(state, windows=windows, peak=0.0, restarted=restart)


def sticky_process(
    rollout: Rollout, restart: float | None = None, measure: Measure = ERRORS
) -> StickyProcess:
    """The process of a rollout's current stage, by that measure."""
    return StickyProcess(
        calendar=calendar(rollout.plan, rollout.stage, _kinds(measure)),
        share=judged_share(rollout),
        since=rollout.stage_since,
        restart=restart,
        ratios=measure.ratios,
    )


def _kinds(measure: Measure) -> tuple[tuple[str, float], ...]:
    """The kinds of unit events of a measure, each with its part of alpha."""
    if measure.name == "latency":
        return tuple((slow_kind(limit), PLANNED / measure.counts) for limit in range(measure.counts))
    return ((DOWN, PLANNED),) if measure is FEEDBACK else KIND_SHARES


Happened = Mapping[str, Sequence[tuple[int, int, int, int]]]
"""Events of one time by kind: the event's step, the step of the unit's event before, how many such events of
the candidate's units there were, and of both arms'."""


def _new(events: Iterable[UnitEvent], known: Steps, last: dict[tuple[str, str], int]) -> Happened:
    """The events by kind; `last` is brought up to date with them.

    What a unit had in that step already, or in a later one, no window reads: it is left out.
    """
    counts: dict[tuple[str, int, int], list[int]] = {}
    older, newer = known.older, known.newer
    for event in events:
        kind, step, units = event.kind, event.step, 1
        if isinstance(event, UnitEvents):
            before, units = event.before, event.units
        else:
            key = (kind, event.unit)
            before = last.get(key)
            if before is None:
                before = newer.get(key)
                if before is None:
                    before = older.get(key, NEVER)
            last[key] = max(step, before)
        if step > before:
            pair = counts.get((kind, step, before))
            if pair is None:
                pair = counts[kind, step, before] = [0, 0]
            pair[1] += units
            if event.arm is Arm.CANDIDATE:
                pair[0] += units
    found: dict[str, list[tuple[int, int, int, int]]] = {}
    for (kind, step, before), (candidate, both) in counts.items():
        found.setdefault(kind, []).append((step, before, candidate, both))
    return found


@lru_cache(64)
def _logarithms(ratios: tuple[float, ...], rho: float) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """By ratio r: ln r, and ln(1 + rho (r-1))."""
    return tuple(map(math.log, ratios)), tuple(math.log1p(rho * (r - 1)) for r in ratios)


def _timeline(
    buckets: Iterable[ArmBucket], events: Iterable[UnitEvent], kinds: Container[str]
) -> Iterator[tuple[float, list[ArmBucket], list[UnitEvent]]]:
    """Times in order, with the buckets that end then and the events of these kinds that happen then.

    A bet on an arm never knows its own bucket's traffic; what happens at one time is looked at once, so its
    order among itself does not matter.
    """
    times: dict[float, tuple[list[ArmBucket], list[UnitEvent]]] = {}
    for each in buckets:
        times.setdefault(each.start + BUCKET_SECONDS, ([], []))[0].append(each)
    for each in events:
        if each.kind in kinds and each.arm is not Arm.OUTSIDE:
            place = times.get(each.at)
            if place is None:
                place = times[each.at] = ([], [])
            place[1].append(each)
    for at in sorted(times):
        yield at, *times[at]
