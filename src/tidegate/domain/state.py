"""What the store is asked and answers with, beside rollouts and exchanges. Times are epoch seconds."""

import msgspec

from tidegate.domain.access import KeyRecord, Switch
from tidegate.domain.effectiveness import Part
from tidegate.domain.quota import Quota
from tidegate.domain.rollout import Rollout
from tidegate.domain.skill import SkillVersion, SyncedVersion


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """Something to tell people, written in the same transaction as its cause; delivered at least once."""

    id: str
    kind: str
    subject: str
    data: msgspec.Raw
    at: float


class NewEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An event before the store has chained it."""

    stream: str
    at: float
    actor: str
    kind: str
    reason: str
    data: msgspec.Raw = msgspec.Raw(b"{}")


class Lease(msgspec.Struct, frozen=True):
    """Proof of leadership: a commit under it fails with Conflict once `token` is no longer the newest."""

    holder: str
    token: int
    until: float


class SkillScore(msgspec.Struct, frozen=True, kw_only=True):
    """The effectiveness that routes go by: `score` from 0 to 1, and what it was made of."""

    name: str
    version: int
    score: float
    parts: tuple[Part, ...]
    at: float


class RoutingState(msgspec.Struct, frozen=True, kw_only=True):
    """All that routing is derived from, read in one transaction at `revision`.

    `versions` holds every version any listed rollout names, plus whatever else is published, newest last.
    """

    revision: int
    rollouts: tuple[Rollout, ...]
    switches: tuple[Switch, ...]
    keys: tuple[KeyRecord, ...]
    versions: tuple[SkillVersion, ...]
    quotas: tuple[Quota, ...] = ()
    scores: tuple[SkillScore, ...] = ()
    synced: tuple[SyncedVersion, ...] = ()
    cleared: tuple[tuple[str, int], ...] = ()
    """Tenants (`*`: all) whose kept answers were cleared, and at which revision last."""


class Process(msgspec.Struct, frozen=True, kw_only=True):
    """A live gateway process and the newest snapshot it serves from."""

    id: str
    started_at: float
    seen_at: float
    revision: int


class IngestResult(msgspec.Struct, frozen=True):
    """What one batch did: rows really inserted, and the rollouts whose evidence it touched."""

    inserted: int
    rollouts: frozenset[str]


class StageKey(msgspec.Struct, frozen=True):
    """Names one stage's evidence."""

    rollout: str
    attempt: int
    stage: int


class LedgerQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which exchanges: half-open [since, until) by `at`."""

    since: float | None = None
    until: float | None = None
    rollout: str | None = None
    tenant: str | None = None
