"""The rollout spec: YAML as an operator writes it, to a validated Spec, to a Plan with skills resolved."""

from collections.abc import Sequence
from dataclasses import dataclass

from tidegate.control.spec_gates import read_gates, refuse_unjudgeable
from tidegate.control.spec_node import Block, Place, Problems, compose
from tidegate.control.spec_resolve import resolve_skills
from tidegate.control.spec_route import read_route
from tidegate.control.spec_schedule import read_schedule
from tidegate.control.spec_stages import read_after, read_stages
from tidegate.control.spec_value import NAME, TEXT, VERSION, choice, duration, exactly, number
from tidegate.domain.errors import InvalidInput
from tidegate.domain.rollout import After, CachePolicy, Eligible, Gates, Plan, Stage, Unit, Variant
from tidegate.domain.schedule import Schedule
from tidegate.domain.skill import ListedVersion

_VARIANT_KEYS = ("skills", "select", "model", "system", "route", "timeout", "deadline", "cache")


@dataclass(frozen=True, slots=True)
class SkillPick:
    """A skill as a spec names it; version 0 is the latest."""

    name: str
    version: int
    place: Place


@dataclass(frozen=True, slots=True)
class VariantSpec:
    """A variant whose skills are still names; `rest` has everything else."""

    skills: tuple[SkillPick, ...]
    rest: Variant


@dataclass(frozen=True, slots=True)
class Spec:
    """A valid spec; `baseline` None means what users have today."""

    name: str
    unit: Unit
    eligible: Eligible
    baseline: VariantSpec | None
    candidate: VariantSpec
    stages: tuple[Stage, ...]
    gates: Gates
    after: After
    schedule: Schedule


def parse(text: str) -> Spec:
    """Read a spec; raises InvalidInput with one line per problem (line, column, key path, what to write)."""
    problems = Problems()
    root = Block(compose(text), "", problems)
    root.only("apiVersion", "kind", "metadata", "spec")
    root.read("apiVersion", exactly("tidegate/v1"), "", required=True)
    root.read("kind", exactly("Rollout"), "", required=True)
    name = _read_name(root, problems)
    body = root.block("spec")
    if body is None:
        problems.add(root.where("spec"), "is missing; expected the rollout's stages, candidate and gates")
        problems.refuse()
        raise AssertionError("a missing spec was refused above")
    spec = _read_body(name, body, problems)
    problems.refuse()
    return spec


def resolve(spec: Spec, versions: Sequence[ListedVersion], standing: Variant | None) -> Plan:
    """The plan: every skill pinned to a digest among `versions`.

    `standing` is what users in the spec's scope have today, used where the spec names no baseline; None
    where they do not all have the same. Raises InvalidInput, listing the versions there are.
    """
    problems = Problems()
    candidate = resolve_skills(spec.candidate.rest, spec.candidate.skills, versions, problems)
    baseline = standing
    if spec.baseline is not None:
        baseline = resolve_skills(spec.baseline.rest, spec.baseline.skills, versions, problems)
    problems.refuse()
    if baseline is None:
        raise InvalidInput(
            "spec.baseline is missing, and the users in `eligible` do not all have the same skills today; "
            "name the baseline, or narrow `eligible`"
        )
    return Plan(
        name=spec.name,
        unit=spec.unit,
        eligible=spec.eligible,
        baseline=baseline,
        candidate=candidate,
        stages=spec.stages,
        gates=spec.gates,
        after=spec.after,
        schedule=spec.schedule,
    )


def _read_name(root: Block, problems: Problems) -> str:
    metadata = root.block("metadata")
    if metadata is None:
        problems.add(root.where("metadata"), "is missing; expected {name: NAME}")
        return ""
    metadata.only("name")
    return metadata.read("name", NAME, "", required=True)


def _read_body(name: str, body: Block, problems: Problems) -> Spec:
    body.only("unit", "eligible", "baseline", "candidate", "stages", "schedule", "gates", "after")
    candidate, baseline = body.block("candidate"), body.block("baseline")
    if candidate is None:
        problems.add(body.where("candidate"), "is missing; expected the variant to roll out")
    stages = read_stages(body, problems)
    gates = read_gates(body, problems)
    refuse_unjudgeable(stages, gates, body, problems)
    return Spec(
        name=name,
        unit=Unit(body.read("unit", choice(*(unit.value for unit in Unit)), Unit.USER)),
        eligible=_read_eligible(body),
        baseline=_read_variant(baseline, problems) if baseline else None,
        candidate=_read_variant(candidate, problems) if candidate else VariantSpec((), Variant()),
        stages=stages,
        gates=gates,
        after=read_after(body, stages, problems),
        schedule=read_schedule(body, problems),
    )


def _read_eligible(body: Block) -> Eligible:
    block = body.block("eligible")
    if block is None:
        return Eligible()
    block.only("tenants", "tasks")
    return Eligible(tenants=block.texts("tenants", TEXT, ("*",)), tasks=block.texts("tasks", TEXT, ("*",)))


def _read_variant(block: Block, problems: Problems) -> VariantSpec:
    block.only(*_VARIANT_KEYS)
    skills = _read_skills(block)
    route = block.block("route")
    lexical, threshold = _read_select(block)
    rest = Variant(
        model=block.read("model", TEXT, None) if "model" in block else None,
        route=read_route(route, problems) if route else None,
        system=block.read("system", choice("keep", "replace"), "keep"),
        timeout_seconds=block.read("timeout", duration(), Variant().timeout_seconds),
        deadline_seconds=block.read("deadline", duration(), None) if "deadline" in block else None,
        cache=_read_cache(block),
        lexical=lexical,
        threshold=threshold,
    )
    if rest.system == "replace" and not skills:
        problems.add(block.where("system"), "found 'replace' without a skill to take the prompt's place")
    if rest.route is not None and not skills:
        problems.add(block.where("route"), "chooses by the skills' effectiveness, and there is no skill")
    if rest.deadline_seconds is not None and rest.timeout_seconds > rest.deadline_seconds:
        problems.add(block.where("timeout"), f"is longer than the deadline of {rest.deadline_seconds:g}s")
    return VariantSpec(skills, rest)


def _read_cache(block: Block) -> CachePolicy | None:
    cache = block.block("cache")
    if cache is None:
        return None
    cache.only("ttl", "when")
    return CachePolicy(
        ttl_seconds=cache.read("ttl", duration("1s"), 0.0, required=True),
        when=cache.read("when", choice("deterministic", "always"), "deterministic"),
    )


def _read_select(block: Block) -> tuple[bool, float]:
    """Whether words choose skills, and from which score on."""
    select = block.block("select")
    if select is None:
        return Variant().lexical, Variant().threshold
    select.only("lexical", "threshold")
    return (
        select.read("lexical", choice("on", "off"), "on") == "on",
        select.read("threshold", number(0.1, 100.0), Variant().threshold),
    )


def _read_skills(block: Block) -> tuple[SkillPick, ...]:
    skills = block.block("skills")
    if skills is None:
        return ()
    return tuple(
        SkillPick(name, skills.read(name, VERSION, 0), skills.where(name)) for name in skills.names()
    )
