"""Numbers and texts as reports write them, for people."""

import re

NONE = "–"
_MARKDOWN = re.compile(r"([\\`*_\[\]<>|~!#&])")


def count(value: float | None) -> str:
    """`1,234`."""
    return NONE if value is None else f"{value:,.0f}"


def percent(value: float | None) -> str:
    """A ratio as `12.3 %`."""
    return NONE if value is None else f"{100 * value:.1f} %".replace("-0.0 %", "0.0 %")


def usd(value: float | None) -> str:
    """US dollars: cents from one dollar on, below that three figures that count, `$0.00512`."""
    if value is None:
        return NONE
    if abs(value) >= 1 or value == 0:
        return f"${value:,.2f}".replace("$-", "-$")
    text = f"{abs(value):.3g}"
    return ("-$" if value < 0 else "$") + (text if "e" not in text else f"{abs(value):.9f}".rstrip("0"))


def seconds(value: float | None) -> str:
    """A duration in three figures, `1.23 s`."""
    if value is None:
        return NONE
    return f"{value:.3g} s" if value < 999.5 else f"{value:,.0f} s"


def number(value: float | None) -> str:
    """Any number in four figures."""
    return NONE if value is None else f"{value:.4g}"


def moment(text: str | None) -> str:
    """RFC 3339 as `2026-11-28 06:00:05 UTC`."""
    return NONE if text is None else f"{text[:10]} {text[11:19]} UTC"


def minute(text: str | None) -> str:
    """RFC 3339 as `2026-11-28 06:00`, for tables of narrow columns."""
    return NONE if text is None else f"{text[:10]} {text[11:16]}"


def span(low: float | None, high: float | None) -> str:
    """An interval of ratios, `12.3 % to 45.6 %`."""
    return NONE if low is None or high is None else f"{percent(low)} to {percent(high)}"


def cell(text: str) -> str:
    """Text within Markdown: one line that ends no cell, opens no tag and is never taken for a link."""
    return _MARKDOWN.sub(r"\\\1", " ".join(text.split()))
