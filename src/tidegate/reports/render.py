"""A report in one of its formats: JSON for programs, Markdown and HTML for people."""

from collections.abc import Mapping

import msgspec

from tidegate.domain.errors import InvalidInput
from tidegate.domain.reporting.week import Report

FORMATS: Mapping[str, str] = {
    "json": "application/json",
    "md": "text/markdown; charset=utf-8",
    "html": "text/html; charset=utf-8",
}
"""What a report can be written as, and what HTTP calls that."""


def require_format(text: str) -> str:
    """Raises InvalidInput for one that is not written."""
    if text not in FORMATS:
        raise InvalidInput(f"format {text!r}: use one of {', '.join(FORMATS)}")
    return text


def render(report: Report, form: str) -> bytes:
    """The report in one of FORMATS; raises InvalidInput for another."""
    require_format(form)
    if form == "json":
        return msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n"
    from tidegate.reports.pages import page  # noqa: PLC0415 (templates take long to load; JSON needs none)

    return page(report, form)
