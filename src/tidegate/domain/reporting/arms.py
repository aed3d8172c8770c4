"""An arm's figures: those that gates judge by from evidence, the others from the ledger's lines."""

from collections.abc import Callable, Iterable, Sequence

from tidegate.domain.account import PICOS
from tidegate.domain.evidence import Tally, quantile
from tidegate.domain.exchange import Arm
from tidegate.domain.reporting.document import ArmFigures, BothArms, Tokens
from tidegate.domain.reporting.sums import ArmTasks, Line
from tidegate.domain.tallying import SKILL_FAILURES


def both_arms(
    tallies: tuple[Tally, Tally], lines: Iterable[Line], tasks: Iterable[ArmTasks], *, by_unit: bool = True
) -> BothArms:
    """Candidate and control; without `by_unit` nobody has counted when units came first."""
    counted = [line for line in lines if line.counted or line.stage is None]
    by_arm = {each.arm: each for each in tasks}
    sides = [
        _figures(
            tallies[place],
            [line for line in counted if line.arm is arm],
            by_arm.get(arm, ArmTasks(arm, 0, 0, 0, 0)),
            tallies[place].units if by_unit else None,
        )
        for place, arm in enumerate((Arm.CANDIDATE, Arm.CONTROL))
    ]
    return BothArms(*sides)


def _figures(known: Tally, lines: Sequence[Line], tasks: ArmTasks, units: int | None) -> ArmFigures:
    return ArmFigures(
        requests=known.requests,
        triggered=known.triggered,
        units=units,
        outcomes=_counts(lines, lambda line: line.outcome.value),
        skill_failures=_counts(lines, _skill_failure),
        fallbacks=_counts(lines, lambda line: line.fallback),
        errors=known.errors,
        error_ratio=known.errors / known.requests if known.requests else None,
        triggered_errors=known.triggered_errors,
        faulted=known.faulted,
        p50_seconds=quantile(known.seconds, 0.5),
        p95_seconds=quantile(known.seconds, 0.95),
        p99_seconds=quantile(known.seconds, 0.99),
        priced=known.priced,
        unpriced=sum(line.unpriced for line in lines),
        cost_usd=known.cost_usd if known.priced else None,
        cost_per_request_usd=known.cost_usd / known.priced if known.priced else None,
        cache_hits=sum(line.requests for line in lines if line.cached),
        tokens=tokens_of(lines),
        tasks=tasks.tasks,
        resolved_tasks=tasks.resolved,
        cost_per_resolved_task_usd=_per_task(tasks),
        up=known.up,
        down=known.down,
    )


def tokens_of(lines: Iterable[Line]) -> Tokens:
    """What they used, by kind."""
    rows = tuple(lines)
    return Tokens(
        input=sum(line.input_tokens for line in rows),
        output=sum(line.output_tokens for line in rows),
        cache_read=sum(line.cache_read_tokens for line in rows),
        cache_write_5m=sum(line.cache_write_5m_tokens for line in rows),
        cache_write_1h=sum(line.cache_write_1h_tokens for line in rows),
    )


def _counts(lines: Iterable[Line], name: Callable[[Line], str]) -> dict[str, int]:
    """Requests by a name, in the order of the names; "" is left out."""
    found: dict[str, int] = {}
    for line in lines:
        if key := name(line):
            found[key] = found.get(key, 0) + line.requests
    return dict(sorted(found.items()))


def _skill_failure(line: Line) -> str:
    failed = line.skill_outcome in SKILL_FAILURES
    return line.skill_outcome.value if failed and line.skill_outcome is not None else ""


def _per_task(tasks: ArmTasks) -> float | None:
    return tasks.cost_picos / tasks.resolved / PICOS if tasks.resolved and tasks.priced else None
