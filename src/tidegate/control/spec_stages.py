"""Stages of a rollout spec, and what stays when it has completed: shares may only ever rise."""

from itertools import pairwise

from yaml.nodes import Node

from tidegate.control.spec_node import Block, Place, Problems
from tidegate.control.spec_value import NAME, basis_points, choice, count, duration
from tidegate.domain.assignment import BUCKETS, ceiling
from tidegate.domain.rollout import After, Stage

MOST_STAGES = 20
MOST_APPROVALS = 5

FULL_HOLDOUT = 500
"""Basis points kept as control at weight 100 unless the stage says otherwise: without, nothing compares."""


def read_stages(body: Block, problems: Problems) -> tuple[Stage, ...]:
    """The stages in their order, each sending more units to the candidate than the one before."""
    nodes = body.nodes("stages")
    if "stages" not in body:
        problems.add(body.where("stages"), "is missing; expected a list of stages")
    if len(nodes) > MOST_STAGES:
        problems.add(body.where("stages"), f"has {len(nodes)} stages; expected at most {MOST_STAGES}")
    read = [_read_stage(node, path, problems) for path, node in nodes[:MOST_STAGES]]
    for (before, _), (stage, at) in pairwise(read):
        _refuse_fall(before, stage, at, problems)
    if read:
        _refuse_part(*read[-1], problems)
    names: set[str] = set()
    for stage, at in read:
        if stage.name and stage.name in names:
            problems.add(at, f"has the name {stage.name!r} of an earlier stage; names are unique")
        names.add(stage.name)
    return tuple(stage for stage, _ in read)


def read_after(body: Block, stages: tuple[Stage, ...], problems: Problems) -> After:
    """What stays control once completed: no more than the last stage kept, so nobody is taken back."""
    block = body.block("after")
    if block is None:
        return After()
    block.only("holdout", "for")
    after = After(
        holdout=block.read("holdout", basis_points("0", "50"), 0, required=True),
        for_seconds=block.read("for", duration(), 0.0),
    )
    if after.holdout and "for" not in block:
        problems.add(block.where("for"), "is missing; expected how long the holdout stays, such as 90d")
    kept = BUCKETS - ceiling(stages[-1]) if stages else BUCKETS
    if after.holdout > kept:
        message = (
            f"keeps {after.holdout / 100:g} % control, but the last stage keeps {kept / 100:g} %: "
            "completing would take the candidate from users who have it"
        )
        problems.add(block.where("holdout"), message)
    return after


def _read_stage(node: Node, path: str, problems: Problems) -> tuple[Stage, Place]:
    block = Block(node, path, problems)
    block.only("name", "weight", "bake", "promote", "approvals", "report", "holdout")
    weight = block.read("weight", basis_points("0.01", "100"), BUCKETS, required=True)
    stage = Stage(
        name=block.read("name", NAME, "", required=True),
        weight=weight,
        bake_seconds=block.read("bake", duration(), 1.0, required=True),
        promote=block.read("promote", choice("manual", "auto"), "manual"),
        report=block.read("report", choice("daily", "none"), "daily"),
        holdout=block.read("holdout", basis_points("0", "50"), FULL_HOLDOUT if weight == BUCKETS else 0),
        approvals=block.read("approvals", count(1, MOST_APPROVALS), 1),
    )
    if stage.promote == "auto" and stage.approvals > 1:
        problems.add(block.where("approvals"), "asks people, but the stage has `promote: auto`; use `manual`")
    return stage, block.where("weight")


def _refuse_part(last: Stage, at: Place, problems: Problems) -> None:
    """Completing gives the candidate to all but the holdout: the last stage must have tried it on as many."""
    if last.weight < BUCKETS:
        problems.add(
            at,
            f"found {last.weight / 100:g} in the last stage; expected 100, since completing gives everybody "
            "the candidate: add a stage of weight 100 (its `holdout` keeps a part in control)",
        )


def _refuse_fall(before: Stage, stage: Stage, at: Place, problems: Problems) -> None:
    if stage.weight <= before.weight:
        message = f"found {stage.weight / 100:g}; weights rise, expected more than {before.weight / 100:g}"
        problems.add(at, f"{message} (stage {before.name!r})")
    elif ceiling(stage) <= ceiling(before):
        problems.add(
            at,
            f"with a holdout of {stage.holdout / 100:g} % the candidate gets {ceiling(stage) / 100:g} %, no "
            f"more than in stage {before.name!r} ({ceiling(before) / 100:g} %); lower the holdout",
        )
