"""What the gateway has to reach, as the design requires it, on a machine as quick as the one it was set for.

Machines are noisy. The bare proxy does nothing but forward, so what it takes in the same run tells how slow
the machine is just now, in CPU and by the clock; limits are stretched by that, never made tighter.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

QUIET_BARE_US = 62.0
"""CPU-µs a request of the bare proxy on a quiet machine of the kind the limits are set for."""

QUIET_BARE_PER_SECOND = 15_000.0
"""Its requests a second there."""


@dataclass(frozen=True, slots=True)
class Slowness:
    """How many times slower than a quiet machine this one is now, at least 1: in CPU, and by the clock."""

    cpu: float
    clock: float

    def of(self, measure: str) -> float:
        """The factor for a figure measured in `cpu`, by the `clock`, or by `none` of them."""
        return {"cpu": self.cpu, "clock": self.clock, "none": 1.0}[measure]


@dataclass(frozen=True, slots=True)
class Limit:
    """One figure's bound: at most it, or at least it where `least`; `measure` says what stretches it."""

    figure: str
    bound: float
    unit: str
    measure: str
    least: bool = False

    def missed(self, value: float, slow: Slowness) -> str | None:
        """What is wrong, None where nothing is."""
        factor = slow.of(self.measure)
        allowed = self.bound / factor if self.least else self.bound * factor
        if value >= allowed if self.least else value <= allowed:
            return None
        side = "under" if self.least else "over"
        return f"{self.figure}: {value:,.2f} {self.unit} is {side} {allowed:,.2f}"


REQUIRED = (
    Limit("cpu_us", 300.0, "CPU-µs a request", "cpu"),
    Limit("per_second", 3000.0, "requests/s", "clock", least=True),
    Limit("added_p50_ms", 1.2, "ms added at p50", "clock"),
    Limit("added_p99_ms_over_bare", 2.0, "ms added at p99 beyond the bare proxy's", "clock"),
    Limit("stream_ms", 3.5, "CPU-ms a stream", "cpu"),
    Limit("memory_mb", 120.0, "MB", "none"),
    Limit("start_seconds", 1.5, "s to the first answer", "clock"),
    Limit("selection_p99_ms", 1.0, "CPU-ms of selection at p99 among 500 skills", "cpu"),
)


REACHED = (
    Limit("cpu_us", 460.0, "CPU-µs a request", "cpu"),
    Limit("added_p50_ms", 2.0, "ms added at p50", "clock"),
)
"""What must not get worse unnoticed until REQUIRED, which `make bench` asks for, is reached."""


def slowness(bare: Mapping[str, float]) -> Slowness:
    """From the bare proxy's figures of the same run."""
    return Slowness(
        cpu=max(1.0, bare["cpu_us"] / QUIET_BARE_US),
        clock=max(1.0, QUIET_BARE_PER_SECOND / bare["per_second"]),
    )


def missed(figures: Mapping[str, float], slow: Slowness, limits: Sequence[Limit]) -> list[str]:
    """Every limit that was missed, in words."""
    return [said for limit in limits if (said := limit.missed(figures[limit.figure], slow))]
