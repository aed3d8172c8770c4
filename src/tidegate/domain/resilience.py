"""What to do when an attempt fails: the same again, the plain request, the next provider, or give up."""

from enum import StrEnum

import msgspec

COMPOSED_RETRIES = 1
"""A composed request is tried once more before its skills are left out."""

PLAIN_RETRIES = 2
"""The client's own request is tried twice more where it was the first to go out."""

RESCUE_RETRIES = 1
"""A plain request that has to save a composed one, or has another provider behind it, is tried once more."""

BACKOFF_SECONDS = 0.05
"""Wait before the first retry; doubles with each further one."""

PATIENCE_SECONDS = 2.0
"""A longer `retry-after` is passed back, not waited out: the caller can plan, the gateway only block."""

TRANSIENT = frozenset({500, 502, 503, 504, 529})
"""Statuses that another try may heal. 429 is not: its client is told to slow down, and does."""

NOT_THE_BODYS_FAULT = frozenset({401, 403, 429})
"""Refusals that say nothing about the request's body, so a plain body would fare no better there."""

OF_THE_UPSTREAM = frozenset({"status", "connect", "timeout", "reset", "protocol"})
"""Causes by which an upstream, or a model there, fails without a skill's doing."""


class Cause(StrEnum):
    """How an attempt failed, or why it was not made."""

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
    BREAKER = "breaker"


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """One failed attempt, before any content reached the client; `status` is that of what was refused.

    `replayable`: the upstream cannot have begun the work. `retry_after` in seconds and `should_retry` as
    the upstream's headers said, None where they said nothing. `unasked`: the gateway refused it itself, as
    the upstream's API has no words for it, which speaks of neither the upstream nor a skill. `arriving`: cut
    for lack of time while a whole answer came in, which an upstream that is well may take long over.
    """

    cause: Cause
    status: int = 0
    replayable: bool = False
    retry_after: float | None = None
    should_retry: bool | None = None
    unasked: bool = False
    arriving: bool = False


class Path(StrEnum):
    """Which request was tried: the fallback chain, in its order."""

    COMPOSED = "composed"
    """With skills, or the candidate's model."""
    PLAIN = "plain"
    """As the client wrote it."""
    FURTHER = "further"
    """The client's request at another model or provider."""


class Step(StrEnum):
    """What comes next."""

    RELAY = "relay"
    """Give the client what the upstream said, or that it said nothing."""
    RETRY = "retry"
    """The same request once more, after the wait."""
    FALLBACK = "fallback"
    """The client's own request, unmodified, at once."""
    NEXT = "next"
    """The next model or provider of the chain, at once."""


class Situation(msgspec.Struct, frozen=True, kw_only=True):
    """Where an exchange stands: `tries` of this path were made, `retries` more are allowed at most.

    `further`: the chain has another model or provider. `elsewhere`: the candidate's model or upstream is not
    the one of the plain request. `left` seconds remain until this path's deadline.
    `spread` (0 to 1, the exchange's own) moves waits between 0.5 and 1.5 of their size: retries do not march
    in step.
    """

    path: Path
    tries: int
    retries: int
    further: bool
    elsewhere: bool = False
    spread: float
    left: float


class Verdict(msgspec.Struct, frozen=True):
    """The next step, and seconds to wait before it."""

    step: Step
    wait: float = 0.0


def next_step(failure: Failure, at: Situation) -> Verdict:
    """Judge a failed attempt."""
    wait = _wait(failure, at.tries, at.spread)
    if at.tries <= at.retries and wait is not None and wait < at.left:
        return Verdict(Step.RETRY, wait)
    if at.path is Path.COMPOSED and may_fall_back(failure, elsewhere=at.elsewhere):
        return Verdict(Step.FALLBACK)
    if at.further and (at.path is Path.FURTHER or may_go_on(failure)):
        return Verdict(Step.NEXT)
    return Verdict(Step.RELAY)


def retries_of(path: Path, *, rescues: bool, further: bool) -> int:
    """How often a path's request may be repeated; `rescues`: a composed one has failed before it."""
    match path:
        case Path.COMPOSED:
            return COMPOSED_RETRIES
        case Path.PLAIN:
            return RESCUE_RETRIES if rescues or further else PLAIN_RETRIES
        case Path.FURTHER:
            return 0


def may_fall_back(failure: Failure, *, elsewhere: bool) -> bool:
    """True where the plain request may do better than the composed one did."""
    return elsewhere or not is_about_the_key(failure)


def is_about_the_key(failure: Failure) -> bool:
    """True for a refusal of whoever asks, whatever the body said."""
    return failure.cause is Cause.STATUS and failure.status in NOT_THE_BODYS_FAULT


def may_go_on(failure: Failure) -> bool:
    """True where another provider may do better: never for what the client did wrong. A 401 is not its doing:
    the key that was refused is the gateway's.
    """
    return is_fault(failure) or failure.status in (401, 429)


def is_fault(failure: Failure) -> bool:
    """True for a failure that is the serving side's whatever the body said: a 5xx, or no answer at all."""
    if failure.cause is Cause.SWITCH:
        return False
    return failure.cause is not Cause.STATUS or failure.status >= 500


def is_refused_turn(cause: str, status: int) -> bool:
    """True for a further turn of the hosted loop that the upstream understood and would not have.

    It grew by what the skills' tools put into it, so it says nothing of the upstream's health.
    """
    return cause == Cause.HOSTED_TURN.value and status < 500


def _wait(failure: Failure, tries: int, spread: float) -> float | None:
    """Seconds before the same request may go out again; None where it must not."""
    if failure.cause is Cause.STATUS:
        if not _heals(failure):
            return None
    elif failure.cause is not Cause.CONNECT and not failure.replayable:
        return None
    backoff = BACKOFF_SECONDS * 2 ** (tries - 1) * (0.5 + spread)
    if failure.retry_after is None:
        return backoff
    return max(backoff, failure.retry_after) if failure.retry_after <= PATIENCE_SECONDS else None


def _heals(failure: Failure) -> bool:
    """Whether the upstream's refusal may pass: as its `x-should-retry` says, else by the status."""
    if failure.status == 429 or failure.should_retry is False:
        return False
    return failure.should_retry is True or failure.status in TRANSIENT
