"""The routing snapshot: all a request needs to know, compiled from the store's state, swapped as a whole."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from tidegate.domain.access import KeyRecord, Switch, accepted
from tidegate.domain.assignment import moved_range
from tidegate.domain.quota import Amounts
from tidegate.domain.rollout import ACTIVE, Eligible, Phase, Rollout
from tidegate.domain.routing import Scores
from tidegate.domain.skill import SkillVersion, SyncedVersion
from tidegate.ports import RoutingState
from tidegate.serving.variant import LIVE, ServedVariant, Synced, VariantCache


@dataclass(frozen=True, slots=True)
class Overrides:
    """The switches that are off."""

    everything: bool = False
    tenants: frozenset[str] = frozenset()
    skills: frozenset[str] = frozenset()

    def bars(self, tenant: str) -> bool:
        """True where this tenant gets no skill at all."""
        return self.everything or tenant in self.tenants

    def also(self, scope: str, target: str) -> "Overrides":
        """The same with one more switch off (`scope` all, skill or tenant)."""
        return overrides([(scope, target)], self)


@dataclass(frozen=True, slots=True)
class Scope:
    """Which requests a rollout covers, as sets; None covers all."""

    tenants: frozenset[str] | None
    tasks: frozenset[str] | None

    def covers(self, tenant: str, task: str) -> bool:
        return (self.tenants is None or tenant in self.tenants) and (self.tasks is None or task in self.tasks)


@dataclass(frozen=True, slots=True)
class ServedRollout:
    """A rollout ready to assign by; `moved` are the buckets its latest step moved to the candidate.

    `shared` are the models that the baseline may serve instead of the one asked for.
    """

    rollout: Rollout
    scope: Scope
    baseline: ServedVariant
    candidate: ServedVariant
    moved: range
    shared: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "shared", self.baseline.models)

    def holds_back(self, now: float) -> bool:
        """True while a completed rollout keeps its `after` control group."""
        after, completed = self.rollout.plan.after, self.rollout.completed_at
        return after.holdout > 0 and completed is not None and now < completed + after.for_seconds


@dataclass(frozen=True, slots=True)
class RoutingSnapshot:
    """What one revision of the store means for requests; immutable.

    `keys` by sha256 hex of the secret, revoked ones left out; `active` rollouts in order of creation,
    `completed` ones newest first; `quotas` by scope and target; `scores` are the skills' effectiveness;
    `provider_skills` are ids of skills that were synced, by tenant (empty: into the gateway's workspace).
    `degraded`: not confirmed for too long, so running rollouts serve the baseline.
    """

    revision: int = 0
    keys: Mapping[str, KeyRecord] = field(default_factory=lambda: MappingProxyType({}))
    active: tuple[ServedRollout, ...] = ()
    completed: tuple[ServedRollout, ...] = ()
    overrides: Overrides = Overrides()
    revoked: frozenset[tuple[str, int]] = frozenset()
    """Skill versions, by name and number, that are not to be served any more."""
    cleared: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    """By tenant (`*`: all), the revision at which kept answers were last cleared."""
    quotas: Mapping[tuple[str, str], Amounts] = field(default_factory=lambda: MappingProxyType({}))
    scores: Scores = field(default_factory=lambda: MappingProxyType({}))
    provider_skills: Mapping[str, frozenset[str]] = field(default_factory=lambda: MappingProxyType({}))
    degraded: bool = False

    def generation(self, tenant: str) -> int:
        """Which of a tenant's kept answers count: those of the time since the last clearing."""
        cleared = self.cleared
        return max(cleared.get("*", 0), cleared.get(tenant, 0)) if cleared else 0

    def standing(self, tenant: str, task: str) -> ServedRollout | None:
        """The completed rollout whose candidate is what such requests get today."""
        return next((each for each in self.completed if each.scope.covers(tenant, task)), None)


def compile_snapshot(state: RoutingState, variants: VariantCache) -> RoutingSnapshot:
    """The snapshot of a state; `variants` keeps what did not change since the last one."""
    versions = {version.digest: version for version in state.versions}
    synced: dict[str, tuple[SyncedVersion, ...]] = {}
    for each in state.synced:
        synced[each.digest] = (*synced.get(each.digest, ()), each)
    rollouts = sorted(state.rollouts, key=lambda each: (each.created_at, each.name))
    snapshot = RoutingSnapshot(
        revision=state.revision,
        keys={
            hashed: key for each in state.keys if each.revoked_at is None for hashed, key in accepted(each)
        },
        active=tuple(_served(each, versions, synced, variants) for each in rollouts if each.phase in ACTIVE),
        completed=tuple(
            _served(each, versions, synced, variants)
            for each in sorted(rollouts, key=lambda each: (each.completed_at or 0.0, each.name), reverse=True)
            if each.phase is Phase.COMPLETED
        ),
        overrides=overrides(_pairs(state.switches)),
        provider_skills=_provider_skills(state.synced),
        revoked=_revoked(state),
        cleared=dict(state.cleared),
        quotas={(each.scope.value, each.target): each.amounts for each in state.quotas},
        scores={(each.name, each.version): each.score for each in state.scores},
    )
    variants.settle()
    return snapshot


def stopped(known: RoutingSnapshot, state: RoutingState) -> RoutingSnapshot:
    """The snapshot known so far with what a newer state switches off or revokes; it needs no compiling."""
    off = overrides(_pairs(state.switches), known.overrides)
    return replace(known, overrides=off, revoked=known.revoked | _revoked(state))


def _revoked(state: RoutingState) -> frozenset[tuple[str, int]]:
    return frozenset((each.name, each.number) for each in state.versions if each.state not in LIVE)


def _provider_skills(synced: Sequence[SyncedVersion]) -> Mapping[str, frozenset[str]]:
    tenants = {each.tenant for each in synced}
    return {
        tenant: frozenset(each.there.skill_id for each in synced if each.tenant == tenant)
        for tenant in tenants
    }


def overrides(off: Sequence[tuple[str, str]], known: Overrides = Overrides()) -> Overrides:
    """The switches of these (scope, target) pairs, on top of those already known."""
    return Overrides(
        everything=known.everything or any(scope == "all" for scope, _ in off),
        tenants=known.tenants | {target for scope, target in off if scope == "tenant"},
        skills=known.skills | {target for scope, target in off if scope == "skill"},
    )


def _pairs(switches: Sequence[Switch]) -> list[tuple[str, str]]:
    return [(switch.scope, switch.target) for switch in switches]


def _served(
    rollout: Rollout, versions: Mapping[str, SkillVersion], synced: Synced, variants: VariantCache
) -> ServedRollout:
    plan = rollout.plan
    previous = plan.stages[rollout.stage - 1] if rollout.stage > 0 else None
    return ServedRollout(
        rollout=rollout,
        scope=_scope(plan.eligible),
        baseline=variants.served(plan.baseline, versions, synced),
        candidate=variants.served(plan.candidate, versions, synced),
        moved=moved_range(previous, rollout.current),
    )


def _scope(eligible: Eligible) -> Scope:
    return Scope(
        tenants=None if "*" in eligible.tenants else frozenset(eligible.tenants),
        tasks=None if "*" in eligible.tasks else frozenset(eligible.tasks),
    )


EMPTY = RoutingSnapshot()
"""Before the first load: no key is known, so every request is refused."""
