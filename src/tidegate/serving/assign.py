"""Assignment: which rollout governs a request, on which side it is, and which skills it is served."""

from collections.abc import Sequence
from typing import Final

import msgspec
from msgspec.structs import replace

from tidegate.domain.assignment import arm, arm_after, bucket
from tidegate.domain.exchange import Arm, SkillUse
from tidegate.domain.rollout import Rollout, Unit
from tidegate.domain.routing import Routed, route
from tidegate.domain.selection import select, without
from tidegate.serving.identity import Identity
from tidegate.serving.pins import Pins
from tidegate.serving.snapshot import RoutingSnapshot, ServedRollout
from tidegate.serving.variant import PLAIN, ServedVariant

# Bound once: before Python 3.12 each look-up of an enum's member is a call.
_CANDIDATE: Final = Arm.CANDIDATE
_REQUEST: Final = Unit.REQUEST
_CONVERSATION: Final = Unit.CONVERSATION


class Asker(msgspec.Struct, frozen=True):
    """What assignment needs of a request; `texts` are its users' texts, `named` the skills it asks for."""

    exchange_id: str
    tenant: str
    identity: Identity
    named: Sequence[str]
    texts: Sequence[str]
    in_progress: bool
    now: float


class Assignment(msgspec.Struct, frozen=True):
    """What a request is served; without a rollout it is outside. `changed` is False for a plain request.

    `triggered`: the candidate's selector chose a skill, or the candidate has none to choose; `triggers` is
    what it chose, in either arm. `patience`: seconds that the candidate would have had to its first content
    byte, told of triggered control requests, which are late by the same measure. `stays`: a conversation in
    progress keeps the old side. `reduced`: a switch took
    some of the served skills away, so what was built on them (a cheaper model) is not served either.
    """

    variant: ServedVariant = PLAIN
    skills: tuple[SkillUse, ...] = ()
    rollout: Rollout | None = None
    arm: Arm = Arm.OUTSIDE
    triggered: bool = False
    counted: bool = True
    stays: bool = False
    stage: int | None = None
    triggers: tuple[SkillUse, ...] = ()
    patience: float | None = None
    reduced: bool = False
    routed: Routed | None = None
    """What the variant's route chose, None where it has none or no skill is served."""
    shared: frozenset[str] = frozenset()
    """The models that a rollout's baseline may serve too, told of its candidates."""

    @property
    def stage_name(self) -> str | None:
        """The stage's name, None outside a stage."""
        if self.rollout is None or self.stage is None:
            return None
        return self.rollout.plan.stages[self.stage].name

    @property
    def changed(self) -> bool:
        return bool(self.skills) or (self.model is not None)

    @property
    def model(self) -> str | None:
        """The model to serve instead of the one asked for: only where the skills it relies on are served."""
        relies = self.variant.names_skills and not self.skills
        if relies or self.reduced:
            return None
        return (self.routed.model if self.routed else None) or self.variant.model


def assign(snapshot: RoutingSnapshot, asker: Asker, pins: Pins) -> Assignment:
    """The assignment of a request: the governing rollout's, else what stands, less what is switched off."""
    assignment = _switched(snapshot, asker.tenant, _assigned(snapshot, asker, pins))
    wanted = assignment.variant.route
    if wanted is None or not assignment.skills:
        return assignment
    return replace(assignment, routed=route(wanted, assignment.skills, snapshot.scores))


def _assigned(snapshot: RoutingSnapshot, asker: Asker, pins: Pins) -> Assignment:
    governing, uses = _governing(snapshot, asker)
    if governing is None:
        return _standing(snapshot, asker)
    if snapshot.degraded:
        return _degraded(governing, asker)
    return _in_rollout(governing, uses, asker, pins)


def switched_off(snapshot: RoutingSnapshot, tenant: str, skills: Sequence[SkillUse]) -> bool:
    """True where a switch or a revocation now bars one of these skills; asked again whenever time has passed:
    before a composed request is retried, before a kept answer is given again."""
    off, revoked = snapshot.overrides, snapshot.revoked
    return bool(skills) and (
        off.bars(tenant)
        or any(use.name in off.skills or (use.name, use.version) in revoked for use in skills)
    )


def _governing(snapshot: RoutingSnapshot, asker: Asker) -> tuple[ServedRollout | None, tuple[SkillUse, ...]]:
    """The first active rollout covering it whose candidate is triggered, else the first covering it."""
    first: ServedRollout | None = None
    for served in snapshot.active:
        if served.scope.covers(asker.tenant, asker.identity.task):
            uses = _select(served.candidate, asker)
            if uses or not served.candidate.names_skills:
                return served, uses
            first = first or served
    return first, ()


def _in_rollout(served: ServedRollout, uses: tuple[SkillUse, ...], asker: Asker, pins: Pins) -> Assignment:
    rollout = served.rollout
    place = bucket(rollout.salt, asker.tenant, _unit(rollout, asker))
    side = arm(place, rollout.current)
    stays = _stays(served, place, asker, pins)
    candidate = side is _CANDIDATE and not stays
    triggered = bool(uses) or not served.candidate.names_skills
    return Assignment(
        variant=served.candidate if candidate else served.baseline,
        skills=uses if candidate else _select(served.baseline, asker),
        rollout=rollout,
        arm=Arm.CONTROL if stays else side,
        triggered=triggered,
        counted=not stays and place >= rollout.exposed,
        stays=stays,
        stage=rollout.stage,
        triggers=uses,
        patience=served.candidate.timeout_for(uses) if triggered and not candidate else None,
        shared=served.shared if candidate else frozenset(),
    )


def _stays(served: ServedRollout, place: int, asker: Asker, pins: Pins) -> bool:
    """True where a conversation in progress stays on the old side of the latest step."""
    rollout = served.rollout
    if place not in served.moved or rollout.plan.unit is _REQUEST:
        return False
    pin = (rollout.name, rollout.attempt, rollout.stage, asker.identity.conversation_hash)
    known = pins.side(pin, asker.now)
    if known is None:
        recent = asker.now - rollout.stage_since < pins.seconds
        known = not (asker.in_progress and recent)
    pins.put(pin, known, asker.now)
    return not known


def _degraded(served: ServedRollout, asker: Asker) -> Assignment:
    """The baseline, measured in neither arm: this process may be behind a rollback."""
    return Assignment(
        variant=served.baseline,
        skills=_select(served.baseline, asker),
        rollout=served.rollout,
        counted=False,
        stage=served.rollout.stage,
    )


def _standing(snapshot: RoutingSnapshot, asker: Asker) -> Assignment:
    """What a completed rollout left: its candidate for all, but for the units `after` still holds back."""
    served = snapshot.standing(asker.tenant, asker.identity.task)
    if served is None:
        return Assignment()
    uses = _select(served.candidate, asker)
    if not served.holds_back(asker.now):
        return Assignment(variant=served.candidate, skills=uses)
    rollout = served.rollout
    side = arm_after(bucket(rollout.salt, asker.tenant, _unit(rollout, asker)), rollout.plan.after)
    candidate = side is _CANDIDATE
    return Assignment(
        variant=served.candidate if candidate else served.baseline,
        skills=uses if candidate else _select(served.baseline, asker),
        rollout=rollout,
        arm=side,
        triggered=bool(uses) or not served.candidate.names_skills,
        counted=False,
        triggers=uses,
    )


def _switched(snapshot: RoutingSnapshot, tenant: str, assignment: Assignment) -> Assignment:
    """The assignment without what is switched off, and what requires it; then it counts in neither arm."""
    off = snapshot.overrides
    if off.bars(tenant):
        return uncounted(replace(assignment, variant=PLAIN, skills=()))
    if not off.skills:
        return assignment
    kept = without(assignment.variant.catalogue, assignment.skills, off.skills)
    served = replace(assignment, skills=kept, reduced=len(kept) < len(assignment.skills))
    return uncounted(served) if switched_off(snapshot, tenant, assignment.triggers) else served


def uncounted(assignment: Assignment) -> Assignment:
    """The assignment in neither arm's evidence; after completion, where none is counted, it is of no arm."""
    arm = assignment.arm if assignment.stage is not None else Arm.OUTSIDE
    return replace(assignment, counted=False, arm=arm)


def _select(variant: ServedVariant, asker: Asker) -> tuple[SkillUse, ...]:
    if not variant.skills:
        return ()
    return select(variant.catalogue, asker.named, asker.texts, variant.match, variant.rank)


def _unit(rollout: Rollout, asker: Asker) -> str:
    unit = rollout.plan.unit
    if unit is _REQUEST:
        return asker.exchange_id
    return asker.identity.conversation if unit is _CONVERSATION else asker.identity.unit
