"""What one rehearsal came to."""

import msgspec


class Moment(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the timeline; `at` in seconds after the start."""

    at: float
    stage: str
    weight: float
    kind: str
    cause: str
    said: str


class Harm(msgspec.Struct, frozen=True, kw_only=True):
    """What the candidate's faults did: users that met an error by them, those errors, dollars too much."""

    users: int = 0
    errors: int = 0
    usd: float = 0.0


class Course(msgspec.Struct, frozen=True, kw_only=True):
    """One rehearsal; `outcome` is completed, rolled-back, paused or unfinished.

    `gate` is what rolled it back or paused it. `requests` (the candidate's) and `seconds` count from the
    candidate's first fault, or from the start where there is none (or it had not come yet); `whole` is how
    long the rollout took. `certified` is the candidate's requests when savings were certified, None if never.
    """

    number: int
    outcome: str
    gate: str | None = None
    before_fault: bool = False
    false_rollback: bool = False
    requests: int = 0
    seconds: float = 0.0
    whole: float = 0.0
    certified: int | None = None
    savings: float | None = None
    harm: Harm = Harm()
    timeline: tuple[Moment, ...] = ()
    rivals: dict[str, "Course"] = {}
    """What other tools' rules made of traffic of the same kind, by their names."""
