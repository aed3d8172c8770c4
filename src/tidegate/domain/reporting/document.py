"""The shape of a rollout's report: what JSON shows, and what Markdown and HTML are drawn from.

Times are RFC 3339 in UTC, durations seconds, money US dollars, shares and savings ratios; null: not known.
"""

import msgspec

from tidegate.domain.stage_record import Criterion, Votes
from tidegate.domain.verdict import Verdict


class PeriodShown(msgspec.Struct, frozen=True, kw_only=True):
    """Half-open; `as_of` is the newest thing in it: what has not happened by then is not in the report."""

    label: str
    since: str
    until: str
    as_of: str
    timezone: str


class Tokens(msgspec.Struct, frozen=True, kw_only=True):
    """Tokens by kind, as billed."""

    input: int = 0
    output: int = 0
    cache_read: int = 0
    cache_write_5m: int = 0
    cache_write_1h: int = 0


class ArmFigures(msgspec.Struct, frozen=True, kw_only=True):
    """What an arm did. Latencies (within 2 %), faults and `cost_usd` are of triggered requests, tokens and
    outcomes of all that count. `priced` and `cost_usd` are what the savings rest on.
    """

    requests: int
    triggered: int
    units: int | None
    outcomes: dict[str, int]
    skill_failures: dict[str, int]
    fallbacks: dict[str, int]
    errors: int
    error_ratio: float | None
    triggered_errors: int
    faulted: int
    p50_seconds: float | None
    p95_seconds: float | None
    p99_seconds: float | None
    priced: int
    unpriced: int
    cost_usd: float | None
    cost_per_request_usd: float | None
    cache_hits: int
    tokens: Tokens
    tasks: int
    resolved_tasks: int
    cost_per_resolved_task_usd: float | None
    up: int
    down: int


class BothArms(msgspec.Struct, frozen=True):
    """Side by side."""

    candidate: ArmFigures
    control: ArmFigures


class Interval(msgspec.Struct, frozen=True):
    """Savings: the point, and a 95 % interval that may be looked at on any day (null: under 30 units)."""

    point: float | None = None
    low: float | None = None
    high: float | None = None


class SavingsDay(msgspec.Struct, frozen=True, kw_only=True):
    """One day by itself, and the stage up to its end; `e_value` is the certificate's at that time."""

    day: str
    candidate_priced: int
    control_priced: int
    candidate_usd: float | None
    control_usd: float | None
    alone: Interval
    so_far: Interval
    e_value: float | None


class Certificate(msgspec.Struct, frozen=True, kw_only=True):
    """Whether savings of `min` are certain. `state`: `certified` (`since` then), `not-yet`, `below-floor` or
    `none`, where `reason` says why there can be none; it is sure once E has reached `needed`.
    """

    state: str
    min: float | None = None
    floor: float | None = None
    e_value: float | None = None
    needed: float | None = None
    since: str | None = None
    reason: str


class Sustained(msgspec.Struct, frozen=True, kw_only=True):
    """For how many of the last days the interval's lower bound was at `min` or above, at each day's end."""

    min: float
    days: int
    since: str | None


class Savings(msgspec.Struct, frozen=True, kw_only=True):
    """The candidate's savings against concurrent control in this stage, up to the report's end."""

    so_far: Interval
    certificate: Certificate
    sustained: Sustained | None
    days: tuple[SavingsDay, ...]
    reason: str | None


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """Priced, triggered requests of one skill set, model or kind of token, an arm each.

    `saved_usd` is its part of what a request saves: over a table the parts add up to the whole.
    """

    name: str
    candidate_requests: int
    control_requests: int
    candidate_usd: float | None
    control_usd: float | None
    saved_usd: float | None


class Cause(msgspec.Struct, frozen=True, kw_only=True):
    """Why a request costs less: `cache` (answers given again), `tokens` (fewer, weighed), `price`."""

    name: str
    saved_usd: float


class TokenKind(msgspec.Struct, frozen=True, kw_only=True):
    """Tokens of one kind a request: with (candidate) and without (control)."""

    kind: str
    candidate: float | None
    control: float | None


class Attribution(msgspec.Struct, frozen=True, kw_only=True):
    """Where savings come from: each table, and the causes, add up to `saved_usd`, a triggered request's."""

    saved_usd: float | None
    skills: tuple[Share, ...]
    models: tuple[Share, ...]
    causes: tuple[Cause, ...]
    tokens: tuple[TokenKind, ...]


class Projection(msgspec.Struct, frozen=True, kw_only=True):
    """Thirty days at this pace and control's cost, with every triggered request the baseline's or saving what
    has been saved so far (the ends of the interval: null while there is none)."""

    requests: int
    baseline_usd: float
    candidate_usd: float
    saved_usd: float
    saved_low_usd: float | None
    saved_high_usd: float | None


class Recommendation(msgspec.Struct, frozen=True, kw_only=True):
    """`say`: `proceed`, `hold`, `rollback`, or `none` where there is nothing to decide."""

    say: str
    cause: str
    reason: str


class IncidentShown(msgspec.Struct, frozen=True, kw_only=True):
    """Something wrong with what the rollout serves that is not over: a `switch` that is off, a version of the
    candidate that was `revoked`, or a `breaker` that is open (`since` null: on no record)."""

    kind: str
    what: str
    since: str | None
    reason: str


class RecordShown(msgspec.Struct, frozen=True, kw_only=True):
    """What a stage's end was decided on, as kept with that event (its kind, and when).

    `recommendation`: `proceed` where every criterion passes and no incident is open, `rollback` where one
    that rolls back has failed, else `hold`. A criterion `says` `proceed`, `hold`, `pause` or `rollback`.
    """

    at: str
    event: str
    stage: str
    baked_seconds: float
    recommendation: str
    reason: str
    criteria: tuple[Criterion, ...]
    incidents: tuple[IncidentShown, ...]
    votes: Votes


class StageFigures(msgspec.Struct, frozen=True, kw_only=True):
    """One stage within the report's period (savings: from the stage's start).

    `holdout_usd` is what it cost to keep the holdout on the baseline, null where nobody is held back.
    `gates` are the criteria as the evidence stood at the stage's or the report's end; `record` is what was
    kept of the stage's end (null: it has not come).
    """

    name: str
    weight: float
    attempt: int
    entered: str
    left: str | None
    ended_by: str | None
    arms: BothArms
    savings: Savings
    attribution: Attribution
    projection: Projection | None
    holdout_usd: float | None
    gates: tuple[Verdict, ...]
    record: RecordShown | None
    recommendation: Recommendation


class AfterFigures(msgspec.Struct, frozen=True, kw_only=True):
    """After completion, from the units that `after` holds back; when units came first nobody counts then."""

    completed: str
    arms: BothArms
    savings: Interval
    sustained: Sustained | None
    days: tuple[SavingsDay, ...]
    attribution: Attribution
    projection: Projection | None
    holdout_usd: float | None


class CommentShown(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody wrote beside a vote."""

    at: str
    arm: str
    vote: str
    comment: str


class Feedback(msgspec.Struct, frozen=True, kw_only=True):
    """The newest comments, and how many there are in all; votes are in the arms."""

    comments: tuple[CommentShown, ...]
    total_comments: int


class Happened(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of the record: a decision, a person's command, or a switch."""

    at: str
    kind: str
    actor: str
    reason: str
    stage: str
    weight: float | None


class PlanShown(msgspec.Struct, frozen=True, kw_only=True):
    """What is compared with what."""

    unit: str
    baseline: str
    candidate: str
    stages: tuple[str, ...]


class RolloutReport(msgspec.Struct, frozen=True, kw_only=True):
    """A daily, stage or final report of one rollout; `stages` has those that the period touches.

    `note` says what is missing where there is little to tell. `recommendation` is the last stage's.
    `sustained` is over all stages of the last attempt and what came after, since prices last changed; in a
    final report alone.
    """

    report: str
    rollout: str
    period: PeriodShown
    state: str
    attempt: int
    plan: PlanShown | None
    note: str | None
    recommendation: Recommendation
    sustained: Sustained | None
    stages: tuple[StageFigures, ...]
    after: AfterFigures | None
    incidents: tuple[Happened, ...]
    decisions: tuple[Happened, ...]
    feedback: Feedback
