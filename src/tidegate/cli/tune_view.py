"""Proposals and the verdict of their rehearsal, for people."""

from collections.abc import Sequence

from tidegate.cli.output import emit_table, say
from tidegate.cli.rehearse_view import show
from tidegate.domain.tuning.advice import Advice
from tidegate.domain.tuning.reuse_distances import told
from tidegate.rehearsal.course import Course
from tidegate.rehearsal.summary import summary


def show_advice(advice: Sequence[Advice]) -> None:
    """Each setting with its present value, what is proposed, the evidence, and what it would have changed."""
    rows = [
        (
            each.setting,
            _value(each, each.present),
            _value(each, each.proposed),
            each.evidence,
            each.effect or f"no proposal: {each.why}",
        )
        for each in advice
    ]
    columns = ("setting", "present", "proposed", "evidence", "what it would have changed")
    emit_table("Settings", columns, rows, empty="nothing was looked at")


def show_verdict(courses: Sequence[Course]) -> None:
    """What the rehearsals came to, and in one line whether the plan gets there."""
    show(courses)
    outcomes = summary(courses).outcomes
    completed, count = outcomes["completed"], len(courses)
    if completed == count:
        say(f"verdict: completed in {count} of {count} rehearsals; start it with `tidegate rollout start`")
        return
    others = ", ".join(f"{n} {name}" for name, n in outcomes.items() if n and name != "completed")
    say(f"verdict: completed in {completed} of {count} rehearsals, {others}; look at its gates first")


def _value(each: Advice, value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:g}" if each.setting == "select.threshold" else told(value)
