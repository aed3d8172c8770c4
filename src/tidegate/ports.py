"""Everything Tidegate asks of the world: small protocols, named by need. All times are epoch seconds."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from math import inf
from typing import Protocol

from tidegate.domain.access import KeyRecord, Priority, Switch
from tidegate.domain.account import Costs as Sums
from tidegate.domain.account import Spent
from tidegate.domain.allowance import Claim, Share
from tidegate.domain.chain import Head
from tidegate.domain.cost import Price
from tidegate.domain.effectiveness import SkillCell, SkillSums
from tidegate.domain.evidence import StageEvidence
from tidegate.domain.exchange import Amend, Exchange, Vote
from tidegate.domain.metric import Metric
from tidegate.domain.quota import NOTHING_SAID, Amounts, Quota, Scope
from tidegate.domain.reporting.sums import ArmTasks, Comment, Line, Place, Span, UnitSpending
from tidegate.domain.reuse import CachedAnswer
from tidegate.domain.rollout import Event, Rollout
from tidegate.domain.scan_exception import ScanException
from tidegate.domain.script import ScriptResult, ScriptRun
from tidegate.domain.skill import (
    ListedVersion,
    ProviderVersion,
    SkillPackage,
    SkillVersion,
    SyncedVersion,
    VersionState,
)
from tidegate.domain.skill_card import SkillCard
from tidegate.domain.state import (
    IngestResult,
    Lease,
    LedgerQuery,
    NewEvent,
    Notice,
    Process,
    RoutingState,
    SkillScore,
    StageKey,
)

Header = tuple[bytes, bytes]
Admit = Callable[[Sequence[Rollout]], None]  # sees all as in a transaction; what it raises undoes that


class Clock(Protocol):
    """Time, so that tests can own it."""

    def now(self) -> float: ...  # epoch seconds
    def monotonic(self) -> float: ...  # seconds that never step back; the event loop's own time


# ---- upstream, sandbox ----------------------------------------------------------------------------------


class UpstreamFailure(Exception):
    """No answer, or half of one, came from the upstream.

    `kind`: connect | timeout | reset | protocol; of the hosted loop also hosted_turn | hosted_limit | switch.
    `status`: what a further turn was refused with. `replayable`: sent again it is not done twice, as it went
    out on a reused connection and no byte came back.
    """

    def __init__(self, kind: str, message: str, *, replayable: bool = False, status: int = 0) -> None:
        super().__init__(message)
        self.kind, self.status, self.replayable = kind, status, replayable


class UpstreamResponse(Protocol):
    """A response whose head has arrived; the body streams in behind it, with backpressure."""

    status: int
    headers: Sequence[Header]

    async def chunk(self) -> bytes:
        """The next piece of the body as it came, b"" once at the end; raises UpstreamFailure."""
        ...

    async def read(self, limit: int) -> bytes:
        """The whole remaining body; raises UpstreamFailure (kind protocol) beyond `limit` bytes."""
        ...

    def close(self) -> None:
        """Give the connection back if the body is finished, else cut it at once; safe to call twice."""
        ...


class Upstream(Protocol):
    """One provider endpoint; base URL, TLS, proxy and pool belong to the adapter."""

    async def send(
        self, method: str, target: str, headers: Sequence[Header], body: bytes, *, deadline: float
    ) -> UpstreamResponse:
        """Send and wait for the response head until `deadline` (event-loop time, also for later reads).

        Cancelling this at any await leaves no open upstream call. Raises UpstreamFailure.
        """
        ...

    async def aclose(self) -> None: ...


class CredentialSource(Protocol):
    """Where a key comes from; it is good for `refresh` seconds or (None) until the source has changed."""

    refresh: float | None
    fixed: bool  # it never changes

    async def changed(self) -> bool: ...
    async def read(self) -> str:
        """The key as it is now; raises InvalidInput where there is none."""
        ...


class ScriptRefused(Exception):
    """The sandbox does not run the script, by its rules or for want of means; the model is told why."""


class Sandbox(Protocol):
    """Runs skill scripts apart from everything: no network, no secrets, not each other."""

    async def run(self, run: ScriptRun, allowed: Callable[[], bool]) -> ScriptResult:
        """Run within limits, if `allowed` says so last; raises ScriptRefused. Cancelling kills what runs."""
        ...


# ---- ledger, quotas -------------------------------------------------------------------------------------


class Spool(Protocol):
    """The durable hand-off from the request path to the ledger; `record` returns once `write` has."""

    def record(self, exchange: Exchange) -> None: ...
    def amend(self, amend: Amend) -> None: ...  # buffered: goes out with the next record or flush


class Ledger(Protocol):
    """Every exchange, durably; evidence is summed in the same transaction from the rows really inserted."""

    async def ingest(self, exchanges: Sequence[Exchange], amends: Sequence[Amend]) -> IngestResult:
        """Idempotent by exchange id; raises StoreUnavailable."""
        ...

    async def evidence(
        self, key: StageKey, *, latest: int, since: float = 0.0, until: float = inf
    ) -> StageEvidence: ...  # the buckets and events in [since, until); `latest` distinct units per arm
    def export(self, query: LedgerQuery) -> AsyncIterator[Exchange]: ...  # by (at, id), streamed
    async def vote(self, vote: Vote) -> str:
        """Keep a vote: `counted` (first on its exchange), `repeated`, or `parked` (exchange not here yet)."""
        ...

    async def count(self, query: LedgerQuery) -> int: ...


class Costs(Protocol):
    """What the ledger's exchanges have used and cost; both of the latter by key, at quarters of an hour."""

    async def by(self, dimension: str, query: LedgerQuery) -> Mapping[str, Sums]:
        """Sums by `tenant`, `key_id`, `model` or `skills` (names by comma); equal to the ledger's lines."""
        ...

    async def spent(self, since: float, until: float) -> Sequence[Spent]: ...
    async def last_used(self) -> Mapping[str, float]: ...


class Figures(Protocol):
    """What reports are made of: sums over exchanges by when they ended, the same on every store."""

    async def lines(self, span: Span) -> Sequence[Line]: ...
    async def spending(
        self, place: Place, edges: Sequence[float], *, by_unit: bool
    ) -> Sequence[UnitSpending]: ...
    async def tasks(self, place: Place, edges: Sequence[float]) -> Sequence[ArmTasks]: ...
    async def comments(self, span: Span, *, limit: int) -> tuple[Sequence[Comment], int]: ...


class SharedAway(Exception):
    """What processes share cannot be reached now: do without."""


class SharedAllowances(Protocol):
    """Buckets of limits that several processes share (`domain/allowance`), timed by their own clock."""

    async def take(self, claims: Sequence[Claim]) -> Sequence[Share]:
        """Charges first, then every need or nothing of any; raises SharedAway where no answer comes."""
        ...


# ---- state ----------------------------------------------------------------------------------------------


class Routing(Protocol):
    """What every gateway process follows; each write below bumps the revision in its transaction."""

    async def revision(self) -> int: ...
    async def load(self) -> RoutingState: ...
    async def acknowledge(self, process: Process) -> None: ...
    async def leave(self, process_id: str) -> None: ...
    async def processes(self) -> Sequence[Process]: ...


class Rollouts(Protocol):
    """Rollouts, their events, and leadership."""

    async def get(self, name: str) -> Rollout | None: ...
    async def list(self) -> Sequence[Rollout]: ...
    async def commit(
        self,
        rollout: Rollout,
        event: NewEvent,
        notices: Sequence[Notice] = (),
        *,
        lease: Lease | None = None,
        admit: Admit | None = None,
        routed: bool = True,
    ) -> tuple[Rollout, int]:
        """Write state + event + notices + a new revision in one transaction; insert where `version` is 0.

        Returns the rollout with its new version, and the revision. Conflict if the stored version is not
        `rollout.version`, if the name exists already, or if `lease` is no longer the newest. `routed` False
        leaves the revision as it is: for what changes nothing in routing.
        """
        ...

    async def events(self, stream: str) -> Sequence[Event]: ...
    async def newest_events(self, stream: str, *, limit: int, before: int | None = None) -> Sequence[Event]:
        """At most `limit` events, the newest first; only those with a `seq` below `before`, if given."""
        ...

    async def head(self, stream: str) -> Head | None: ...  # kept apart, so that a cut-off end is found
    # Take or renew leadership; None while another holder's lease runs.
    async def take_lease(self, holder: str, *, now: float, seconds: float) -> Lease | None: ...
    async def release_lease(self, holder: str) -> None: ...


class Outbox(Protocol):
    """Notices that wait for delivery."""

    async def put(self, notices: Sequence[Notice]) -> None: ...  # those whose id is there already are kept
    async def has(self, notice_id: str) -> bool: ...  # waiting, or delivered within the last days
    async def pending(self, limit: int) -> Sequence[Notice]: ...
    async def delivered(self, notice_id: str, at: float) -> None: ...


class Switches(Protocol):
    """Instant overrides; both return the revision that carries the change."""

    async def list(self) -> Sequence[Switch]: ...
    async def off(self, switch: Switch) -> int: ...
    async def on(self, scope: str, target: str, *, by: str, reason: str, at: float) -> int:
        """Raises NotFound where no such switch is off."""
        ...


class Keys(Protocol):
    """Access keys; only hashes are stored.

    `find` goes by a secret's hash, also of the one before a rotation; `add` keeps a quota too where `amounts`
    say anything. Changes raise NotFound, Conflict for a revoked key; `rotate`: both secrets until `until`.
    """

    async def list(self) -> Sequence[KeyRecord]: ...
    async def find(self, hashed: str) -> KeyRecord | None: ...
    async def add(self, key: KeyRecord, *, by: str, reason: str, amounts: Amounts = NOTHING_SAID) -> int: ...
    async def revoke(self, key_id: str, *, by: str, reason: str, at: float) -> int: ...
    async def rotate(
        self, key_id: str, hashed: str, *, until: float, by: str, reason: str, at: float
    ) -> int: ...
    async def prioritise(
        self, key_id: str, priority: Priority, *, by: str, reason: str, at: float
    ) -> int: ...
    async def used(self, key_id: str, at: float) -> None: ...  # keeps the latest; no revision


class Quotas(Protocol):
    """How much keys and tenants may use; both changes return the revision that carries them.

    `set` keeps what `amounts` do not say; NotFound for an unknown key, and where there is nothing to `clear`.
    """

    async def list(self) -> Sequence[Quota]: ...
    async def set(
        self, scope: Scope, target: str, amounts: Amounts, *, by: str, reason: str, at: float
    ) -> tuple[Quota, int]: ...
    async def clear(self, scope: Scope, target: str, *, by: str, reason: str, at: float) -> int: ...


class Skills(Protocol):
    """Immutable versions of skills; `get` without a number: the latest servable version."""

    async def publish(
        self, package: SkillPackage, *, by: str, reason: str, at: float, first: bool = False
    ) -> tuple[SkillVersion, bool]: ...  # atomic; same digest: False; `first`: Conflict beside other content
    async def get(self, name: str, number: int | None = None) -> SkillVersion | None: ...
    async def list(self, name: str | None = None) -> Sequence[SkillVersion]: ...  # by name and number
    async def listed(self, name: str | None = None) -> Sequence[ListedVersion]: ...  # the same, without texts
    async def archive(self, digest: str) -> bytes | None: ...
    async def set_state(
        self, name: str, number: int, state: VersionState, *, by: str, reason: str, at: float
    ) -> int: ...
    async def withdraw(
        self, name: str, numbers: Sequence[int], *, by: str, reason: str, at: float, admit: Admit
    ) -> int: ...  # revoke all or none, judged by `admit` in the transaction; Conflict, NotFound


class ScanExceptions(Protocol):
    """Leave to publish what the scanner blocks; raises Conflict where it was granted before, NotFound."""

    async def list(self) -> Sequence[ScanException]: ...
    async def get(self, digest: str) -> ScanException | None: ...
    async def ask(self, asked: ScanException) -> tuple[ScanException, int]: ...
    async def grant(self, digest: str, *, by: str, reason: str, at: float) -> tuple[ScanException, int]: ...


class SkillCards(Protocol):
    """What is said of skills beside their versions; `change` makes a card anew in one transaction."""

    async def list(self, name: str | None = None) -> Sequence[SkillCard]: ...
    async def change(
        self, name: str, change: Callable[[SkillCard], SkillCard], *, by: str, reason: str, at: float
    ) -> tuple[SkillCard, int]: ...


class Scores(Protocol):
    """How effective skills have been: the ledger's sums (of all versions, each hour from `since` on), and the
    scores that routes go by.
    """

    async def sums(self, names: Sequence[str], since: float) -> Mapping[SkillCell, SkillSums]: ...
    async def list(self) -> Sequence[SkillScore]: ...  # every published score, by name and version
    async def publish(
        self, scores: Sequence[SkillScore], *, by: str, reason: str, at: float, lease: Lease
    ) -> int:
        """Replace these scores and say why, in one transaction; Conflict where `lease` is not the newest."""
        ...


class Syncs(Protocol):
    """Which versions are at which provider."""

    async def list(self) -> Sequence[SyncedVersion]: ...  # by upstream and tenant, then oldest first
    async def put(self, synced: SyncedVersion, *, reason: str) -> int: ...  # in place of what was known


class SkillHost(Protocol):
    """A provider's own store of skills, in the workspace of one credential.

    Raises InvalidInput, TooLarge, NotFound, Conflict (the credential) and ProviderUnavailable.
    """

    async def labelled(self, label: str) -> Sequence[str]:
        """The ids of custom skills that are labelled so, newest first."""
        ...

    async def create(self, label: str, name: str, archive: bytes) -> ProviderVersion: ...
    async def add_version(self, skill_id: str, name: str, archive: bytes) -> ProviderVersion: ...
    async def versions(self, skill_id: str) -> Sequence[ProviderVersion]: ...


# ---- reuse, measuring -----------------------------------------------------------------------------------


class ResultCache(Protocol):
    """Answers kept for a while, by a key that names all they depend on; any of them may be forgotten early.

    Neither call raises: a cache that is away has nothing and keeps nothing.
    """

    async def get(self, key: bytes) -> CachedAnswer | None: ...  # None too once its time is over
    async def put(self, key: bytes, answer: CachedAnswer) -> None: ...  # in the place of an earlier one


class Clearings(Protocol):
    """Forgetting kept answers everywhere at once."""

    async def clear(self, tenant: str, *, by: str, reason: str, at: float) -> int:
        """From the revision returned on, nothing kept before is given to `tenant` (`*`: to anybody)."""
        ...


class Meter(Protocol):
    """Metrics by their catalogue entry (`domain/metrics`), label values in the entry's order; `counter` and
    `histogram` are what `add` and `observe` do to one series that is never cleared."""

    def add(self, metric: Metric, labels: tuple[str, ...], value: float = 1.0) -> None: ...
    def observe(self, metric: Metric, labels: tuple[str, ...], value: float) -> None: ...
    def set(self, metric: Metric, labels: tuple[str, ...], value: float) -> None: ...
    def counter(self, metric: Metric, labels: tuple[str, ...]) -> Callable[[float], None]: ...
    def histogram(self, metric: Metric, labels: tuple[str, ...]) -> Callable[[float], None]: ...
    def clear(self, metric: Metric, labels: tuple[str, ...]) -> None:
        """Show these label values no more; does nothing where they are not shown."""


class Prices(Protocol):
    """What a model's tokens cost; asked once per model and kept."""

    def price(self, model: str) -> Price | None:
        """None where the model is unknown: its exchanges stay unpriced, never free."""
