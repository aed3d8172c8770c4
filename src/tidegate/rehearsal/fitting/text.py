"""A fitted scenario as a file to keep, edit and rehearse with: each value says what it rests on."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from tidegate.control.timestamp import rfc3339
from tidegate.rehearsal.fitting.figure import Figure
from tidegate.rehearsal.fitting.fit import Fit

_WIDTH = 24


def scenario_text(found: Fit) -> str:
    """The YAML of `tidegate rehearse --scenario`."""
    lines = [
        f"# Fitted from the ledger: {rfc3339(found.since)} to {rfc3339(found.until)},",
        f"# {found.requests:,} requests, {found.baseline:,} of them of the baseline.",
    ]
    for block in ("traffic", "control", "candidate"):
        lines.append(f"{block}:")
        lines += _block([each for each in found.figures if each.key.startswith(f"{block}.")])
    return "\n".join([*lines, ""])


def _block(figures: Sequence[Figure]) -> list[str]:
    lines: list[str] = []
    within = ""
    for figure in figures:
        _, *path = figure.key.split(".")
        if len(path) == 2 and path[0] != within:
            within = path[0]
            lines.append(f"  {within}:")
        written = f"{'  ' * len(path)}{path[-1]}: {_WRITTEN.get(path[-1], _number)(figure.value)}"
        lines.append(f"{written:<{_WIDTH}}  # {figure.said}")
    return lines


def _number(value: float) -> str:
    """At most six decimals, as a scenario takes them; four digits say enough."""
    digits = f"{float(f'{value:.4g}'):.6f}".rstrip("0").rstrip(".")
    return digits if "." in digits else digits + ".0"


def _whole(value: float) -> str:
    return str(round(value))


def _percent(value: float) -> str:
    return _number(100 * value) + "%"


def _duration(value: float) -> str:
    return f"{max(0.001, value):.3f}".rstrip("0").rstrip(".") + "s"


_WRITTEN: Mapping[str, Callable[[float], str]] = MappingProxyType(
    {
        "users": _whole,
        "triggered": _percent,
        "errors": _percent,
        "votes": _percent,
        "down": _percent,
        "median": _duration,
    }
)
