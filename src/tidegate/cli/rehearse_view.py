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
    one = found.reps == 1
    rows = [
        ("rehearsals", f"{found.reps}: {outcomes}"),
        ("duration" if one else "duration, middle", _after(wholes[len(wholes) // 2])),
        *_rollback_rows(found),
        ("false rollback" if one else "false rollbacks", _false(found)),
        *_savings_rows(found),
        (
            f"harm by the candidate's faults{'' if one else ', mean'}",
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


def _false(found: Summary) -> str:
    """One rehearsal has no rate: it was one, or none."""
    false = found.false_rollback
    if found.reps == 1:
        return "yes" if false.rate else "no"
    return f"{100 * false.rate:.3g} %, at most {100 * false.upper_95:.3g} % (95 %)"


def _savings_rows(found: Summary) -> list[tuple[str, str]]:
    savings = found.savings
    certified = f"{100 * savings.certified_rate:.3g} % of the rehearsals"
    if found.reps == 1:
        certified = "yes" if savings.certified_rate else "no"
    rows = [("savings certified", certified)]
    if savings.candidate_requests.p50 is not None:
        rows.append(("candidate requests until certified", _spread(savings.candidate_requests)))
    if savings.point.mean is not None:
        name = "savings" if found.reps == 1 else "savings, mean"
        rows.append((name, f"{100 * savings.point.mean:.3g} %"))
    return rows


def _spread(found: Spread) -> str:
    if found.p50 is None or found.p95 is None:
        return "–"
    if found.p50 == found.p95:
        return _number(found.p50)
    return f"{_number(found.p50)} in the middle, {_number(found.p95)} for 95 %"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:g}"


def _after(seconds: float) -> str:
    days, rest = divmod(int(seconds), 86_400)
    return f"{days}d {rest // 3600:02}:{rest % 3600 // 60:02}:{rest % 60:02}"
