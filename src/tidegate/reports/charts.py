"""Line charts as SVG text: no script, no network, readable in print and by a screen reader."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 720, 240
LEFT, RIGHT, TOP, BOTTOM = 56, 12, 48, 32
COLOURS = ("#0b6e99", "#c2410c", "#4d7c0f", "#7c3aed", "#64748b")
"""Told apart by people with the common colour-vision deficiencies; each line is also labelled."""


@dataclass(frozen=True, slots=True)
class Series:
    """One line: its name and its (x, y) points by rising x; a y of None breaks the line."""

    name: str
    points: Sequence[tuple[float, float | None]]


@dataclass(frozen=True, slots=True)
class Mark:
    """A vertical line at x with a short label: a stage entered, a fault, a rollback."""

    x: float
    label: str


def line_chart(
    title: str, series: Sequence[Series], *, x_unit: str, y_unit: str, marks: Sequence[Mark] = ()
) -> str:
    """An SVG element of WIDTH×HEIGHT; y starts at zero, so that heights compare."""
    x_low, x_high, y_high = _ranges(series, marks)

    def place(x: float, y: float) -> tuple[float, float]:
        across = (x - x_low) / (x_high - x_low) * (WIDTH - LEFT - RIGHT)
        return LEFT + across, HEIGHT - BOTTOM - y / y_high * (HEIGHT - TOP - BOTTOM)

    parts = [
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}">',
        f'<text x="{LEFT}" y="15" class="title">{escape(title)}</text>',
        *(_grid_line(place(x_low, tick)[1], f"{tick:g}") for tick in _ticks(y_high)),
        *(
            _x_label(place(x_low + (x_high - x_low) * i / 4, 0)[0], x_low + (x_high - x_low) * i / 4)
            for i in range(5)
        ),
        f'<text x="{WIDTH - RIGHT}" y="{HEIGHT - 3}" class="unit" text-anchor="end">{escape(x_unit)}</text>',
        f'<text x="{LEFT - 6}" y="{TOP - 6}" class="unit" text-anchor="end">{escape(y_unit)}</text>',
    ]
    parts += [_mark(place(mark.x, 0)[0], mark.label) for mark in marks]
    for index, line in enumerate(series):
        colour = COLOURS[index % len(COLOURS)]
        parts.append(f'<path d="{_path(line, place)}" fill="none" stroke="{colour}" stroke-width="1.8"/>')
        parts.append(_legend(line.name, colour, index))
    return "\n".join([*parts, "</svg>"])


def _ranges(series: Sequence[Series], marks: Sequence[Mark]) -> tuple[float, float, float]:
    xs = [x for line in series for x, _ in line.points] + [mark.x for mark in marks]
    ys = [y for line in series for _, y in line.points if y is not None]
    low, high = min(xs, default=0.0), max(xs, default=1.0)
    return low, high if high > low else low + 1.0, max([*ys, 0.0]) or 1.0


def _ticks(high: float) -> list[float]:
    """Round steps (1, 2 or 5 times a power of ten) from zero up to `high`."""
    rough = high / 4
    power = 10 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough)
    return [step * i for i in range(int(high / step) + 1)]


def _grid_line(y: float, label: str) -> str:
    return (
        f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" class="grid"/>'
        f'<text x="{LEFT - 6}" y="{y + 4:.1f}" class="tick" text-anchor="end">{label}</text>'
    )


def _mark(x: float, label: str) -> str:
    side, shift = ("end", -3) if x > WIDTH * 0.9 else ("start", 3)
    return (
        f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}" class="mark"/>'
        f'<text x="{x + shift:.1f}" y="{TOP + 10}" class="mark" text-anchor="{side}">{escape(label)}</text>'
    )


def _x_label(x: float, value: float) -> str:
    return f'<text x="{x:.1f}" y="{HEIGHT - 14}" class="tick" text-anchor="middle">{value:.0f}</text>'


def _legend(name: str, colour: str, index: int) -> str:
    x = LEFT + 8 + index * 150
    return (
        f'<rect x="{x}" y="29" width="10" height="3" fill="{colour}"/>'
        f'<text x="{x + 14}" y="34" class="legend">{escape(name)}</text>'
    )


def _path(line: Series, place: Callable[[float, float], tuple[float, float]]) -> str:
    steps: list[str] = []
    pen_down = False
    for x, y in line.points:
        if y is None:
            pen_down = False
            continue
        across, down = place(x, y)
        steps.append(f"{'L' if pen_down else 'M'}{across:.1f},{down:.1f}")
        pen_down = True
    return " ".join(steps)
