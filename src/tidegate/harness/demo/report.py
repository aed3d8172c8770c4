"""The demonstration's report: one self-contained HTML page, and the closing table on the terminal."""

from collections.abc import Sequence
from itertools import pairwise

from jinja2 import Environment, PackageLoader, select_autoescape
from markupsafe import Markup
from rich.table import Table

from tidegate.harness.demo import plan
from tidegate.harness.demo.summary import RolloutSummary, Summary
from tidegate.harness.demo.watch import Look
from tidegate.reports.charts import Mark, Series, line_chart


def html(summary: Summary, looks: Sequence[Look], fault_at: float) -> str:
    """The page: plan differences, the table, and four charts a rollout; opens without network."""
    pages = Environment(
        loader=PackageLoader("tidegate.harness.demo"), autoescape=select_autoescape(default=True)
    )
    charts = {rollout.name: _charts(rollout, looks, fault_at) for rollout in summary.rollouts}
    return pages.get_template("report.html.j2").render(
        summary=summary, charts=charts, differences=plan.differences(), users=plan.USERS
    )


def _charts(rollout: RolloutSummary, looks: Sequence[Look], fault_at: float) -> list[Markup]:
    mine = [look for look in looks if look.status.name == rollout.name]
    start = mine[0].at
    marks = _stage_marks(mine, start)
    if rollout.rollback is not None:
        marks.append(Mark(fault_at - start, "fault"))
        marks.append(Mark(fault_at + rollout.rollback.seconds_after_fault - start, "rollback"))

    def series(label: str, arm: str, value: str) -> Series:
        points = [(look.at - start, getattr(look.status.arms[arm], value)) for look in mine]
        return Series(label, points)

    weight = Series("candidate weight", [(look.at - start, look.status.weight) for look in mine])
    drawn = [line_chart(f"{rollout.name}: weight", [weight], x_unit="s", y_unit="%", marks=marks)]
    for title, values, unit in (
        ("requests in the stage", {"": "requests"}, "requests"),
        (
            "errors users saw, and faults (rescued ones included)",
            {" errors": "errors", " faults": "faulted"},
            "",
        ),
        ("p95 of the response time", {"": "p95_seconds"}, "s"),
    ):
        lines = [
            series(f"{arm}{label}", arm, value)
            for label, value in values.items()
            for arm in ("candidate", "control")
        ]
        drawn.append(line_chart(f"{rollout.name}: {title}", lines, x_unit="s", y_unit=unit, marks=marks))
    # line_chart escapes every text it is given, so its SVG may go into the page as it is.
    return [Markup(chart) for chart in drawn]  # noqa: S704 - escaped by line_chart, see above


def _stage_marks(looks: Sequence[Look], start: float) -> list[Mark]:
    marks: list[Mark] = []
    for before, after in pairwise(looks):
        if before.status.stage != after.status.stage:
            marks.append(Mark(after.at - start, after.status.stage))
    return marks


def table(summary: Summary) -> Table:
    """Stage, requests per arm, errors, p95, savings, decision, time to rollback."""
    title = "What the ledger says (candidate / control; rescued: answered by a retry or without the skill)"
    drawn = Table(title=title, title_justify="left")
    texts = {"rollout", "stage", "decision", "to rollback"}
    for column in (
        "rollout", "stage", "requests", "errors", "rescued", "p95 s", "savings", "decision", "to rollback"
    ):  # fmt: skip
        drawn.add_column(column, justify="left" if column in texts else "right")
    for rollout in summary.rollouts:
        for stage in rollout.stages:
            ended = stage is rollout.stages[-1]
            drawn.add_row(
                rollout.name,
                f"{stage.name} {stage.weight:g} %",
                f"{stage.candidate_requests} / {stage.control_requests}",
                f"{stage.candidate.errors} / {stage.control.errors}",
                f"{stage.candidate.rescued} / {stage.control.rescued}",
                f"{_number(stage.candidate.p95_seconds)} / {_number(stage.control.p95_seconds)}",
                "–" if stage.savings is None else f"{stage.savings:.0%}",
                rollout.outcome if ended else "advance",
                _to_rollback(rollout) if ended else "",
            )
    return drawn


def _to_rollback(rollout: RolloutSummary) -> str:
    back = rollout.rollback
    if back is None:
        return ""
    return f"{back.seconds_after_fault:.1f} s, {back.candidate_requests_after_fault} requests"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"
