"""What rehearsals came to, for people."""

from collections.abc import Mapping, Sequence

from tidegate.cli.output import emit_table
from tidegate.rehearsal.course import Course
from tidegate.rehearsal.summary import Spread, Summary, of_rivals, summary


def show_timeline(course: Course) -> None:
    """What would have been decided when."""
    rows = [
        (_after(each.at), f"{each.stage} {each.weight:g} %", each.kind, each.said) for each in course.timeline
    ]
    emit_table("Timeline", ("after", "stage", "what", "why"), rows, empty="nothing happened")


def show(courses: Sequence[Course]) -> None:
    """What they came to; beside it what other tools' rules made of traffic of the same kind."""
    found = summary(courses)
    outcomes = ", ".join(f"{count} {name}" for name, count in found.outcomes.items() if count)
    wholes = sorted(course.whole for course in courses)
    false = found.false_rollback
    rows = [
        ("rehearsals", f"{found.reps}: {outcomes}"),
        ("duration, middle", _after(wholes[len(wholes) // 2])),
        *_rollback_rows(found),
        (
            "false rollbacks",
            f"{100 * false.rate:.3g} %, at most {100 * false.upper_95:.3g} % (95 %)",
        ),
        *_savings_rows(found),
        (
            "harm by the candidate's faults, mean",
            f"{found.harm.users:.4g} users met {found.harm.errors:.4g} errors; {found.harm.usd:,.2f} dollars",
        ),
    ]
    emit_table("Rehearsal", ("what", "found"), rows, empty="nothing was rehearsed")
    rivals = of_rivals(courses)
    if rivals:
        _show_beside({"tidegate": found} | {name: summary(each) for name, each in rivals.items()})


def _show_beside(found: Mapping[str, Summary]) -> None:
    columns = ("by", "rolled back", "of them false", "candidate requests until then", "minutes until then")
    rows = [
        (
            name,
            f"{each.outcomes['rolled-back']} of {each.reps}",
            f"{round(each.false_rollback.rate * each.reps)}",
            _spread(each.rollback.candidate_requests) if each.rollback else "–",
            _spread(each.rollback.minutes) if each.rollback else "–",
        )
        for name, each in found.items()
    ]
    emit_table("Traffic of the same kind", columns, rows, empty="nothing was compared")


def _rollback_rows(found: Summary) -> list[tuple[str, str]]:
    back = found.rollback
    if back is None:
        return []
    by = ", ".join(f"{gate} {count}" for gate, count in back.by.items())
    early = f", {back.before_fault} before the fault" if back.before_fault else ""
    return [
        ("rolled back by", by + early),
        ("candidate requests until then", _spread(back.candidate_requests)),
        ("minutes until then", _spread(back.minutes)),
    ]


def _savings_rows(found: Summary) -> list[tuple[str, str]]:
    savings = found.savings
    rows = [("savings certified", f"{100 * savings.certified_rate:.3g} % of the rehearsals")]
    if savings.candidate_requests.p50 is not None:
        rows.append(("candidate requests until certified", _spread(savings.candidate_requests)))
    if savings.point.mean is not None:
        rows.append(("savings, mean", f"{100 * savings.point.mean:.3g} %"))
    return rows


def _spread(found: Spread) -> str:
    if found.p50 is None or found.p95 is None:
        return "–"
    return f"{_number(found.p50)} in the middle, {_number(found.p95)} for 95 %"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:g}"


def _after(seconds: float) -> str:
    days, rest = divmod(int(seconds), 86_400)
    return f"{days}d {rest // 3600:02}:{rest % 3600 // 60:02}:{rest % 60:02}"
