"""An exchange: one client request and what came of it."""

from enum import StrEnum

import msgspec


class Outcome(StrEnum):
    """The closed set of results; the user's and the skill path's are two fields of it."""

    OK = "ok"
    CLIENT_ERROR = "client_error"
    POLICY_DENIED = "policy_denied"
    UPSTREAM_ERROR = "upstream_error"
    UPSTREAM_TIMEOUT = "upstream_timeout"
    SKILL_ERROR = "skill_error"
    SKILL_TIMEOUT = "skill_timeout"
    CLIENT_CLOSED = "client_closed"


BAD_OUTCOMES = frozenset(
    {Outcome.UPSTREAM_ERROR, Outcome.UPSTREAM_TIMEOUT, Outcome.SKILL_ERROR, Outcome.SKILL_TIMEOUT}
)
"""Outcomes that the user felt and that count as errors; a client's own mistake or hang-up does not."""


class Arm(StrEnum):
    """What a unit is assigned: the new variant, the concurrent control, or neither."""

    CANDIDATE = "candidate"
    CONTROL = "control"
    OUTSIDE = "outside"


class Usage(msgspec.Struct, frozen=True, omit_defaults=True):
    """Billed tokens, each kind apart (Anthropic's meaning: input excludes cache reads and writes)."""

    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_5m_tokens: int = 0
    cache_write_1h_tokens: int = 0

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
            self.cache_read_tokens + other.cache_read_tokens,
            self.cache_write_5m_tokens + other.cache_write_5m_tokens,
            self.cache_write_1h_tokens + other.cache_write_1h_tokens,
        )


class SkillUse(msgspec.Struct, frozen=True):
    """One skill that was selected for the request, and why."""

    name: str
    version: int
    reason: str
    score: float


class Stakes(msgspec.Struct, frozen=True, array_like=True):
    """By what an exchange's cost is judged: its stage's share of candidates and its plan's savings gate.

    `expected`, before the rollout, of a request of its size, and the `cap` on what counts of one, in US
    dollars; `min` and `floor` (None: there is none) as ratios.
    """

    expected: float
    cap: float
    share: float
    min: float
    floor: float | None = None


class Exchange(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The ledger's line; epoch seconds, durations in seconds, cost in US dollars (None: unpriced)."""

    id: str
    at: float
    finished_at: float
    tenant: str
    key_id: str
    unit_hash: str
    conversation_hash: str = ""
    task: str = ""
    route: str = "messages"
    revision: int = 0
    rollout: str | None = None
    attempt: int = 0
    stage: int | None = None
    stage_name: str | None = None
    stage_since: float = 0.0
    """When the stage was entered, stamped at assignment like the stage itself."""
    unit_kind: str = "user"
    """The rollout's unit: `user`, `conversation` or `request`."""
    arm: Arm = Arm.OUTSIDE
    triggered: bool = False
    counted: bool = True
    """False where the exchange counts in neither arm (an unknown conversation within a step's grace)."""
    stays: bool = False
    """Not counted: a conversation in progress stays with control, though its unit is the candidate's."""
    slow: int = 0
    """How many of the latency gate's limits it exceeded, by that gate's measure."""
    asked_bytes: int = 0
    """The size of the client's request as it came, before anything was added to it."""
    stakes: Stakes | None = None
    """Where each request is a unit of its own and its plan's savings can be certified."""
    skills: tuple[SkillUse, ...] = ()
    wanted: tuple[SkillUse, ...] = ()
    """What the candidate would have served, told of control exchanges: what skills are weighed against."""
    model: str = ""
    routed: str | None = None
    """Which model of the variant's route was served: `small`, `middle` or `asked`; None without a route."""
    outcome: Outcome
    skill_outcome: Outcome | None = None
    status: int
    seconds: float
    first_token_seconds: float | None = None
    usage: Usage = Usage()
    cost_usd: float | None = None
    cache: str | None = None
    cache_key: str = ""
    """The beginning of the key that it was looked up by, in hex: equal requests have the same. It is a keyed
    hash, so that it tells nobody what was asked."""
    fallback: str | None = None
    attempts: int = 1
    turns: int = 1
    """Upstream turns: more than one where the model called the gateway's tools, or paused."""
    skill_errors: tuple[str, ...] = ()
    """Why calls of the gateway's tools were answered with an error, each as often as it happened."""
    first_attempt_failed: bool = False
    """The first upstream attempt failed (5xx, timeout, reset, or a 4xx that the plain request did not get),
    whether or not a retry or a fallback then saved the answer."""
    stream: bool = False
    message_id: str | None = None
    delivered: bool | None = None
    """From the later Amend: whether the last bytes were handed over; None while unknown. No evidence."""
    delivered_seconds: float | None = None

    @property
    def bad(self) -> bool:
        """The user felt an error."""
        return self.outcome in BAD_OUTCOMES

    @property
    def faulted(self) -> bool:
        """What the arms are compared on: a user-visible error, or an answer that had to be rescued.

        A broken skill hides behind its fallback, a broken upstream behind a retry; both arms count their
        first attempt alike, so neither hides and a shared outage still weighs on both.
        """
        return self.first_attempt_failed or self.outcome in BAD_OUTCOMES


class Amend(msgspec.Struct, frozen=True):
    """What became known after the record: whether the last bytes were handed over, and when."""

    id: str
    delivered: bool
    seconds: float


class Vote(msgspec.Struct, frozen=True, kw_only=True):
    """A user's thumb on an answer; `request_id` is ours or the message's `msg_…` id."""

    request_id: str
    vote: str
    at: float
    tenant: str
    comment: str | None = None
