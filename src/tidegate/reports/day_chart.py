"""A chart with a place for each day: points with their intervals, below zero too, as SVG text.

Colours are the page's (`.a` and `.b`, the first and the second series), so that dark and light read well.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 720, 240
LEFT, RIGHT, TOP, BOTTOM = 60, 14, 48, 30
_CLASSES = ("a", "b", "c")
_LABELS = 8
"""At most so many days are named under the axis."""


@dataclass(frozen=True, slots=True)
class Point:
    """One day's value, None where there is none, and the ends of its interval."""

    value: float | None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class DaySeries:
    """One line: its name and a point for each day."""

    name: str
    points: Sequence[Point]


@dataclass(frozen=True, slots=True)
class _Scale:
    days: int
    low: float
    high: float

    def x(self, place: int) -> float:
        return LEFT + (place + 0.5) / max(1, self.days) * (WIDTH - LEFT - RIGHT)

    def y(self, value: float) -> float:
        inside = min(self.high, max(self.low, value))
        return HEIGHT - BOTTOM - (inside - self.low) / (self.high - self.low) * (HEIGHT - TOP - BOTTOM)


def day_chart(
    title: str, days: Sequence[str], series: Sequence[DaySeries], *, unit: str, least: float | None = None
) -> str:
    """An SVG element of WIDTH×HEIGHT; `least` is drawn as a line across, intervals as whiskers.

    The axis holds every value and zero; an interval that reaches far beyond them is cut at its edge.
    """
    scale = _scale(len(days), series, least)
    parts = [
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}">',
        f'<text x="{LEFT}" y="15" class="title">{escape(title)}</text>',
        f'<text x="{LEFT - 8}" y="{TOP - 8}" class="unit" text-anchor="end">{escape(unit)}</text>',
        *(_grid(scale.y(tick), f"{tick:g}") for tick in _ticks(scale.low, scale.high)),
        *(_day(scale.x(place), day) for place, day in _labelled(days)),
    ]
    if least is not None:
        y = scale.y(least)
        parts.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" class="least"/>')
        parts.append(f'<text x="{WIDTH - RIGHT}" y="{y - 4:.1f}" class="least" text-anchor="end">min</text>')
    for place, line in enumerate(series):
        parts += _drawn(line, scale, _CLASSES[place % len(_CLASSES)], LEFT + 8 + place * 190)
    return "\n".join([*parts, "</svg>"])


def _scale(days: int, series: Sequence[DaySeries], least: float | None) -> _Scale:
    """Round ends around zero, all values and, as far as half their range beyond, the intervals."""
    points = [point for line in series for point in line.points if point.value is not None]
    values = [point.value for point in points if point.value is not None]
    values += [0.0] if least is None else [0.0, least]
    low, high = min(values), max(values)
    reach = (high - low) / 2 or 1.0
    ends = [end for point in points for end in (point.low, point.high) if end is not None]
    low = min([low, *(max(end, low - reach) for end in ends)])
    high = max([high, *(min(end, high + reach) for end in ends)])
    step = _step(low, high)
    top = math.ceil(high / step) * step
    bottom = math.floor(low / step) * step
    return _Scale(days, bottom, top if top > bottom else bottom + step)


def _step(low: float, high: float) -> float:
    rough = (high - low) / 4 or 1.0
    power = 10.0 ** math.floor(math.log10(rough))
    return next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough)


def _ticks(low: float, high: float) -> list[float]:
    step = _step(low, high)
    return [round(low + step * place, 12) for place in range(math.floor((high - low) / step + 1e-9) + 1)]


def _labelled(days: Sequence[str]) -> list[tuple[int, str]]:
    every = math.ceil(len(days) / _LABELS) or 1
    return [(place, day[5:]) for place, day in enumerate(days) if place % every == 0]


def _grid(y: float, label: str) -> str:
    return (
        f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" class="grid"/>'
        f'<text x="{LEFT - 8}" y="{y + 4:.1f}" class="tick" text-anchor="end">{label}</text>'
    )


def _day(x: float, label: str) -> str:
    return f'<text x="{x:.1f}" y="{HEIGHT - 10}" class="tick" text-anchor="middle">{escape(label)}</text>'


def _drawn(line: DaySeries, scale: _Scale, kind: str, legend: float) -> list[str]:
    parts = [
        f'<circle cx="{legend:.1f}" cy="30" r="4" class="{kind}"/>'
        f'<text x="{legend + 8:.1f}" y="34" class="legend">{escape(line.name)}</text>'
    ]
    told = [(scale.x(place), point) for place, point in enumerate(line.points)]
    path = " ".join(f"{x:.1f},{scale.y(point.value):.1f}" for x, point in told if point.value is not None)
    parts.append(f'<polyline points="{path}" class="line {kind}"/>')
    for x, point in told:
        if point.value is None:
            continue
        if point.low is not None and point.high is not None:
            low, high = scale.y(point.low), scale.y(point.high)
            parts.append(
                f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{low:.1f}" y2="{high:.1f}" class="whisker {kind}"/>'
            )
        parts.append(f'<circle cx="{x:.1f}" cy="{scale.y(point.value):.1f}" r="4" class="{kind}"/>')
    return parts
