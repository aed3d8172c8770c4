"""The demonstration's result: one document, and whether all came out as it must."""

from collections.abc import Sequence

import msgspec

from tidegate.harness.demo import plan
from tidegate.harness.demo.evidence import Line, StageSummary, candidate_requests_between, summarize_stage
from tidegate.harness.demo.story import Told
from tidegate.harness.demo.watch import Look, Status


class Rollback(msgspec.Struct, frozen=True):
    """How the tide gate shut: why, after how many candidate requests and seconds since the fault."""

    reason: str
    candidate_requests_after_fault: int
    seconds_after_fault: float


class RolloutSummary(msgspec.Struct, frozen=True):
    """One rollout: how it ended, its stages, and its rollback where there was one."""

    name: str
    outcome: str
    stages: tuple[StageSummary, ...]
    rollback: Rollback | None


class Summary(msgspec.Struct, frozen=True):
    """`out/demo/summary.json`."""

    rollouts: tuple[RolloutSummary, ...]
    switch: dict[str, int]
    savings: dict[str, float | None]
    ledger: dict[str, int]
    sdk: dict[str, int]
    failures: tuple[str, ...]
    """What did not come out as it must; empty in a good run."""


def summarize(told: Told, lines: Sequence[Line], rolled_back_at: float, back_reason: str) -> Summary:
    """Counts come from the ledger; stages, weights and savings as the rollout's status showed them."""
    rollback = Rollback(
        reason=back_reason,
        candidate_requests_after_fault=candidate_requests_between(
            lines, plan.SECOND_ROLLOUT, told.fault_at, rolled_back_at
        ),
        seconds_after_fault=round(rolled_back_at - told.fault_at, 3),
    )
    first = _rollout(told.watcher.looks, lines, plan.FIRST_ROLLOUT, None)
    second = _rollout(told.watcher.looks, lines, plan.SECOND_ROLLOUT, rollback)
    responses = sum(answer.complete for answer in told.traffic.answers) + told.sdk.answered + told.sdk.refused
    summary = Summary(
        rollouts=(first, second),
        switch={
            "skill_answers_after": told.skill_answers_after_switch,
            "answers_after": told.answers_after_switch,
        },
        savings={"point": _overall_savings(first.stages)},
        ledger={"responses": responses, "exchanges": len({line.id for line in lines})},
        sdk={"requests": told.sdk.asked, "answered": told.sdk.answered},
        failures=(),
    )
    return msgspec.structs.replace(summary, failures=tuple(_failures(summary)))


def _rollout(
    looks: Sequence[Look], lines: Sequence[Line], name: str, rollback: Rollback | None
) -> RolloutSummary:
    mine: list[Status] = [look.status for look in looks if look.status.name == name]
    weights = {line.stage: 0.0 for line in lines if line.rollout == name and line.stage}
    weights.update({status.stage: status.weight for status in mine if status.state == "progressing"})
    points = {status.stage: status.savings.point for status in mine}
    stages = tuple(
        summarize_stage(lines, name, stage, weight, points.get(stage)) for stage, weight in weights.items()
    )
    return RolloutSummary(name, mine[-1].state, stages, rollback)


def _overall_savings(stages: Sequence[StageSummary]) -> float | None:
    """Over all stages, each weighed by its candidate requests: stages differ in their mix of users."""
    known = [(stage.candidate_requests, stage.savings) for stage in stages if stage.savings is not None]
    total = sum(requests for requests, _ in known)
    return sum(requests * savings for requests, savings in known) / total if total else None


def _failures(summary: Summary) -> list[str]:
    first, second = summary.rollouts
    checks = (
        (first.outcome == "completed", f"(a) {first.name} ended {first.outcome}, not completed"),
        ([s.weight for s in first.stages] == [5, 25, 100], "(a) did not go through 5, 25 and 100 %"),
        (second.outcome == "rolled-back", f"(b) {second.name} ended {second.outcome}, not rolled-back"),
        (len(second.stages) == 2, "(b) did not end in its second stage"),
        (summary.switch["answers_after"] > 0, "(c) no answer came after the switch: nothing was shown"),
        (summary.switch["skill_answers_after"] == 0, "(c) a skill was served after the switch was off"),
        (summary.sdk["answered"] >= 500, f"only {summary.sdk['answered']} answers through the SDK"),
        (
            summary.ledger["responses"] == summary.ledger["exchanges"],
            f"{summary.ledger['responses']} answers, in the ledger {summary.ledger['exchanges']} exchanges",
        ),
    )
    return [message for good, message in checks if not good]
