"""The circuit breakers of one process: one for each upstream and model, one for each skill version."""

import logging
from collections.abc import Sequence

from tidegate.domain import metrics
from tidegate.domain.breaker import (
    NEW,
    Breaker,
    Policy,
    State,
    admits,
    admitted,
    failed,
    is_healthy,
    succeeded,
)
from tidegate.ports import Clock, Meter

_log = logging.getLogger("tidegate.breakers")

_SHOWN = {State.CLOSED: 0.0, State.HALF_OPEN: 1.0, State.OPEN: 2.0}


class Breakers:
    """Breakers of one kind (`upstream`, `skill`) by name; one that never saw a failure takes no room.

    Clients name models freely, so at most `at_most` are kept: beyond, the oldest is forgotten.
    """

    def __init__(self, kind: str, policy: Policy, meter: Meter, clock: Clock, *, at_most: int = 1000) -> None:
        self.kind = kind
        self._policy = policy
        self._meter = meter
        self._clock = clock
        self._at_most = at_most
        self._kept: dict[str, Breaker] = {}
        self._told: dict[str, float] = {}

    def __getitem__(self, name: str) -> Breaker:
        """The breaker as it is now."""
        return self._kept.get(name, NEW)

    @property
    def troubled(self) -> Sequence[tuple[str, Breaker]]:
        """Those that are not closed."""
        return [each for each in self._kept.items() if each[1].state is not State.CLOSED]

    @property
    def known(self) -> bool:
        """Whether anything has failed at all."""
        return bool(self._kept)

    def admits(self, name: str) -> bool:
        """Whether `enter` would let a request through."""
        breaker = self._kept.get(name)
        return breaker is None or admits(breaker, self._policy, self._clock.monotonic())

    def enter(self, name: str, *, last_resort: bool = False) -> int | None:
        """Ask to go through: the turn to report the result with, None where the breaker says no.

        A `last_resort` has nowhere else to go: see `admits`.
        """
        breaker = self._kept.get(name)
        if breaker is None:
            return NEW.turn
        if breaker.state is State.CLOSED:
            return breaker.turn
        now = self._clock.monotonic()
        if not admits(breaker, self._policy, now, last_resort=last_resort):
            return None
        self._keep(name, breaker, admitted(breaker, self._policy, now))
        return breaker.turn

    def succeeded(self, name: str, turn: int, *, whole: bool = True) -> None:
        """Report a good result; not `whole` for the start of a stream."""
        breaker = self._kept.get(name)
        if breaker is not None:
            self._keep(name, breaker, succeeded(breaker, self._policy, turn, whole=whole))

    def failed(self, name: str, turn: int, *, midway: bool = False, proof: bool = False) -> None:
        """Report a failure; `midway`: the answer had begun, `proof`: the plain request did well."""
        breaker = self._kept.get(name, NEW)
        after = failed(breaker, self._policy, turn, self._clock.monotonic(), midway=midway, proof=proof)
        self._keep(name, breaker, after)

    def is_healthy(self, name: str) -> bool:
        """Whether next to nothing has failed there of late."""
        return is_healthy(self[name])

    def seconds_to_probe(self, name: str) -> float:
        """How long until a request may go through again."""
        breaker = self[name]
        return 0.0 if breaker.state is State.CLOSED else max(0.0, breaker.probe_at - self._clock.monotonic())

    def _keep(self, name: str, before: Breaker, after: Breaker) -> None:
        if after is before:
            return
        if name not in self._kept and len(self._kept) >= self._at_most:
            self._forget()
        self._kept[name] = after
        if after.state is not before.state:
            self._tell(name, before, after)

    def _forget(self) -> None:
        """Drop the oldest that is closed, or the oldest at all."""
        closed = (name for name, breaker in self._kept.items() if breaker.state is State.CLOSED)
        name = next(closed, next(iter(self._kept)))
        del self._kept[name]
        self._told.pop(name, None)
        self._meter.clear(metrics.BREAKER_STATE, (self.kind, name))

    def _is_news(self, name: str) -> bool:
        """What fails half the time opens again and again: people are told once an interval."""
        now = self._clock.monotonic()
        last = self._told.get(name)
        if last is not None and now - last < self._policy.interval:
            return False
        self._told[name] = now
        return True

    def _tell(self, name: str, before: Breaker, after: Breaker) -> None:
        """Count each transition; log where it opens and where it closes, not the probes between."""
        self._meter.set(metrics.BREAKER_STATE, (self.kind, name), _SHOWN[after.state])
        self._meter.add(metrics.BREAKER_TRANSITIONS, (self.kind, name, after.state.value))
        if before.state is State.CLOSED and self._is_news(name):
            _log.warning(
                "a breaker opened: too many of the latest attempts failed",
                extra={
                    "kind": self.kind,
                    "target": name,
                    "failures": self._policy.failures,
                    "of": self._policy.window,
                    "probe_every": self._policy.interval,
                },
            )
        elif after.state is State.CLOSED:
            _log.info("a breaker closed: a probe went well", extra={"kind": self.kind, "target": name})
