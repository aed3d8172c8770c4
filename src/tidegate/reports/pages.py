"""A report as Markdown, or as one self-contained HTML page: no script, nothing loaded."""

from collections.abc import Callable, Sequence

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from tidegate.domain.reporting.document import RolloutReport, SavingsDay, StageFigures
from tidegate.domain.reporting.week import Report, WeeklyReport
from tidegate.reports import words
from tidegate.reports.day_chart import DaySeries, Point, day_chart


def page(report: Report, form: str) -> bytes:
    """The report as `md` or `html`."""
    kind = "weekly" if isinstance(report, WeeklyReport) else "rollout"
    template = environment(html=form == "html").get_template(f"{kind}.{form}.j2")
    charts = _charts(report) if form == "html" else []
    text = template.render(report=report, charts=charts, rows=ARM_ROWS, span=words.span)
    return (text.rstrip("\n") + "\n").encode()


def environment(*, html: bool) -> Environment:
    """Escaping by what is written: HTML everywhere, Markdown where a template says `cell`."""
    made = Environment(
        loader=PackageLoader("tidegate.reports"),
        autoescape=html,  # noqa: S701 -- Markdown is no HTML; free text passes `cell` there
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    filters: dict[str, Callable[..., str]] = {
        "count": words.count,
        "percent": words.percent,
        "usd": words.usd,
        "seconds": words.seconds,
        "number": words.number,
        "moment": words.moment,
        "minute": words.minute,
        "cell": words.cell,
    }
    made.filters.update(filters)
    return made


ARM_ROWS: Sequence[tuple[str, str, str]] = (
    ("requests", "requests", "count"),
    ("triggered", "triggered", "count"),
    ("new units", "units", "count"),
    ("errors that users saw", "errors", "count"),
    ("error ratio", "error_ratio", "percent"),
    ("errors of triggered requests", "triggered_errors", "count"),
    ("faulted, rescued ones included", "faulted", "count"),
    ("latency p50", "p50_seconds", "seconds"),
    ("latency p95", "p95_seconds", "seconds"),
    ("latency p99", "p99_seconds", "seconds"),
    ("cost of priced, triggered requests", "cost_usd", "usd"),
    ("cost per request", "cost_per_request_usd", "usd"),
    ("tasks", "tasks", "count"),
    ("resolved tasks", "resolved_tasks", "count"),
    ("cost per resolved task", "cost_per_resolved_task_usd", "usd"),
    ("requests without a known price", "unpriced", "count"),
    ("answered from the result cache", "cache_hits", "count"),
    ("thumbs up", "up", "count"),
    ("thumbs down", "down", "count"),
)
"""The rows of the table that has both arms: what they are called, the field, and how it is written."""


def _charts(report: Report) -> list[list[Markup]]:
    """Those of each stage, or of the week."""
    if isinstance(report, RolloutReport):
        drawn = [_of_stage(stage) for stage in report.stages]
    else:
        drawn = [_of_week(report)]
    # day_chart escapes every text it is given, so its SVG may go into the page as it is.
    return [[Markup(chart) for chart in charts] for charts in drawn]  # noqa: S704 -- escaped, see above


def _of_week(report: WeeklyReport) -> list[str]:
    """Requests and cost by day; none of a week without a request."""
    names = [day.day for day in report.days]
    requests = DaySeries("all", [Point(day.requests) for day in report.days])
    costs = DaySeries("all", [Point(day.cost_usd) for day in report.days])
    drawn = [
        day_chart("requests", names, [requests], unit=""),
        day_chart("cost", names, [costs], unit="$"),
    ]
    return drawn if names else []


def _of_stage(stage: StageFigures) -> list[str]:
    """Savings and cost by day; none of a stage without a priced request."""
    days = stage.savings.days
    if not days:
        return []
    names = [day.day for day in days]
    least = stage.savings.certificate.min
    so_far = [_percents(day.so_far.point, day.so_far.low, day.so_far.high) for day in days]
    alone = [_percents(day.alone.point, None, None) for day in days]
    return [
        day_chart(
            f"{stage.name}: savings",
            names,
            [DaySeries("so far, with interval", so_far), DaySeries("the day by itself", alone)],
            unit="%",
            least=None if least is None else 100 * least,
        ),
        day_chart(f"{stage.name}: cost per request", names, _costs(days), unit="$"),
    ]


def _costs(days: Sequence[SavingsDay]) -> list[DaySeries]:
    return [
        DaySeries("candidate", [Point(day.candidate_usd) for day in days]),
        DaySeries("control", [Point(day.control_usd) for day in days]),
    ]


def _percents(point: float | None, low: float | None, high: float | None) -> Point:
    return Point(*(None if value is None else 100 * value for value in (point, low, high)))
