"""A gateway in this process: fakes for the world around it, and an ASGI caller."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256

import msgspec

from tidegate.adapters.memory_cache import MemoryCache
from tidegate.adapters.sandbox.none import NoSandbox
from tidegate.domain.access import KeyRecord, Role, Switch
from tidegate.domain.cost import Price
from tidegate.domain.exchange import Amend, Exchange, Vote
from tidegate.domain.metric import Metric
from tidegate.domain.rollout import (
    After,
    Eligible,
    Gates,
    Phase,
    Plan,
    Rollout,
    SkillRef,
    Stage,
    Unit,
    Variant,
)
from tidegate.domain.skill import Manifest, SkillVersion, VersionState
from tidegate.ports import Header, Prices, ResultCache, RoutingState, Sandbox, UpstreamFailure
from tidegate.registry.archive import canonical_archive, digest_of, file_entries
from tidegate.serving.allowances import OwnAllowances
from tidegate.serving.hosted.archives import Archives
from tidegate.serving.hosted.hosting import Hosting
from tidegate.serving.hosted.settings import HostedSettings
from tidegate.serving.quota_book import QuotaSettings
from tidegate.serving.quotas import Quotas
from tidegate.serving.routing import SnapshotHolder
from tidegate.serving.settings import ServingSettings
from tidegate.serving.snapshot import compile_snapshot
from tidegate.serving.upstreams import DEFAULT, Claim, Endpoint, Upstreams
from tidegate.serving.variant import VariantCache
from tidegate.web.gateway_api import Gateway

SECRET = "tgk_client_secret"
MODEL = "claude-sonnet-4-5"
JSON: list[Header] = [(b"content-type", b"application/json"), (b"request-id", b"req_1")]
SSE: list[Header] = [(b"content-type", b"text/event-stream; charset=utf-8"), (b"request-id", b"req_1")]
MESSAGE = msgspec.json.encode(
    {
        "id": "msg_1",
        "type": "message",
        "model": MODEL,
        "content": [{"type": "text", "text": "hello"}],
        "usage": {"input_tokens": 100, "output_tokens": 20, "cache_read_input_tokens": 7},
    }
)


def event(name: str, **data: object) -> bytes:
    return b"event: %s\ndata: %s\n\n" % (name.encode(), msgspec.json.encode({"type": name, **data}))


START = event(
    "message_start",
    message={"id": "msg_2", "model": MODEL, "usage": {"input_tokens": 50, "output_tokens": 1}},
)
CONTENT = event("content_block_start", index=0, content_block={"type": "text", "text": ""})
DELTA = event("content_block_delta", index=0, delta={"type": "text_delta", "text": "hi"})
END = event("message_delta", delta={"stop_reason": "end_turn"}, usage={"output_tokens": 9})
STOP = event("message_stop")


class FakeClock:
    """The real clock until `skew` is put on it."""

    skew = 0.0

    def now(self) -> float:
        return time.time() + self.skew

    def monotonic(self) -> float:
        return time.monotonic() + self.skew

    def advance(self, seconds: float) -> None:
        self.skew += seconds


@dataclass
class FakeSpool:
    records: list[Exchange] = field(default_factory=list)
    amends: list[Amend] = field(default_factory=list)
    on_record: Callable[[], None] = lambda: None

    def record(self, exchange: Exchange) -> None:
        self.on_record()
        self.records.append(exchange)

    def amend(self, amend: Amend) -> None:
        self.amends.append(amend)


@dataclass
class FakeMeter:
    moved: list[tuple[str, tuple[str, ...], float]] = field(default_factory=list)

    def add(self, metric: Metric, labels: tuple[str, ...], value: float = 1.0) -> None:
        assert len(labels) == len(metric.labels)
        self.moved.append((metric.name, labels, value))

    def counter(self, metric: Metric, labels: tuple[str, ...]) -> Callable[[float], None]:
        return partial(self.add, metric, labels)

    observe = add
    set = add
    histogram = counter


class FakePrices:
    """One dollar per million of anything, for models that begin with `claude`."""

    def price(self, model: str) -> Price | None:
        if not model.startswith("claude"):
            return None
        return Price(input=1, output=1, cache_read=1, cache_write_5m=1, cache_write_1h=1)


@dataclass
class FakeLedger:
    votes: list[Vote] = field(default_factory=list)

    async def vote(self, vote: Vote) -> str:
        self.votes.append(vote)
        return "counted"


@dataclass
class Script:
    """One answer of the fake upstream: chunks, or in place of one an exception, an event to wait for, None to
    hang there."""

    status: int = 200
    headers: Sequence[Header] = tuple(JSON)
    chunks: Sequence[bytes | Exception | asyncio.Event | None] = (MESSAGE,)
    head_error: UpstreamFailure | None = None
    hang: bool = False


@dataclass
class FakeResponse:
    script: Script
    upstream: "FakeUpstream"
    closed: bool = False

    def __post_init__(self) -> None:
        self.status, self.headers = self.script.status, self.script.headers
        self._left = deque(self.script.chunks)

    async def chunk(self) -> bytes:
        if not self._left:
            return b""
        piece = self._left.popleft()
        if isinstance(piece, asyncio.Event):
            await piece.wait()
            return await self.chunk()
        if piece is None:
            await asyncio.Event().wait()
        if isinstance(piece, Exception):
            raise piece
        await asyncio.sleep(0)
        return piece or b""

    async def read(self, limit: int) -> bytes:
        body = b""
        while piece := await self.chunk():
            body += piece
            if len(body) > limit:
                raise UpstreamFailure("protocol", f"the answer is longer than {limit} bytes")
        return body

    def close(self) -> None:
        if not self.closed:
            self.closed = True
            self.upstream.open -= 1


@dataclass
class Sent:
    method: str
    target: str
    headers: Sequence[Header]
    body: bytes


@dataclass
class FakeUpstream:
    """Answers from `scripts` in turn, the last one for ever; `open` counts responses not closed yet."""

    scripts: list[Script] = field(default_factory=lambda: [Script()])
    sent: list[Sent] = field(default_factory=list)
    open: int = 0
    on_send: Callable[[], None] = lambda: None

    async def send(
        self, method: str, target: str, headers: Sequence[Header], body: bytes, *, deadline: float
    ) -> FakeResponse:
        self.on_send()
        self.sent.append(Sent(method, target, headers, body))
        script = self.scripts.pop(0) if len(self.scripts) > 1 else self.scripts[0]
        if script.hang:
            await asyncio.sleep(max(0.0, deadline - asyncio.get_running_loop().time()))
            raise UpstreamFailure("timeout", "the deadline passed")
        if script.head_error is not None:
            raise script.head_error
        self.open += 1
        return FakeResponse(script, self)

    async def aclose(self) -> None:
        return None


@dataclass
class Got:
    """What a caller received."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    pieces: list[bytes] = field(default_factory=list)
    complete: bool = False

    @property
    def body(self) -> bytes:
        return b"".join(self.pieces)

    @property
    def json(self) -> dict:
        return msgspec.json.decode(self.body)


def skill(
    name: str, number: int = 1, *, match: tuple[str, ...] = (), body: str = "Do it well.", **more: object
) -> SkillVersion:
    state = more.pop("state", VersionState.PUBLISHED)
    return SkillVersion(
        name=name,
        number=number,
        digest=f"sha256:{name}{number}",
        state=state,
        manifest=Manifest(name=name, description=f"About {name}.", match=match, **more),
        body=body,
        created_at=0.0,
        created_by="test",
    )


def variant(*versions: SkillVersion, **more: object) -> Variant:
    return Variant(skills=tuple(SkillRef(v.name, v.number, v.digest) for v in versions), **more)


def rollout(candidate: Variant, **more: object) -> Rollout:
    """A rollout with everybody in its only stage, unless said otherwise."""
    plan = {
        "name": more.get("name", "try"),
        "unit": more.pop("unit", Unit.USER),
        "eligible": more.pop("eligible", Eligible()),
        "baseline": more.pop("baseline", Variant()),
        "candidate": candidate,
        "stages": more.pop("stages", (Stage(name="full", weight=10_000, bake_seconds=60),)),
        "gates": Gates(),
        "after": more.pop("after", After()),
    }
    defaults = {
        "name": "try",
        "phase": Phase.PROGRESSING,
        "salt": "00" * 16,
        "created_at": 1.0,
        "created_by": "test",
        "stage_since": 1.0,
    }
    return Rollout(plan=Plan(**plan), **{**defaults, **more})


def key(
    secret: str = SECRET, *, role: Role = Role.CLIENT, tenant: str = "default", **more: object
) -> KeyRecord:
    return KeyRecord(
        id=f"key_{role}",
        name="k",
        role=role,
        tenant=tenant,
        secret_hash=sha256(secret.encode()).hexdigest(),
        created_at=0.0,
        **more,
    )


def state(*rollouts: Rollout, versions: Sequence[SkillVersion] = (), **more: object) -> RoutingState:
    defaults = {"revision": 1, "switches": (), "keys": (key(),)}
    return RoutingState(rollouts=rollouts, versions=tuple(versions), **{**defaults, **more})


def off(scope: str, target: str = "*") -> Switch:
    return Switch(scope=scope, target=target, by="test", reason="test", at=0.0)


@dataclass
class FakeSkills:
    """Of the store of skills only the archives."""

    packed: dict[str, bytes]

    async def archive(self, digest: str) -> bytes | None:
        return self.packed.get(digest)


def packed_skill(name: str, files: dict[str, bytes], **more: object) -> tuple[SkillVersion, bytes]:
    """A version with these files beside its body, and its archive."""
    archive = canonical_archive(name, {"SKILL.md": b"-", **files})
    made = skill(name, **more)
    entries = file_entries({"SKILL.md": b"-", **files})
    return msgspec.structs.replace(made, digest=digest_of(archive), files=entries), archive


_BOUNDS = ("body_limit", "deadline_seconds")
"""Settings of serving that hosting keeps to as well."""


@dataclass
class World:
    """A gateway and everything around it."""

    upstream: FakeUpstream = field(default_factory=FakeUpstream)
    spool: FakeSpool = field(default_factory=FakeSpool)
    meter: FakeMeter = field(default_factory=FakeMeter)
    ledger: FakeLedger = field(default_factory=FakeLedger)
    clock: FakeClock = field(default_factory=FakeClock)
    settings: dict[str, object] = field(default_factory=dict)
    quota_settings: QuotaSettings = field(default_factory=QuotaSettings)
    cache: ResultCache | None = None
    claims: Sequence[Claim] = ()
    prices: Prices = field(default_factory=FakePrices)
    packed: dict[str, bytes] = field(default_factory=dict)
    """Archives of the store, by digest."""
    hosted: HostedSettings = field(default_factory=HostedSettings)
    sandbox: Sandbox = field(default_factory=NoSandbox)

    def __post_init__(self) -> None:
        self.holder = SnapshotHolder(self.clock)
        self.archives = Archives(FakeSkills(self.packed), limit=10_000_000)
        self.serve(state())
        settings = {"home_secret": b"s" * 32}
        default = Endpoint(DEFAULT, self.upstream, ((b"x-api-key", b"upstream-key"),))
        self.upstreams = Upstreams(default, self.claims)
        self.gateway = Gateway(
            ServingSettings(**{**settings, **self.settings}),
            holder=self.holder,
            upstreams=self.upstreams,
            spool=self.spool,
            ledger=self.ledger,
            meter=self.meter,
            prices=self.prices,
            clock=self.clock,
            hosting=Hosting(
                self.hosted,
                archives=self.archives,
                sandbox=self.sandbox,
                secret=b"s" * 32,
                meter=self.meter,
                prices=self.prices,
                clock=self.clock,
                **{name: self.settings[name] for name in _BOUNDS if name in self.settings},
            ),
            quotas=Quotas(
                self.quota_settings,
                OwnAllowances(self.clock.monotonic),
                clock=self.clock,
                meter=self.meter,
            ),
            cache=self.cache or MemoryCache(64_000_000, self.clock, self.meter),
        )

    def serve(self, routing: RoutingState) -> None:
        self.holder.swap(compile_snapshot(routing, VariantCache()))
        self.archives.follow(self.holder.current())

    async def call(
        self,
        body: bytes | dict | None = None,
        *,
        path: str = "/v1/messages",
        method: str = "POST",
        headers: dict[str, str] | None = None,
        secret: str | None = SECRET,
        on_piece: Callable[[bytes], None] = lambda piece: None,
        leave: asyncio.Event | None = None,
        on_body: Callable[[], None] = lambda: None,
    ) -> Got:
        """One request; `leave` set makes the client disconnect, `on_body` is called when its body is read."""
        raw = msgspec.json.encode(ask() if body is None else body) if not isinstance(body, bytes) else body
        named = {"x-api-key": secret} if secret else {}
        pairs = {
            **named,
            "content-type": "application/json",
            "anthropic-version": "2023-06-01",
            **(headers or {}),
        }
        got, queue = Got(), [{"type": "http.request", "body": raw, "more_body": False}]

        async def receive() -> dict:
            if queue:
                on_body()
                return queue.pop()
            await (leave or asyncio.Event()).wait()
            return {"type": "http.disconnect"}

        async def send(message: dict) -> None:
            if message["type"] == "http.response.start":
                got.status = message["status"]
                got.headers = {k.decode(): v.decode() for k, v in message["headers"]}
            else:
                got.pieces.append(message.get("body", b""))
                on_piece(message.get("body", b""))
                got.complete = not message.get("more_body", False)

        bare, _, query = path.partition("?")
        scope = {
            "type": "http",
            "method": method,
            "path": bare,
            "raw_path": bare.encode(),
            "query_string": query.encode(),
            "headers": [(k.encode(), v.encode()) for k, v in pairs.items()],
        }
        await self.gateway(scope, receive, send)
        return got


def ask(text: str = "hello", **more: object) -> dict:
    return {"model": MODEL, "max_tokens": 10, "messages": [{"role": "user", "content": text}], **more}
