"""What to do when an upstream attempt fails: relay, retry, fall back, or give up; policy without effects."""

from enum import StrEnum

import msgspec

MAX_ATTEMPTS = 3
"""Upstream attempts of one exchange: the first and two more."""

BACKOFF_SECONDS = 0.1
"""Wait before the first retry; doubles with each further one."""

PATIENCE_SECONDS = 2.0
"""A longer `retry-after` is passed back, not waited out: the caller can plan, the gateway only block."""

TRANSIENT = frozenset({500, 502, 503, 504, 529})
"""Statuses that another try may heal. 429 is not: its client is told to slow down, and does."""

NOT_THE_BODYS_FAULT = frozenset({401, 403, 429})
"""Refusals that say nothing about the request's body, so a plain body would fare no better."""


class Cause(StrEnum):
    """How an attempt failed."""

    STATUS = "status"
    CONNECT = "connect"
    TIMEOUT = "timeout"
    RESET = "reset"
    PROTOCOL = "protocol"
    SKILL_TIMEOUT = "skill_timeout"
    HOSTED_TURN = "hosted_turn"
    """A further turn of the hosted loop was refused by the upstream."""
    HOSTED_LIMIT = "hosted_limit"
    """The model went on calling skill tools beyond the limits of the hosted loop."""
    SWITCH = "switch"
    """A switch fell between two turns of the hosted loop."""


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """One failed attempt, before any content reached the client.

    `replayable`: the upstream cannot have begun the work. `retry_after` in seconds and `should_retry` as
    the upstream's headers said, None where they said nothing.
    """

    cause: Cause
    status: int = 0
    replayable: bool = False
    retry_after: float | None = None
    should_retry: bool | None = None


class Step(StrEnum):
    """What comes next."""

    RELAY = "relay"
    """Give the client what the upstream said, or that it said nothing."""
    RETRY = "retry"
    """The same request once more, after the wait."""
    FALLBACK = "fallback"
    """The client's own request, unmodified, at once."""


class Verdict(msgspec.Struct, frozen=True):
    """The next step, and seconds to wait before it."""

    step: Step
    wait: float = 0.0


def next_step(failure: Failure, *, composed: bool, attempts: int, spread: float, left: float) -> Verdict:
    """Judge a failed attempt: `attempts` were made so far, `left` seconds remain until its deadline.

    A composed request is retried at most once, so that one attempt remains for the fallback. `spread`
    (0 to 1, the exchange's own) moves the wait between 0.5 and 1.5 of its size: retries do not march in step.
    """
    budget = MAX_ATTEMPTS - 1 if composed else MAX_ATTEMPTS
    wait = _wait(failure, attempts, spread)
    if attempts < budget and wait is not None and wait < left:
        return Verdict(Step.RETRY, wait)
    if composed and may_fall_back(failure):
        return Verdict(Step.FALLBACK)
    return Verdict(Step.RELAY)


def may_fall_back(failure: Failure) -> bool:
    """True where the plain request may do better than the composed one did."""
    return failure.cause is not Cause.STATUS or failure.status not in NOT_THE_BODYS_FAULT


def is_fault(failure: Failure) -> bool:
    """True for a failure that is the serving side's whatever the body said: a 5xx, or no answer at all."""
    if failure.cause is Cause.SWITCH:
        return False
    return failure.cause is not Cause.STATUS or failure.status >= 500


def _wait(failure: Failure, attempts: int, spread: float) -> float | None:
    """Seconds before the same request may go out again; None where it must not."""
    if failure.cause is Cause.STATUS:
        if failure.status not in TRANSIENT or failure.should_retry is False:
            return None
    elif failure.cause is not Cause.CONNECT and not failure.replayable:
        return None
    backoff = BACKOFF_SECONDS * 2 ** (attempts - 1) * (0.5 + spread)
    if failure.retry_after is None:
        return backoff
    return max(backoff, failure.retry_after) if failure.retry_after <= PATIENCE_SECONDS else None
