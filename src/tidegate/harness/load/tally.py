"""What a run came to. Every latency is kept, eight bytes each, so that percentiles are exact."""

import math
from array import array
from collections import Counter, defaultdict
from collections.abc import Sequence

import msgspec

from tidegate.harness.load.shot import Result

QUANTILES = (0.5, 0.9, 0.95, 0.99, 0.999)
FAILURES_KEPT = 10_000


class Times(msgspec.Struct, frozen=True):
    """Percentiles in seconds; None where there is nothing to take them of."""

    count: int
    p50: float | None = None
    p90: float | None = None
    p95: float | None = None
    p99: float | None = None
    p999: float | None = None
    longest: float | None = None


class Failed(msgspec.Struct, frozen=True):
    """One request that failed; `at` in seconds after the start."""

    at: float
    kind: str
    failure: str
    status: int
    request_id: str
    stream: bool


class Window(msgspec.Struct):
    """What was due in one stretch of the run."""

    requests: int = 0
    failures: int = 0
    seconds: list[float] = msgspec.field(default_factory=list[float])


class Tally:
    """Takes results as they come; a window is `window` seconds of the run."""

    def __init__(self, *, window: float) -> None:
        self.window = window
        self.requests = 0
        self.failures: Counter[str] = Counter()
        self.fallbacks: Counter[str] = Counter()
        self.failed: list[Failed] = []
        self.seconds: defaultdict[str, array[float]] = defaultdict(lambda: array("d"))
        self.first_tokens: defaultdict[str, array[float]] = defaultdict(lambda: array("d"))
        self.failed_by_kind: Counter[str] = Counter()
        self.late: array[float] = array("d")
        self.windows: defaultdict[int, Window] = defaultdict(Window)

    def take(self, result: Result) -> None:
        """Count one request. One that failed has its time counted too: a hang must not look fast."""
        kind = result.shot.kind.value
        self.requests += 1
        self.late.append(result.late)
        self.seconds[kind].append(result.seconds)
        window = self.windows[int(result.shot.at // self.window)]
        window.requests += 1
        window.seconds.append(result.seconds)
        if result.first_token_seconds is not None:
            self.first_tokens[kind].append(result.first_token_seconds)
        if result.fallback:
            self.fallbacks[result.fallback] += 1
        if result.failure:
            window.failures += 1
            self._fail(result, kind)

    def _fail(self, result: Result, kind: str) -> None:
        name = f"status {result.status}" if result.failure == "status" else result.failure
        self.failures[name] += 1
        self.failed_by_kind[kind] += 1
        if len(self.failed) < FAILURES_KEPT:
            self.failed.append(
                Failed(result.shot.at, kind, name, result.status, result.request_id, result.shot.stream)
            )

    @property
    def errors(self) -> float:
        """The share of the requests that failed."""
        return self.failures.total() / self.requests if self.requests else 0.0


def times(values: Sequence[float]) -> Times:
    """Exact percentiles: the smallest value that at least so large a share does not exceed."""
    ordered = sorted(values)
    if not ordered:
        return Times(0)
    p50, p90, p95, p99, p999 = (quantile(ordered, share) for share in QUANTILES)
    return Times(len(ordered), p50, p90, p95, p99, p999, ordered[-1])


def quantile(ordered: Sequence[float], share: float) -> float:
    """Of values in order, which are not none."""
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]
