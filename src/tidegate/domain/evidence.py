"""Evidence: mergeable sums per (rollout, attempt, stage, arm, time bucket), and what gates read from it."""

import math
from collections.abc import Iterable, Mapping

import msgspec

from tidegate.domain.exchange import Arm

BUCKET_SECONDS = 5
"""Width of an evidence bucket; buckets start at multiples of it in epoch seconds."""

AFTER = -1
"""The number of the stage that a completed rollout is in, as evidence counts: the time of its `after`."""

AFTER_BUCKET_SECONDS = 60
"""Width of a bucket there: months are summed, and only the absolute gate reads them."""

SHORT_WINDOW_SECONDS = 3 * 3600
LONG_WINDOW_SECONDS = 24 * 3600
"""Windows of the sticky processes open at these steps from the stage's start."""

CAP_PER_UNIT = 100
"""Requests of one unit that count in a window step, so that a few heavy users do not move the share."""


class Tally(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Sums over counted exchanges of one arm; cost, faults and the histogram are over triggered ones.

    `requests`, `errors` (user-visible) and `skill_failures` count all of the arm, `triggered_errors` the
    user-visible errors and `faulted` the faulted exchanges (what the arms are compared on, see
    `Exchange.faulted`) of the triggered. `capped_short` and `capped_long` count triggered requests,
    at most CAP_PER_UNIT per unit in each short and long window step. `units` counts units of the arm when
    they are first seen in the attempt (unit `request`: requests), triggered or not; `up` and `down` first
    votes on triggered exchanges, by when they came. `payers` to `charged_squared` tell how far costs scatter
    between units (`domain/scatter`), over `charged` priced requests. `seconds` maps a log-spaced latency cell
    (`latency_cell`) to a count, `slow` how many of the latency gate's limits were exceeded (`Exchange.slow`)
    to a count, `bets` places of the savings tests (`domain/savings`) to sums of logarithms in 10⁻¹².
    """

    requests: int = 0
    errors: int = 0
    triggered: int = 0
    triggered_errors: int = 0
    faulted: int = 0
    priced: int = 0
    cost_usd: float = 0.0
    capped_short: int = 0
    capped_long: int = 0
    skill_failures: int = 0
    units: int = 0
    up: int = 0
    down: int = 0
    payers: int = 0
    charged: int = 0
    costs_squared: int = 0
    cost_by_charged: int = 0
    charged_squared: int = 0
    seconds: dict[int, int] = {}
    slow: dict[int, int] = {}
    bets: dict[int, int] = {}

    def beyond(self, limit: int) -> int:
        """How many took longer than the latency gate's limit number `limit`, from 0."""
        return sum(count for exceeded, count in self.slow.items() if exceeded > limit)

    def longer_than(self, seconds: float) -> int:
        """How many took longer, to the width of a histogram cell (4 %)."""
        last = latency_cell(seconds)
        return sum(count for cell, count in self.seconds.items() if cell > last)


class ArmBucket(msgspec.Struct, frozen=True):
    """The tally of one arm in one time bucket; `start` in epoch seconds."""

    start: int
    arm: Arm
    tally: Tally


class UnitEvent(msgspec.Struct, frozen=True, kw_only=True):
    """A unit's first event of a kind in one short window step of its stage.

    kind `bad`: a faulted, triggered exchange; `streak`: one that makes 3 faulted of the unit's last 5;
    `slowN`: one that exceeds the latency gate's limit number N, from 1; `down`: the first vote on a triggered
    exchange is a thumbs-down.
    `step` counts SHORT_WINDOW_SECONDS from the stage's start; `at` is epoch seconds of that first event.
    """

    unit: str
    arm: Arm
    kind: str
    step: int
    at: float


class UnitEvents(UnitEvent, frozen=True, kw_only=True):
    """Such events of `units` units at one time, for whom counts them before they are folded; `unit` is none.

    `before` is the step of the units' last event of the kind, -1 where there was none: the same for all.
    """

    units: int
    before: int


class Latest(msgspec.Struct, frozen=True, kw_only=True):
    """The newest triggered outcome of each of the latest distinct units of an arm (unit `request`: latest
    requests); `bad` counts the faulted."""

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


_CELL_FLOOR_SECONDS = 0.001
_CELL_RATIO = 1.04
_LOG_CELL_RATIO = math.log(_CELL_RATIO)
_LAST_CELL = 400
"""About 6,500 s: longer than any exchange may take; whatever exceeds it is counted there."""


def latency_cell(seconds: float) -> int:
    """The log-spaced histogram cell of a duration: 0 up to 1 ms, then 4 % wide, at most 400."""
    if seconds <= _CELL_FLOOR_SECONDS:
        return 0
    if seconds == math.inf:
        return _LAST_CELL
    return min(_LAST_CELL, math.ceil(math.log(seconds / _CELL_FLOOR_SECONDS) / _LOG_CELL_RATIO))


def cell_seconds(cell: int) -> float:
    """The duration a cell stands for: its geometric middle, within 2 % of what was counted in it."""
    if cell == 0:
        return _CELL_FLOOR_SECONDS
    return _CELL_FLOOR_SECONDS * _CELL_RATIO ** (cell - 0.5)


def quantile(seconds: Mapping[int, int], q: float) -> float | None:
    """The q-quantile (0 < q <= 1) of a latency histogram in seconds, None where it is empty."""
    rank = math.ceil(q * sum(seconds.values()))
    seen = 0
    for cell in sorted(seconds):
        seen += seconds[cell]
        if seen >= rank > 0:
            return cell_seconds(cell)
    return None


def p95(seconds: Mapping[int, int]) -> float | None:
    """The 95th percentile of a latency histogram in seconds, None where it is empty."""
    return quantile(seconds, 0.95)


def merge(tallies: Iterable[Tally]) -> Tally:
    """The sum of tallies, of several replicas or of several buckets; nothing merges to zeros."""
    rows = tuple(tallies)
    if len(rows) == 1:
        return rows[0]
    cells: dict[int, int] = {}
    slow: dict[int, int] = {}
    bets: dict[int, int] = {}
    for row in rows:
        for total, added in ((cells, row.seconds), (slow, row.slow), (bets, row.bets)):
            if total:
                for place, count in added.items():
                    total[place] = total.get(place, 0) + count
            else:
                total.update(added)
    return Tally(
        requests=sum([row.requests for row in rows]),
        errors=sum([row.errors for row in rows]),
        triggered=sum([row.triggered for row in rows]),
        triggered_errors=sum([row.triggered_errors for row in rows]),
        faulted=sum([row.faulted for row in rows]),
        priced=sum([row.priced for row in rows]),
        cost_usd=math.fsum([row.cost_usd for row in rows]),
        capped_short=sum([row.capped_short for row in rows]),
        capped_long=sum([row.capped_long for row in rows]),
        skill_failures=sum([row.skill_failures for row in rows]),
        units=sum([row.units for row in rows]),
        up=sum([row.up for row in rows]),
        down=sum([row.down for row in rows]),
        payers=sum([row.payers for row in rows]),
        charged=sum([row.charged for row in rows]),
        costs_squared=sum([row.costs_squared for row in rows]),
        cost_by_charged=sum([row.cost_by_charged for row in rows]),
        charged_squared=sum([row.charged_squared for row in rows]),
        seconds=cells,
        slow=slow,
        bets=bets,
    )
