"""Evidence: mergeable sums per (rollout, attempt, stage, arm, time bucket), and what gates read from it."""

import msgspec

from tidegate.domain.exchange import Arm

BUCKET_SECONDS = 5
"""Width of an evidence bucket; buckets start at multiples of it in epoch seconds."""

SHORT_WINDOW_SECONDS = 3 * 3600
LONG_WINDOW_SECONDS = 24 * 3600
"""Windows of the sticky processes open at these steps from the stage's start."""

CAP_PER_UNIT = 100
"""Requests of one unit that count in a window step, so that a few heavy users do not move the share."""


class Tally(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Sums over exchanges of one arm; errors, cost and the histogram are over triggered, counted exchanges.

    `requests` counts all exchanges of the arm. `capped_short` and `capped_long` count triggered requests,
    at most CAP_PER_UNIT per unit in each short and long window step. `seconds` maps a log-spaced latency
    cell (`latency_cell`) to a count.
    """

    requests: int = 0
    errors: int = 0
    triggered: int = 0
    triggered_errors: int = 0
    priced: int = 0
    cost_usd: float = 0.0
    capped_short: int = 0
    capped_long: int = 0
    skill_failures: int = 0
    seconds: dict[int, int] = {}


class ArmBucket(msgspec.Struct, frozen=True):
    """The tally of one arm in one time bucket; `start` in epoch seconds."""

    start: int
    arm: Arm
    tally: Tally


class UnitEvent(msgspec.Struct, frozen=True, kw_only=True):
    """A unit's first event of a kind in one short window step of its stage.

    kind `bad`: a user-visible bad outcome; `streak`: a bad outcome that makes 3 bad of its last 5.
    `step` counts SHORT_WINDOW_SECONDS from the stage's start; `at` is epoch seconds of that first event.
    """

    unit: str
    arm: Arm
    kind: str
    step: int
    at: float


class Latest(msgspec.Struct, frozen=True, kw_only=True):
    """The newest outcome of each of the latest distinct units of an arm (unit `request`: latest requests)."""

    arm: Arm
    units: int
    bad: int


class StageEvidence(msgspec.Struct, frozen=True, kw_only=True):
    """All evidence of one stage of one attempt, deterministic: sorted by start and arm, by at and unit."""

    rollout: str
    attempt: int
    stage: int
    buckets: tuple[ArmBucket, ...] = ()
    events: tuple[UnitEvent, ...] = ()
    latest: tuple[Latest, ...] = ()
