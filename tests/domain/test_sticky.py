"""The errors test by sticky unit: windows, exact values, folding in pieces."""

import math
from collections import Counter
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.domain.evidence import ArmBucket, Tally, UnitEvent, UnitEvents
from tidegate.domain.exchange import Arm
from tidegate.domain.measure import ALPHA_ERRORS, RATIOS
from tidegate.domain.sticky import StickyProcess
from tidegate.domain.window import LONG, SHORT, Calendar, Window

HOUR = 3600.0
SINCE = 1_000_000.0
ARMS = (Arm.CANDIDATE, Arm.CONTROL)
THRESHOLD = 1 / ALPHA_ERRORS


def windows(bake: float, upto: float, stages: int = 1, counts: tuple[int, int] | None = None) -> list[Window]:
    planned = counts or (math.ceil(bake / LONG.step), math.ceil(bake / SHORT.step))
    return list(Calendar(bake_seconds=bake, stages=stages, counts=planned).opening(-1.0, upto))


def process(bake: float = 72 * HOUR, share: float = 0.05, restart: float | None = None) -> StickyProcess:
    counts = (math.ceil(bake / LONG.step), math.ceil(bake / SHORT.step))
    return StickyProcess(
        calendar=Calendar(bake_seconds=bake, stages=1, counts=counts),
        share=share,
        since=SINCE,
        restart=restart,
    )


def event(unit: str, arm: Arm, at: float, kind: str = "bad") -> UnitEvent:
    return UnitEvent(unit=unit, arm=arm, kind=kind, step=int(at // SHORT.step), at=SINCE + at)


def traffic(at: int, arm: Arm, n: int) -> ArmBucket:
    return ArmBucket(int(SINCE) + at, arm, Tally(capped_short=n, capped_long=n))


def test_windows_open_at_the_stages_start_and_every_step() -> None:
    made = windows(72 * HOUR, 71 * HOUR)
    long = [w.opens / HOUR for w in made if w.span is LONG and w.kind == "bad"]
    short = [w.opens / HOUR for w in made if w.span is SHORT and w.kind == "bad"]
    assert long == [0, 24, 48]
    assert short == [3 * n for n in range(24)]
    assert len(made) == 2 * (3 + 24)


def test_planned_windows_spend_nine_tenths_of_alpha_as_designed() -> None:
    made = windows(288 * HOUR, 288 * HOUR - 1)
    assert sum(w.alpha_share for w in made) == pytest.approx(0.9)
    long_bad = next(w for w in made if w.span is LONG and w.kind == "bad")
    assert long_bad.alpha_share == pytest.approx(0.7 * 0.5 * 24 / 288)
    short_streak = next(w for w in made if w.span is SHORT and w.kind == "streak")
    assert short_streak.alpha_share == pytest.approx(0.2 * 0.5 * 3 / 288)


@given(st.lists(st.floats(1, 400 * HOUR), min_size=1, max_size=5))
def test_all_windows_of_all_stages_together_spend_no_more_than_alpha(bakes: list[float]) -> None:
    counts = tuple(sum(math.ceil(b / span.step) for b in bakes) for span in (LONG, SHORT))
    planned = extensions = 0.0
    for bake in bakes:
        calendar = Calendar(bake_seconds=bake, stages=len(bakes), counts=counts)
        for w in calendar.opening(-1.0, bake + 30 * 24 * HOUR):
            if w.opens < bake:
                planned += w.alpha_share
            else:
                extensions += w.alpha_share
    assert planned == pytest.approx(0.9)
    assert 0.09 < extensions < 0.1


@given(st.lists(st.floats(0, 300 * HOUR), max_size=12), st.floats(1, 200 * HOUR))
def test_windows_do_not_depend_on_when_one_looks(looks: list[float], bake: float) -> None:
    calendar = Calendar(bake_seconds=bake, stages=2, counts=(9, 70))
    after, seen = -1.0, list[Window]()
    for upto in [*sorted(looks), 300 * HOUR]:
        seen += calendar.opening(after, upto)
        after = upto
    key = [(w.opens, w.span.step, w.kind, w.alpha_share) for w in seen]
    whole = calendar.opening(-1.0, 300 * HOUR)
    assert sorted(key) == sorted((w.opens, w.span.step, w.kind, w.alpha_share) for w in whole)


def test_a_window_never_spends_more_than_its_mass_and_no_later_than_planned() -> None:
    short_stage = windows(20.0, 10.0)
    assert {w.spread for w in short_stage} == {20.0}
    last = next(w for w in windows(25 * HOUR, 24 * HOUR) if w.span is LONG and w.opens == 24 * HOUR)
    assert last.spread == HOUR
    assert last.spent(24 * HOUR) == 0
    assert last.spent(24.5 * HOUR) == 0.25
    assert last.spent(99 * HOUR) == 0.5


def test_one_unit_by_hand() -> None:
    p = process()
    state = p.fold(p.begin(), [], [event("u", Arm.CANDIDATE, 36.0)])
    by_hand = {}
    for span, part in ((LONG, 0.7 / 2 / 3), (SHORT, 0.7 / 2 / 24)):
        w = 0.5 + 0.5 * 36 / span.life
        by_hand[span] = sum(w * r / (1 + 0.05 * (r - 1)) for r in RATIOS) / 9 * part
    assert {x.window.span: x.e_value for x in state.windows if x.window.kind == "bad"} == pytest.approx(
        by_hand
    )
    assert p.e_values(state) == pytest.approx((by_hand[LONG], by_hand[LONG]))
    assert all(x.wealth == (0.5,) * 9 for x in state.windows if x.window.kind == "streak")


def test_a_unit_is_read_once_a_window() -> None:
    p = process()
    once = p.fold(p.begin(), [], [event("u", Arm.CANDIDATE, 10.0)])
    twice = p.fold(once, [], [event("u", Arm.CANDIDATE, 10.0), event("u", Arm.CANDIDATE, 4 * HOUR)])
    wealth = {x.window.opens: x for x in twice.windows if x.window.span is SHORT and x.window.kind == "bad"}
    assert wealth[0].wealth == next(x for x in once.windows if x.window == wealth[0].window).wealth
    assert wealth[3 * HOUR].e_value > 0.5 * wealth[3 * HOUR].window.alpha_share


def test_a_closed_window_is_dropped() -> None:
    p = process()
    state = p.fold(p.begin(), [], [event("u", Arm.CONTROL, 6 * HOUR)])
    opens = [
        x.window.opens / HOUR for x in state.windows if x.window.span is SHORT and x.window.kind == "bad"
    ]
    assert opens == [3, 6]


def test_total_failure_of_the_canary_fires_within_six_units() -> None:
    p = process()
    state = p.fold(p.begin(), [], [event(f"u{n}", Arm.CANDIDATE, 10.0 + n) for n in range(6)])
    assert p.e_values(state)[1] >= THRESHOLD
    calm = p.fold(p.begin(), [], [event(f"u{n}", Arm.CANDIDATE, 10.0 + n) for n in range(2)])
    assert p.e_values(calm)[1] < THRESHOLD


def test_an_outage_of_both_arms_does_not_fire() -> None:
    p = process()
    arms = [Arm.CANDIDATE if n % 20 == 7 else Arm.CONTROL for n in range(2000)]
    state = p.fold(p.begin(), [], [event(f"u{n}", arm, 10.0 + n / 100) for n, arm in enumerate(arms)])
    assert p.e_values(state)[1] < THRESHOLD


def test_units_that_come_more_often_in_the_candidate_raise_its_expected_share() -> None:
    p = process()
    seen = [traffic(0, Arm.CANDIDATE, 30), traffic(0, Arm.CONTROL, 70)]
    state = p.fold(p.begin(), seen, [event("u", Arm.CANDIDATE, 36.0)])
    w = 0.5 + 0.5 * 36 / LONG.life
    expected = sum(w * r / (1 + 0.3 * (r - 1)) for r in RATIOS) / 9 * 0.7 / 2 / 3
    assert p.e_values(state)[0] == pytest.approx(expected)


def test_traffic_of_the_events_own_bucket_is_not_known_to_its_bet() -> None:
    p = process()
    plain = p.fold(p.begin(), [], [event("u", Arm.CANDIDATE, 3.0)])
    same = p.fold(p.begin(), [traffic(0, Arm.CANDIDATE, 50)], [event("u", Arm.CANDIDATE, 3.0)])
    assert p.e_values(plain) == p.e_values(same)


def test_traffic_before_a_window_opened_is_not_in_its_share() -> None:
    p = process()
    early = [traffic(0, Arm.CANDIDATE, 500), traffic(0, Arm.CONTROL, 500)]
    later = [traffic(int(3 * HOUR) + 5, Arm.CONTROL, 100)]
    state = p.fold(p.begin(), early + later, [event("u", Arm.CANDIDATE, 3 * HOUR + 100)])
    opened = next(x for x in state.windows if x.window.opens == 3 * HOUR and x.window.kind == "bad")
    w = 0.5 + 0.5 * 100 / SHORT.life
    assert opened.wealth == pytest.approx([w * r / (1 + 0.05 * (r - 1)) for r in RATIOS])


def test_outside_units_are_no_evidence() -> None:
    p = process()
    assert p.fold(p.begin(), [], [event("u", Arm.OUTSIDE, 5.0)]).windows == p.begin().windows


def test_a_restart_drops_wealth_and_reads_no_unit_again() -> None:
    before = [event(f"u{n}", Arm.CANDIDATE, 10.0 + n) for n in range(9)]
    after = [event("u0", Arm.CANDIDATE, 30.0), event("new", Arm.CANDIDATE, 31.0)]
    p = process()
    fired = p.fold(p.begin(), [], before)
    assert p.e_values(fired)[1] > THRESHOLD
    again = process(restart=SINCE + 25)
    assert again.e_values(fired) == (0.0, 0.0)
    state = again.fold(fired, [], after)
    long = next(x for x in state.windows if x.window.span is LONG and x.window.kind == "bad")
    begun = 0.5 * (31 - 25) / LONG.life
    assert long.wealth == pytest.approx([begun * r / (1 + 0.05 * (r - 1)) for r in RATIOS])
    assert again.e_values(state)[1] < 1
    assert state == again.fold(again.begin(), [], before + after)


units = st.integers(0, 12).map(lambda n: f"u{n}")
events = st.lists(
    st.builds(
        event,
        units,
        st.sampled_from([Arm.CANDIDATE, Arm.CONTROL]),
        st.floats(0, 40 * HOUR).map(lambda s: round(s, 1)),
        st.sampled_from(["bad", "streak"]),
    ),
    max_size=25,
    unique_by=lambda e: (e.unit, e.kind, e.step),
)
sums = st.lists(
    st.builds(
        traffic,
        st.integers(0, 28_000).map(lambda n: 5 * n),
        st.sampled_from([Arm.CANDIDATE, Arm.CONTROL]),
        st.integers(0, 9),
    ),
    max_size=15,
)


@given(sums, events, st.lists(st.integers(0, 28_000), max_size=4))
def test_folding_in_pieces_is_folding_at_once(buckets, happened, cuts) -> None:
    p = process(30 * HOUR)
    state, begun = p.begin(), 0.0
    for cut in [*sorted(SINCE + 5 * c for c in cuts), math.inf]:
        state = p.fold(
            state,
            [b for b in buckets if begun < b.start + 5 <= cut],
            [e for e in happened if begun <= e.at < cut],
        )
        begun = cut
    assert state == p.fold(p.begin(), buckets, happened)


@given(sums, events, st.randoms(use_true_random=False))
def test_the_order_in_which_replicas_report_does_not_matter(buckets, happened, shuffle) -> None:
    p = process(30 * HOUR)
    mixed, said = list(buckets), [*happened, *happened]
    shuffle.shuffle(mixed)
    shuffle.shuffle(said)
    one, two = p.fold(p.begin(), mixed, said), p.fold(p.begin(), buckets, happened)
    assert (one.windows, one.peak, one.last) == (two.windows, two.peak, two.last)


@given(st.lists(st.booleans(), min_size=1, max_size=30))
def test_events_of_one_time_are_looked_at_once(candidate: list[bool]) -> None:
    p = process()
    arms = [Arm.CANDIDATE if each else Arm.CONTROL for each in candidate]
    at_once = p.fold(p.begin(), [], [event(f"u{n}", arm, 36.0) for n, arm in enumerate(arms)])
    one_by_one = p.fold(p.begin(), [], [event(f"u{n}", arm, 36.0 + n * 1e-9) for n, arm in enumerate(arms)])
    found = {(x.window.span, x.window.kind): x.e_value for x in at_once.windows}
    wanted = {(x.window.span, x.window.kind): x.e_value for x in one_by_one.windows}
    assert found == pytest.approx(wanted)
    assert at_once.peak <= one_by_one.peak * (1 + 1e-9)


@pytest.mark.parametrize("stream", range(50))
def test_units_counted_beforehand_are_judged_as_events_of_their_own_are(stream: int) -> None:
    """A rehearsal counts whom something happened to at one time, by the step of their event before."""
    draws = Random(stream)
    single: list[UnitEvent] = []
    counted: list[UnitEvent] = []
    last: dict[str, int] = {}
    for at in sorted(draws.uniform(0, 40 * HOUR) for _ in range(60)):
        step = int(at // SHORT.step)
        for arm, users in ((Arm.CANDIDATE, range(10)), (Arm.CONTROL, range(10, 100))):
            hit = [str(user) for user in users if draws.random() < 0.1 and last.get(str(user), -1) < step]
            single += [event(user, arm, at) for user in hit]
            counts = Counter(last.get(user, -1) for user in hit)
            counted += [
                UnitEvents(unit="", arm=arm, kind="bad", step=step, at=SINCE + at, units=units, before=before)
                for before, units in counts.items()
            ]
            last |= dict.fromkeys(hit, step)
    buckets = [traffic(int(hour * HOUR), arm, 50) for hour in range(40) for arm in ARMS]
    test = process()
    one, other = (test.fold(test.begin(), buckets, events) for events in (single, counted))
    assert one.peak > 0
    assert (one.windows, one.peak, test.e_values(one)) == (other.windows, other.peak, test.e_values(other))
