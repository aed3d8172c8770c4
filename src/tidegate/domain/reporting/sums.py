"""What a report asks the ledger for: sums over exchanges, never the exchanges themselves."""

import msgspec

from tidegate.domain.exchange import Arm, Outcome


class Span(msgspec.Struct, frozen=True):
    """Which exchanges: those that ended in [since, until) (epoch seconds), of one rollout or of all."""

    since: float
    until: float
    rollout: str | None = None


class Place(msgspec.Struct, frozen=True):
    """One stage of an attempt of a rollout; `stage` None: after it, while some units are still held back."""

    rollout: str
    attempt: int
    stage: int | None


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """Exchanges that are alike in all of the first fields, and their sums; cost in 10⁻¹² dollars.

    `stage` None: after the rollout, or outside; `skills` holds `name@version` by comma, of what was served
    or, where nothing was, of what the candidate would have. The latest ended at `last_at`.
    """

    rollout: str
    attempt: int
    stage: int | None
    arm: Arm
    counted: bool
    triggered: bool
    outcome: Outcome
    skill_outcome: Outcome | None
    model: str
    skills: str
    served: bool
    cached: bool
    fallback: str
    requests: int
    priced: int
    unpriced: int
    cost_picos: int
    input_tokens: int
    output_tokens: int
    cache_read_tokens: int
    cache_write_5m_tokens: int
    cache_write_1h_tokens: int
    last_at: float


class UnitSpending(msgspec.Struct, frozen=True):
    """What priced, triggered requests of a day came to, of a unit that lives on or of `units` that do not.

    Units of one request each come as one row without a name, and `squares` sums the squares of their costs
    (in US dollars); a unit that lives on has a row of its own for each day.
    """

    day: int
    arm: Arm
    unit: str
    units: int
    requests: int
    cost_picos: int
    squares: float


class ArmTasks(msgspec.Struct, frozen=True):
    """Conversations of an arm with a triggered request: how many, those resolved, and what all of them cost.

    Resolved: at least one answer was good, and nobody voted one down.
    """

    arm: Arm
    tasks: int
    resolved: int
    priced: int
    cost_picos: int


class Comment(msgspec.Struct, frozen=True):
    """What somebody wrote beside a vote."""

    at: float
    arm: Arm
    vote: str
    comment: str
