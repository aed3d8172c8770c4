"""The table of a run, its figures as JSON, and what of the required was missed."""

import platform
import statistics
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Table

import limits


@dataclass(slots=True)
class Measured:
    """The rounds of one target; CPU in microseconds a request, milliseconds a stream; latency in seconds."""

    cpu_us: list[float] = field(default_factory=list[float])
    per_second: list[float] = field(default_factory=list[float])
    p50: list[float] = field(default_factory=list[float])
    p99: list[float] = field(default_factory=list[float])
    stream_ms: list[float] = field(default_factory=list[float])
    memory_mb: float = 0.0
    bad: int = 0


COLUMNS = {
    "cpu_us": "CPU-µs a request",
    "per_second": "requests/s",
    "added_p50_ms": "added p50 ms",
    "added_p99_ms": "added p99 ms",
    "stream_ms": "CPU-ms a stream",
    "memory_mb": "memory MB",
}


def report(
    measured: dict[str, Measured],
    start_seconds: float,
    selection: dict[str, dict[str, float]],
    out: Path,
    held_to: Sequence[limits.Limit],
) -> list[str]:
    """Print the table, keep the figures in `out`, and return which of the limits were missed.

    `selection` by kind of conversation; `measured` by target; `upstream alone`, `bare proxy` and `tidegate`
    are there in any run.
    """
    figures = {name: _figures(each, measured["upstream alone"]) for name, each in measured.items()}
    slow = limits.slowness(figures["bare proxy"])
    peers = [name for name in figures if name not in ("upstream alone", "tidegate")]
    ratios = {peer: _ratio(figures["tidegate"], figures[peer]) for peer in peers}
    _print(figures, ratios, start_seconds, slow)
    document: dict[str, object] = {"figures": figures, "ratios": ratios, "start_seconds": start_seconds}
    document |= {"slowness": slow, "selection": selection, "interpreter": interpreter()}
    out.mkdir(parents=True, exist_ok=True)
    (out / "bench.json").write_bytes(msgspec.json.format(msgspec.json.encode(document), indent=2))
    judged = _judged(figures, start_seconds)
    judged["selection_p99_ms"] = max(each["p99_ms"] for each in selection.values())
    bad = {
        name: each.bad for name, each in measured.items() if each.bad and name in ("bare proxy", "tidegate")
    }
    return [
        *limits.missed(judged, slow, held_to),
        *(f"{count} answers of {name} were not 200" for name, count in bad.items()),
    ]


def interpreter() -> str:
    """The Python that all of them run on and its build, which makes a tenth and more of the CPU."""
    return f"{platform.python_implementation()} {sys.version}"


def _judged(figures: dict[str, dict[str, float]], start_seconds: float) -> dict[str, float]:
    beyond = figures["tidegate"]["added_p99_ms"] - figures["bare proxy"]["added_p99_ms"]
    return {**figures["tidegate"], "added_p99_ms_over_bare": beyond, "start_seconds": start_seconds}


def _ratio(ours: dict[str, float], theirs: dict[str, float]) -> dict[str, float]:
    return {key: ours[key] / theirs[key] for key in ("cpu_us", "per_second", "stream_ms") if theirs[key]}


def _figures(measured: Measured, alone: Measured) -> dict[str, float]:
    def middle(values: list[float]) -> float:
        return statistics.median(values) if values else 0.0

    return {
        "cpu_us": middle(measured.cpu_us),
        "per_second": middle(measured.per_second),
        "added_p50_ms": (middle(measured.p50) - middle(alone.p50)) * 1000,
        "added_p99_ms": (middle(measured.p99) - middle(alone.p99)) * 1000,
        "stream_ms": middle(measured.stream_ms),
        "memory_mb": measured.memory_mb,
    }


def _print(
    figures: dict[str, dict[str, float]],
    ratios: dict[str, dict[str, float]],
    start: float,
    slow: limits.Slowness,
) -> None:
    title = "Medians; 1.4 kB requests, 1.2 kB answers, streams of 25 events, plain HTTP, 64 connections"
    table = Table(title=title, title_justify="left")
    for column in ("", *COLUMNS.values()):
        table.add_column(column, justify="right" if column else "left")
    for name, row in figures.items():
        table.add_row(name, *(_shown(row[key]) for key in COLUMNS))
    for peer, ratio in ratios.items():
        cells = (f"{ratio[key]:.2f}" if key in ratio else "" for key in COLUMNS)
        table.add_row(f"tidegate / {peer}", *cells)
    Console(width=120).print(table)
    print(f"start to first answer: {start:.2f} s")
    print(
        f"this machine is {slow.cpu:.2f} times slower in CPU and {slow.clock:.2f} times by the clock than a "
        "quiet one, by the bare proxy; limits are stretched by that"
    )
    print(f"all of it on {interpreter()}")


def _shown(value: float) -> str:
    return f"{value:,.2f}" if value < 10 else f"{value:,.0f}"
