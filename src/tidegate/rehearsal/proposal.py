"""A proposal of settings as a rollout of its own, and the scenario that it is rehearsed on."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import msgspec

from tidegate.domain.rollout import Plan, Variant
from tidegate.domain.tuning.advice import Advice
from tidegate.rehearsal.fitting.figure import Figure
from tidegate.rehearsal.fitting.fit import Fit

_LONGEST_NAME = 63


def proposed_plan(plan: Plan, advice: Sequence[Advice], at: float) -> Plan:
    """The rollout from the plan's candidate to one with the proposed settings, in the same stages.

    Without its savings gate: settings are not what the plan promised savings by, and it would hold for ever.
    """
    candidate = _with(plan.candidate, {each.setting: each.proposed for each in advice})
    ending = f"-tuned-{datetime.fromtimestamp(at, UTC):%Y-%m-%d}"
    return msgspec.structs.replace(
        plan,
        name=plan.name[: _LONGEST_NAME - len(ending)] + ending,
        baseline=plan.candidate,
        candidate=candidate,
        gates=msgspec.structs.replace(plan.gates, savings=None),
    )


def revised_plan(plan: Plan, advice: Sequence[Advice]) -> Plan:
    """The plan itself, its candidate with the proposed settings: what `rollout revise` takes."""
    candidate = _with(plan.candidate, {each.setting: each.proposed for each in advice})
    return msgspec.structs.replace(plan, candidate=candidate)


def _with(variant: Variant, settings: Mapping[str, float | None]) -> Variant:
    threshold, timeout, ttl = (settings.get(name) for name in ("select.threshold", "timeout", "cache.ttl"))
    if threshold is not None:
        variant = msgspec.structs.replace(variant, threshold=threshold)
    if timeout is not None:
        deadline = variant.deadline_seconds
        timeout = timeout if deadline is None else min(timeout, deadline)
        variant = msgspec.structs.replace(variant, timeout_seconds=timeout)
    if ttl is not None and variant.cache is not None:
        cache = msgspec.structs.replace(variant.cache, ttl_seconds=ttl)
        variant = msgspec.structs.replace(variant, cache=cache)
    return variant


def proposed_scenario(found: Fit, advice: Sequence[Advice]) -> Fit:
    """The past as it was, with a candidate that is as control but for what a time in the cache spares.

    A shorter time spares less than the present one does: the candidate is dearer.
    """
    spared = min(0.99, sum(each.spared for each in advice))
    mean = Figure(
        "candidate.cost.mean",
        found.value("control.cost.mean") * (1 - spared),
        fitted=False,
        said=f"as control's, less {100 * spared:.3g} % of the requests that the proposal spares",
    )
    others = [each for each in found.figures if each.key != mean.key]
    return msgspec.structs.replace(found, figures=(*others, mean))
