"""A rollout: its plan, its state, and the table of transitions; a pair not in the table is an error."""

from enum import StrEnum

import msgspec

from tidegate.domain.cost import ModelPrice
from tidegate.domain.lexical import THRESHOLD
from tidegate.domain.routing import Route
from tidegate.domain.schedule import ALWAYS, Schedule


class Unit(StrEnum):
    """What is kept on one side."""

    USER = "user"
    CONVERSATION = "conversation"
    REQUEST = "request"


class SkillRef(msgspec.Struct, frozen=True):
    """A skill pinned to one version by digest."""

    name: str
    version: int
    digest: str


class CachePolicy(msgspec.Struct, frozen=True, kw_only=True):
    """For how many seconds an answer may be given again, and to which requests.

    `when`: `deterministic`, those of temperature 0, or `always`.
    """

    ttl_seconds: float
    when: str = "deterministic"


class Variant(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A serving policy; seconds for times; `model` None serves the model the client asked for, `cache` None
    asks the provider anew for every request.

    `lexical`: skills are also chosen by the words of their descriptions, from `threshold` on.
    """

    skills: tuple[SkillRef, ...] = ()
    model: str | None = None
    system: str = "keep"
    route: Route | None = None
    """The models by the skills' effectiveness; `model` is then what is served where it does not choose."""
    timeout_seconds: float = 5.0
    deadline_seconds: float | None = None
    """Of an exchange as a whole; None: the setting of the gateway that serves it."""
    cache: CachePolicy | None = None
    lexical: bool = True
    threshold: float = THRESHOLD


class Stage(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Weight and holdout in basis points of 10,000; bake in seconds; `promote` is manual or auto."""

    name: str
    weight: int
    bake_seconds: float
    promote: str = "manual"
    report: str = "daily"
    holdout: int = 0
    approvals: int = 1
    """By how many different people a `manual` stage is promoted."""


class ErrorsGate(msgspec.Struct, frozen=True, kw_only=True):
    """Errors against control (sequential test) and against an absolute limit at the stage's end (a ratio)."""

    max: float | None = None
    worse: str = "rollback"


class LatencyGate(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How long answers take, in seconds: against control, and the 95th percentile at the stage's end.

    `of`: `total`, or `first_token` (of what is no stream: the answer). `limits`, rising, are the times beyond
    which requests of both arms are counted and compared; they are fixed when the rollout starts.
    """

    p95: float | None = None
    of: str = "total"
    worse: str = "rollback"
    limits: tuple[float, ...] = ()


class SloGate(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Shares that the candidate's requests must not exceed, whatever control does: ratios, `over` in seconds.

    Never a reason to roll back: an outage that both arms share is not the candidate's fault.
    """

    errors: float | None = None
    slow: float | None = None
    over: float = 5.0
    worse: str = "pause"


class FeedbackGate(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Votes against control, and the least share of thumbs up at the stage's end (a ratio)."""

    min: float | None = None
    worse: str = "pause"


class RatioGate(msgspec.Struct, frozen=True, kw_only=True):
    """Whether units fall to the arms as the stage's weight says."""

    worse: str = "pause"


class ExpectedCost(msgspec.Struct, frozen=True, kw_only=True):
    """What a request was expected to cost before the rollout, in US dollars: by itself, and by byte asked.

    Of one request at most `cap` counts.
    """

    base: float
    per_byte: float
    cap: float

    def of(self, asked_bytes: int) -> float:
        return min(self.cap, self.base + self.per_byte * asked_bytes)


class SavingsGate(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Savings of the candidate against concurrent control, as ratios.

    `expected`, fixed when the rollout starts, is what certifying them rests on (None: no past tells it), and
    `prices` are those it was reckoned by; both are fixed anew where prices change (`domain/repricing`).
    """

    min: float
    floor: float | None = None
    worse: str = "hold"
    unsure: str = "hold"
    expected: ExpectedCost | None = None
    prices: tuple[ModelPrice, ...] = ()


class SamplesGate(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Triggered candidate requests needed before a stage may be judged.

    Where they are missing a stage extends itself by at most `extend_seconds` (None: by its bake time again).
    People are told where no request comes for `quiet_seconds` (None: an hour).
    """

    min: int
    unsure: str = "hold"
    extend_seconds: float | None = None
    quiet_seconds: float | None = None


class TripGate(msgspec.Struct, frozen=True, kw_only=True):
    """Roll back at once when this share of the latest distinct units failed, unless control trips too."""

    errors: float
    over: int


class Gates(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The gates this plan asks for; None where it does not."""

    errors: ErrorsGate | None = None
    latency: LatencyGate | None = None
    slo: SloGate | None = None
    feedback: FeedbackGate | None = None
    ratio: RatioGate | None = None
    savings: SavingsGate | None = None
    samples: SamplesGate | None = None
    trip: TripGate | None = None


class After(msgspec.Struct, frozen=True, kw_only=True):
    """What stays control once completed: holdout in basis points, for so many seconds."""

    holdout: int = 0
    for_seconds: float = 0.0


class Eligible(msgspec.Struct, frozen=True, kw_only=True):
    """Which requests the rollout covers; `*` covers every tenant or task."""

    tenants: tuple[str, ...] = ("*",)
    tasks: tuple[str, ...] = ("*",)


class Plan(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A spec with every skill resolved to a digest: what the controller carries out."""

    name: str
    unit: Unit
    eligible: Eligible
    baseline: Variant
    candidate: Variant
    stages: tuple[Stage, ...]
    gates: Gates
    after: After = After()
    schedule: Schedule = ALWAYS


class Phase(StrEnum):
    """Where a rollout is in its life."""

    DRAFT = "draft"
    PROGRESSING = "progressing"
    PAUSED = "paused"
    AWAITING_APPROVAL = "awaiting-approval"
    COMPLETED = "completed"
    ROLLED_BACK = "rolled-back"
    ABORTED = "aborted"


ACTIVE = frozenset({Phase.PROGRESSING, Phase.PAUSED, Phase.AWAITING_APPROVAL})


class Move(StrEnum):
    """What can happen to a rollout, by the controller or by a person."""

    START = "start"
    ASK = "ask"
    ADVANCE = "advance"
    COMPLETE = "complete"
    APPROVE = "approve"
    PROMOTE = "promote"
    PAUSE = "pause"
    RESUME = "resume"
    ROLLBACK = "rollback"
    ABORT = "abort"
    RETRY = "retry"
    REVISE = "revise"
    UNDO = "undo"
    ALARM = "alarm"
    """After completion the absolute gate has found a limit broken."""
    CALM = "calm"
    """Its limits are kept again: it watches on."""
    REPRICE = "reprice"
    """What requests cost has changed: from now on savings are judged anew."""


class Left(msgspec.Struct, frozen=True):
    """Which part of the gates' alpha this attempt may spend: all, or after revisions what they left of it.

    `comparing` for the tests against control, `saving` for the certificate and the floor.
    """

    comparing: float = 1.0
    saving: float = 1.0


class Rollout(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A plan in execution; `attempt` counts retries and revisions, each with evidence of its own.

    A retry has a random salt of its own as well; a revision goes on with the units as they were assigned.
    """

    name: str
    plan: Plan
    phase: Phase
    stage: int = 0
    attempt: int = 1
    salt: str
    """32 hex digits, drawn at start and at each retry, never chosen."""
    created_at: float
    created_by: str
    stage_since: float = 0.0
    """When the current stage was entered."""
    phase_since: float = 0.0
    paused_from: Phase | None = None
    paused_seconds: float = 0.0
    """Time paused within the stage; it does not count as baking."""
    resumed_at: float | None = None
    """When the current stage was last resumed; a gate that only pauses judges anew from here."""
    completed_at: float | None = None
    alarmed_at: float | None = None
    """Since when, after completion, a limit has been broken; None while none is."""
    rearmed_at: float | None = None
    """When that was over last; the absolute gate judges anew from here."""
    approved_by: tuple[str, ...] = ()
    """Who has approved of what the current stage asks for, where one approval is not enough."""
    revisions: int = 0
    """How often the candidate was revised since the salt was drawn."""
    exposed: int = 0
    """Units in buckets below this one have met an earlier revision: they are served, and judged no more."""
    left: Left = Left()
    next_candidate: Variant | None = None
    """A revision that takes effect when the current stage is promoted."""
    repricings: int = 0
    """How often prices changed since the salt was drawn."""
    repriced_at: float | None = None
    """When they last did within the current stage; its savings are judged from here."""
    version: int = 0
    """Rises with every commit; a commit against another version than it read is a Conflict."""

    @property
    def current(self) -> Stage:
        return self.plan.stages[self.stage]


class Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One entry of a hash-chained log; `stream` is `rollout:NAME`, `switch`, `keys` or `skills`."""

    stream: str
    seq: int
    at: float
    actor: str
    kind: str
    reason: str
    data: msgspec.Raw = msgspec.Raw(b"{}")
    """JSON: for a rollout the phase and stage before and after, the verdicts and the evidence judged."""
    previous_hash: str = ""
    hash: str = ""
