"""The report of a run as one HTML page that needs nothing else, and tables in pages of the documentation."""

from pathlib import Path

from jinja2 import Environment, PackageLoader, select_autoescape
from markupsafe import Markup

from tidegate.domain.errors import InvalidInput
from tidegate.harness.load.outcome import Outcome
from tidegate.reports.charts import Series, line_chart


def html(outcome: Outcome) -> str:
    """The promises, the figures by kind, and three charts."""
    pages = Environment(
        loader=PackageLoader("tidegate.harness.load"), autoescape=select_autoescape(default=True)
    )
    # line_chart escapes every text it is given, so its SVG may go into the page as it is.
    charts = [Markup(chart) for chart in _charts(outcome)]  # noqa: S704 - escaped by line_chart, see above
    return pages.get_template("load.html.j2").render(outcome=outcome, charts=charts)


def _charts(outcome: Outcome) -> list[str]:
    points = outcome.timeline
    each = f"each {outcome.window_seconds:g} s"
    return [
        line_chart(
            f"response time from the scheduled start, {each}",
            [
                Series("p50", [(point.at, point.p50) for point in points]),
                Series("p95", [(point.at, point.p95) for point in points]),
            ],
            x_unit="s",
            y_unit="s",
        ),
        line_chart(
            f"requests, {each}",
            [Series("requests", [(point.at, float(point.requests)) for point in points])],
            x_unit="s",
            y_unit="requests",
        ),
        line_chart(
            f"failures, {each}",
            [Series("failures", [(point.at, float(point.failures)) for point in points])],
            x_unit="s",
            y_unit="requests",
        ),
    ]


def put_table(page: Path, table: str) -> None:
    """Replace what follows the line <!-- table --> in a Markdown page; raises InvalidInput without one."""
    kept, marker, _ = page.read_text(encoding="utf-8").partition("<!-- table -->\n")
    if not marker:
        raise InvalidInput(f"{page} has no line <!-- table -->: nowhere to put the table")
    page.write_text(f"{kept}{marker}\n{table}", encoding="utf-8")
