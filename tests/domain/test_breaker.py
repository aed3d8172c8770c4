"""Breakers: the table, when they open and close, and walks that never leave a fault or a recovery unseen."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tidegate.domain.breaker import (
    MEMORY_SECONDS,
    NEW,
    TABLE,
    Breaker,
    Policy,
    Signal,
    State,
    admits,
    admitted,
    failed,
    is_healthy,
    moved,
    succeeded,
)

POLICY = Policy(failures=10, window=20, interval=2.0)


def after(results: str, start: Breaker = NEW, *, now: float = 0.0) -> Breaker:
    """The breaker after results, `x` a failure, `.` a success."""
    breaker = start
    for result in results:
        if result == "x":
            breaker = failed(breaker, POLICY, breaker.turn, now)
        else:
            breaker = succeeded(breaker, POLICY, breaker.turn)
    return breaker


OPEN = after("x" * 10)
PROBING = admitted(OPEN, POLICY, 2.0)


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("signal", list(Signal))
def test_a_signal_moves_by_the_table_or_is_a_defect(state: State, signal: Signal) -> None:
    if (state, signal) in TABLE:
        assert moved(state, signal) is TABLE[state, signal]
        return
    with pytest.raises(KeyError):
        moved(state, signal)


@pytest.mark.parametrize(
    ("results", "state"),
    [
        ("x" * 9, State.CLOSED),
        ("x" * 10, State.OPEN),
        ("x." * 9 + "x", State.OPEN),
        ("x..." * 20, State.CLOSED),
        ("." * 1000 + "x" * 10, State.OPEN),
        ("x" * 9 + "." * 20 + "x" * 9, State.CLOSED),
    ],
)
def test_it_opens_where_half_of_the_latest_twenty_failed(results: str, state: State) -> None:
    assert after(results).state is state


def test_failures_of_long_ago_are_forgotten() -> None:
    breaker = after("x" * 9)
    assert failed(breaker, POLICY, breaker.turn, MEMORY_SECONDS).state is State.OPEN
    assert failed(breaker, POLICY, breaker.turn, MEMORY_SECONDS + 1).recent == 1


def test_open_lets_the_first_probe_through_soon_and_then_one_an_interval() -> None:
    assert [admits(OPEN, POLICY, now) for now in (0.0, 0.24, 0.25)] == [False, False, True]
    assert PROBING.state is State.HALF_OPEN
    assert [admits(PROBING, POLICY, now) for now in (2.0, 3.9, 4.0)] == [False, False, True]


def test_a_probe_that_succeeds_closes_it_with_a_clean_window() -> None:
    closed = succeeded(PROBING, POLICY, PROBING.turn)
    assert (closed.state, closed.recent) == (State.CLOSED, 0)
    assert after("x" * 9, closed).state is State.CLOSED


def test_a_probe_that_fails_keeps_it_open_for_the_rest_of_the_interval() -> None:
    relapsed = failed(PROBING, POLICY, PROBING.turn, 2.5)
    assert (relapsed.state, admits(relapsed, POLICY, 3.9), admits(relapsed, POLICY, 4.0)) == (
        State.OPEN,
        False,
        True,
    )


def test_a_second_probe_may_close_what_the_first_left_open() -> None:
    second = admitted(PROBING, POLICY, 4.0)
    relapsed = failed(second, POLICY, second.turn, 4.1)
    assert succeeded(relapsed, POLICY, second.turn).state is State.CLOSED


def test_a_hanging_probe_does_not_hide_a_recovery() -> None:
    assert admits(PROBING, POLICY, 4.0)
    assert admitted(PROBING, POLICY, 4.0).state is State.HALF_OPEN


def test_results_of_an_earlier_turn_say_nothing() -> None:
    assert succeeded(PROBING, POLICY, NEW.turn) is PROBING
    assert failed(PROBING, POLICY, NEW.turn, 3.0) is PROBING
    closed = succeeded(PROBING, POLICY, PROBING.turn)
    assert failed(closed, POLICY, NEW.turn, 3.0) is closed
    assert failed(closed, POLICY, PROBING.turn, 3.0) is closed


@pytest.mark.parametrize(
    ("results", "passes"),
    [
        ("x" * 10, False),
        ("." * 20 + "x" * 10, False),
        ("x." * 9 + "x", True),
        (".." + "x" * 9 + ".x", True),
        ("x." * 9 + "x" * 9, True),
        ("x." * 9 + "x" * 10, False),
    ],
)
def test_a_last_resort_is_stopped_only_where_ten_in_a_row_have_failed(results: str, passes: bool) -> None:
    breaker = after(results)
    assert breaker.state is State.OPEN
    assert not admits(breaker, POLICY, 0.0)
    assert admits(breaker, POLICY, 0.0, last_resort=True) is passes


def test_a_last_resort_that_succeeds_closes_it() -> None:
    passed = admitted(after("x." * 9 + "x"), POLICY, 0.0)
    assert succeeded(passed, POLICY, passed.turn).state is State.CLOSED


def test_a_streams_start_closes_it_unless_streams_that_broke_off_had_opened_it() -> None:
    assert succeeded(PROBING, POLICY, PROBING.turn, whole=False).state is State.CLOSED
    breaker = NEW
    for _ in range(10):
        breaker = failed(breaker, POLICY, breaker.turn, 0.0, midway=True)
    probing = admitted(breaker, POLICY, 2.0)
    assert succeeded(probing, POLICY, probing.turn, whole=False) is probing
    assert succeeded(probing, POLICY, probing.turn).state is State.CLOSED


def test_a_streams_start_is_no_result_while_closed() -> None:
    breaker = after("xxx")
    assert succeeded(breaker, POLICY, breaker.turn, whole=False) is breaker


def test_what_opened_on_a_suspicion_is_proven_by_its_latest_probe_alone() -> None:
    assert not OPEN.proven
    proven = failed(PROBING, POLICY, PROBING.turn, 3.0, proof=True)
    assert proven.proven
    again = admitted(proven, POLICY, 4.0)
    assert again.proven
    assert not failed(again, POLICY, again.turn, 5.0).proven
    assert not succeeded(again, POLICY, again.turn).proven


@pytest.mark.parametrize(
    ("results", "healthy"), [("", True), ("xx", True), ("xxx", False), ("x" * 10, False)]
)
def test_a_witness_has_next_to_no_failures_of_its_own(results: str, healthy: bool) -> None:
    assert is_healthy(after(results)) is healthy


@given(st.integers(1, 64).flatmap(lambda window: st.tuples(st.integers(1, window), st.just(window))))
def test_total_failure_opens_it_after_as_many_failures_as_are_set(sizes: tuple[int, int]) -> None:
    policy = Policy(*sizes)
    breaker = NEW
    for number in range(1, sizes[0] + 1):
        assert breaker.state is State.CLOSED, number
        breaker = failed(breaker, policy, breaker.turn, 0.0)
    assert breaker.state is State.OPEN


class Walk(RuleBasedStateMachine):
    """Requests go in and come back in any order, well or not, while time passes."""

    @initialize()
    def begin(self) -> None:
        self.breaker = NEW
        self.now = 0.0
        self.out: list[int] = []
        self.probes: list[float] = []
        self.failures = 0

    @rule(seconds=st.sampled_from([0.1, 1.0, 2.0, 30.0, 1000.0]))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    @rule()
    def ask_as_a_last_resort(self) -> None:
        """It passes wherever another does, and where the latest ten did not all fail."""
        ten = 2**10 - 1
        passes = admits(self.breaker, POLICY, self.now, last_resort=True)
        assert passes or self.breaker.recent & ten == ten
        assert passes or not admits(self.breaker, POLICY, self.now)
        if passes:
            self.breaker = admitted(self.breaker, POLICY, self.now)
            self.out.append(self.breaker.turn)
            self.probes.append(self.now)

    @rule()
    def ask(self) -> None:
        if not admits(self.breaker, POLICY, self.now):
            assert self.breaker.state is not State.CLOSED
            assert self.now < self.breaker.probe_at <= self.now + POLICY.interval
            return
        if self.breaker.state is not State.CLOSED:
            assert not self.probes or self.now >= self.probes[-1] + POLICY.interval
            self.probes.append(self.now)
        self.breaker = admitted(self.breaker, POLICY, self.now)
        self.out.append(self.breaker.turn)

    @precondition(lambda self: self.out)
    @rule(data=st.data(), whole=st.booleans())
    def good(self, data: st.DataObject, whole: bool) -> None:
        turn = self.out.pop(data.draw(st.integers(0, len(self.out) - 1)))
        before = self.breaker
        self.breaker = succeeded(before, POLICY, turn, whole=whole)
        self._moved(before, turn)
        assert self.breaker.state is not State.OPEN or before.state is not State.CLOSED

    @precondition(lambda self: self.out)
    @rule(data=st.data(), midway=st.booleans(), proof=st.booleans(), burst=st.integers(1, 12))
    def bad(self, data: st.DataObject, midway: bool, proof: bool, burst: int) -> None:
        turn = self.out.pop(data.draw(st.integers(0, len(self.out) - 1)))
        for _ in range(burst if self.breaker.state is State.CLOSED else 1):
            before = self.breaker
            self.breaker = failed(before, POLICY, turn, self.now, midway=midway, proof=proof)
            self._moved(before, turn)
            assert self.breaker.state is not State.CLOSED or before.state is State.CLOSED

    def _moved(self, before: Breaker, turn: int) -> None:
        if turn != before.turn:
            assert self.breaker is before
        changed = (before.state is State.CLOSED) != (self.breaker.state is State.CLOSED)
        assert self.breaker.turn == before.turn + changed
        if changed:
            self.probes.clear()

    @invariant()
    def the_window_is_bounded(self) -> None:
        assert self.breaker.recent < 2**POLICY.window
        assert self.breaker.state is not State.CLOSED or self.breaker.recent.bit_count() < POLICY.failures

    @invariant()
    def a_recovery_is_seen_within_an_interval(self) -> None:
        """However many probes are out: by then one more may go, and its success closes the breaker."""
        if self.breaker.state is not State.CLOSED:
            then = self.now + POLICY.interval
            assert admits(self.breaker, POLICY, then)
            probing = admitted(self.breaker, POLICY, then)
            assert succeeded(probing, POLICY, probing.turn).state is State.CLOSED


TestWalk = Walk.TestCase
