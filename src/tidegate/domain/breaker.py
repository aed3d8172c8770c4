"""A circuit breaker as a table: what goes on failing is left alone, and asked again by single probes."""

from enum import StrEnum

import msgspec

MEMORY_SECONDS = 300.0
"""Failures are forgotten where none has come for so long: what is seldom asked needs no breaker."""

HEALTHY_FAILURES = 2
"""An upstream with more failures in its window than this is no witness against a skill."""


FIRST_PROBE_SECONDS = 0.25
"""A breaker opens on suspicion: its first probe comes sooner than the later ones, to see if it was right."""


class State(StrEnum):
    """Closed lets everything through, open nothing, half-open a probe now and then."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class Signal(StrEnum):
    """What moves a breaker."""

    TRIP = "trip"
    """The window holds too many failures."""
    PROBE = "probe"
    """A request was let through to see."""
    RELAPSE = "relapse"
    """A probe failed."""
    RECOVER = "recover"
    """A probe succeeded."""


TABLE: dict[tuple[State, Signal], State] = {
    (State.CLOSED, Signal.TRIP): State.OPEN,
    (State.OPEN, Signal.PROBE): State.HALF_OPEN,
    (State.HALF_OPEN, Signal.PROBE): State.HALF_OPEN,
    (State.HALF_OPEN, Signal.RELAPSE): State.OPEN,
    (State.OPEN, Signal.RELAPSE): State.OPEN,
    (State.HALF_OPEN, Signal.RECOVER): State.CLOSED,
    (State.OPEN, Signal.RECOVER): State.CLOSED,
}
"""Every move there is. A slow probe may still answer after a quicker one has failed: open knows both ends."""


class Policy(msgspec.Struct, frozen=True):
    """Opens at `failures` of the latest `window` results; lets one probe through every `interval` seconds."""

    failures: int = 10
    window: int = 20
    interval: float = 2.0


class Breaker(msgspec.Struct, frozen=True):
    """The state of one breaker; times in seconds of one clock that never steps back.

    `recent`: the latest results as bits, the newest lowest, 1 for a failure; it goes on while the breaker is
    open. `turn` counts openings and closings: a result belongs to the turn in which its request was let
    through, and says nothing later.
    `whole`: opened by answers that broke off, so that only a whole answer closes it. `proven`: the latest
    probe failed where the same request without the skill did well.
    """

    state: State = State.CLOSED
    turn: int = 0
    recent: int = 0
    failed_at: float = 0.0
    probe_at: float = 0.0
    whole: bool = False
    proven: bool = False


NEW = Breaker()


def moved(state: State, signal: Signal) -> State:
    """The next state; KeyError for a pair that is not in the table, which is a defect."""
    return TABLE[state, signal]


def admits(breaker: Breaker, policy: Policy, now: float, *, last_resort: bool = False) -> bool:
    """Whether a request may go through now; where the breaker is not closed it goes as a probe.

    A `last_resort` has nowhere else to go: what fails half the time is better for it than a refusal, so it is
    stopped only where nothing succeeds any more.
    """
    if breaker.state is State.CLOSED or now >= breaker.probe_at:
        return True
    return last_resort and not is_dead(breaker, policy)


def admitted(breaker: Breaker, policy: Policy, now: float) -> Breaker:
    """The breaker after letting a request through: closed as it was, else waiting for this probe.

    The next probe may go an interval later though this one has not come back: a probe that hangs must not
    hide a recovery. So at most as many are out as intervals fit into the time one may take.
    """
    if breaker.state is State.CLOSED:
        return breaker
    return msgspec.structs.replace(
        breaker, state=moved(breaker.state, Signal.PROBE), probe_at=now + policy.interval
    )


def succeeded(breaker: Breaker, policy: Policy, turn: int, *, whole: bool = True) -> Breaker:
    """After a good result of that turn; not `whole` is the start of a stream, which tells less."""
    if turn != breaker.turn:
        return breaker
    if breaker.state is State.CLOSED:
        if not whole or not breaker.recent:
            return breaker
        return msgspec.structs.replace(breaker, recent=_shifted(breaker.recent, policy))
    if breaker.whole and not whole:
        return breaker
    return Breaker(state=moved(breaker.state, Signal.RECOVER), turn=breaker.turn + 1)


def failed(
    breaker: Breaker, policy: Policy, turn: int, now: float, *, midway: bool = False, proof: bool = False
) -> Breaker:
    """After a failure of that turn; `midway`: the answer had begun, `proof`: see `Breaker.proven`."""
    if turn != breaker.turn:
        return breaker
    if breaker.state is not State.CLOSED:
        return msgspec.structs.replace(
            breaker,
            state=moved(breaker.state, Signal.RELAPSE),
            recent=_shifted(breaker.recent, policy) | 1,
            proven=proof,
        )
    known = breaker.recent if now - breaker.failed_at <= MEMORY_SECONDS else 0
    recent = _shifted(known, policy) | 1
    if recent.bit_count() < policy.failures:
        return msgspec.structs.replace(breaker, recent=recent, failed_at=now)
    return Breaker(
        state=moved(breaker.state, Signal.TRIP),
        turn=breaker.turn + 1,
        recent=recent,
        failed_at=now,
        probe_at=now + min(policy.interval, FIRST_PROBE_SECONDS),
        whole=midway,
    )


def is_healthy(breaker: Breaker) -> bool:
    """Whether it is closed with next to no failures of late."""
    return breaker.state is State.CLOSED and breaker.recent.bit_count() <= HEALTHY_FAILURES


def is_dead(breaker: Breaker, policy: Policy) -> bool:
    """Whether as many as open it have failed in a row, the latest of all included."""
    in_a_row = (1 << policy.failures) - 1
    return breaker.recent & in_a_row == in_a_row


def _shifted(recent: int, policy: Policy) -> int:
    return (recent << 1) & ((1 << policy.window) - 1)
