"""The keys of the upstreams: read at start, anew before they end, early after a refusal, and never shown."""

import asyncio
from dataclasses import dataclass, field

import pytest
from gateway_parts import FakeClock, FakeMeter, FakeUpstream

from tidegate.domain.errors import Forbidden, InvalidInput, UpstreamUnavailable
from tidegate.serving.keyring import Keyring, Slot
from tidegate.serving.upstreams import DEFAULT, Endpoint, Upstreams

OPEN = Endpoint("open", FakeUpstream(), chat=True)
PLAIN = Endpoint(DEFAULT, FakeUpstream())
OWN = Endpoint(DEFAULT, FakeUpstream(), own=True, tenant="acme")
READS, REFUSALS = "tidegate_credential_reads_total", "tidegate_credential_refusals_total"
STALE = "tidegate_credential_stale_seconds"


@dataclass
class FakeSource:
    """Tells `key`, or fails where it is None; `gate` holds a reading up."""

    key: str | None = "sk-hush-1"
    fixed: bool = False
    refresh: float | None = None
    other: bool = False
    reads: int = 0
    gate: asyncio.Event | None = None
    fault: Exception | None = None

    async def changed(self) -> bool:
        return self.other

    async def read(self) -> str:
        self.reads += 1
        self.other = False
        if self.gate is not None:
            await self.gate.wait()
        if self.fault is not None:
            raise self.fault
        if self.key is None:
            raise InvalidInput("the file /run/key cannot be read: gone; put the key there")
        return self.key


@dataclass
class World:
    source: FakeSource = field(default_factory=FakeSource)
    endpoint: Endpoint = PLAIN
    clock: FakeClock = field(default_factory=FakeClock)
    meter: FakeMeter = field(default_factory=FakeMeter)

    def __post_init__(self) -> None:
        plain = Slot(name="upstream", endpoint=PLAIN, source=FakeSource("sk-gateway", fixed=True), place="p")
        slot = Slot(name="mine", endpoint=self.endpoint, source=self.source, place="[credentials.mine]")
        self.upstreams = Upstreams(PLAIN)
        slots = [slot] if self.endpoint is PLAIN else [plain, slot]
        self.keyring = Keyring(slots, self.upstreams, self.meter, self.clock)

    async def pass_by(self, seconds: float = 0.0) -> None:
        self.clock.advance(seconds)
        await self.keyring.look()
        await self.keyring.settle()

    def key(self, tenant: str = "acme") -> bytes:
        return dict(self.upstreams.endpoint("m", tenant).credentials)[b"x-api-key"]

    def counted(self, name: str) -> list[tuple[str, ...]]:
        return [labels for metric, labels, _ in self.meter.moved if metric == name and labels[0] == "mine"]


async def opened(**more: object) -> World:
    made = World(**more)
    await made.keyring.open()
    return made


async def test_a_key_opens_its_upstream_in_the_dialect_of_that() -> None:
    for endpoint, header in (
        (PLAIN, (b"x-api-key", b"sk-hush-1")),
        (OPEN, (b"authorization", b"Bearer sk-hush-1")),
    ):
        upstreams = Upstreams(endpoint)
        slot = Slot(name="mine", endpoint=endpoint, source=FakeSource(), place="p")
        await Keyring([slot], upstreams, FakeMeter(), FakeClock()).open()
        assert upstreams.endpoint("m", "acme").credentials == (header,)


async def test_a_tenants_own_key_opens_the_upstream_for_it_alone() -> None:
    made = await opened(endpoint=OWN)
    assert (made.key("acme"), made.key("other")) == (b"sk-hush-1", b"sk-gateway")
    assert made.upstreams.endpoint("m", "acme").own
    assert not made.upstreams.endpoint("m", "other").own


async def test_a_key_that_has_to_be_there_stops_the_start_and_says_where_and_what_to_do() -> None:
    for made in (World(FakeSource(None)), World(FakeSource(None, fixed=True), endpoint=OWN)):
        with pytest.raises(InvalidInput) as refused:
            await made.keyring.open()
        assert "credential mine ([credentials.mine]; of " in str(refused.value)
        assert "put the key there" in str(refused.value)


async def test_a_tenants_key_may_come_later_and_until_then_no_other_key_is_used() -> None:
    made = await opened(source=FakeSource(None), endpoint=OWN)
    with pytest.raises(UpstreamUnavailable, match="your own key is good"):
        made.key("acme")
    assert made.key("other") == b"sk-gateway"
    (told,) = made.keyring.troubles()
    assert "its requests are refused" in told
    assert "/run/key" in told
    made.source.key = "sk-hush-2"
    await made.pass_by(1.0)
    assert made.key("acme") == b"sk-hush-2"
    assert made.keyring.troubles() == []


async def test_an_upstream_without_a_key_of_the_gateways_serves_tenants_with_their_own_alone() -> None:
    upstreams = Upstreams(Endpoint(DEFAULT, FakeUpstream(), locked=True))
    slot = Slot(name="mine", endpoint=OWN, source=FakeSource(), place="p")
    await Keyring([slot], upstreams, FakeMeter(), FakeClock()).open()
    assert upstreams.endpoint("m", "acme").own
    assert (upstreams.is_open("m", None, "acme"), upstreams.is_open("m", None, "other")) == (True, False)
    for ask in (lambda: upstreams.endpoint("m", "other"), lambda: upstreams.named(DEFAULT, "other")):
        with pytest.raises(Forbidden, match="your tenant has no credential"):
            ask()


async def test_a_source_that_has_changed_is_read_and_its_key_put_in_place() -> None:
    made = await opened()
    await made.pass_by(3600)
    assert made.source.reads == 1, "nothing has changed"
    made.source.key, made.source.other = "sk-hush-2", True
    await made.pass_by()
    assert made.key() == b"sk-hush-2"
    assert made.counted(READS) == [("mine", "changed"), ("mine", "changed")]


async def test_a_key_that_ends_is_read_anew_in_time_and_only_then() -> None:
    made = await opened(source=FakeSource(refresh=100.0))
    await made.pass_by(79)
    assert made.source.reads == 1
    await made.pass_by(2)
    assert made.source.reads == 2
    assert made.counted(READS) == [("mine", "changed"), ("mine", "same")]
    before = made.upstreams.default
    await made.pass_by(81)
    assert made.upstreams.default is before, "the same key is nothing new"


async def test_the_last_good_key_is_kept_where_a_reading_fails(caplog: pytest.LogCaptureFixture) -> None:
    made = await opened(source=FakeSource(refresh=100.0))
    made.source.key = None
    await made.pass_by(81)
    for _ in range(40):
        await made.pass_by(5)
    assert made.key() == b"sk-hush-1"
    assert 5 <= made.source.reads - 1 <= 12, "ever later"
    assert len([log for log in caplog.records if log.levelname == "WARNING"]) <= 5
    made.keyring.gauge()
    (stale,) = [value for name, _, value in made.meter.moved if name == STALE]
    assert 195 < stale < 205
    (told,) = made.keyring.troubles()
    assert "the last good key is used" in told
    made.source.key = "sk-hush-1"
    await made.pass_by(61)
    made.keyring.gauge()
    assert made.meter.moved[-1] == (STALE, ("mine",), 0.0)
    assert made.keyring.troubles() == []


async def test_a_fault_of_the_gateways_own_keeps_the_key_too() -> None:
    made = await opened(source=FakeSource(refresh=100.0))
    made.source.fault = RuntimeError("a bug")
    await made.pass_by(81)
    assert made.key() == b"sk-hush-1"
    assert "RuntimeError" in made.keyring.troubles()[0]
    made.source.fault = None
    await made.pass_by(2)
    assert made.keyring.troubles() == []


async def test_a_slow_source_holds_up_nobody_and_is_not_asked_twice() -> None:
    made = await opened(source=FakeSource(refresh=100.0))
    made.source.gate = asyncio.Event()
    made.clock.advance(81)
    await made.keyring.look()
    await asyncio.sleep(0)
    made.clock.advance(1000)
    await made.keyring.look()
    assert made.source.reads == 2
    assert made.key() == b"sk-hush-1"
    made.source.gate.set()
    await made.keyring.settle()


async def test_a_refused_key_is_read_early_once_however_many_requests_are_refused() -> None:
    made = await opened()
    endpoint = made.upstreams.endpoint("m", "acme")
    hints = [endpoint.on_refused(endpoint, 401) for _ in range(500)]
    assert set(hints) == {1.0}
    await made.pass_by()
    assert made.source.reads == 2
    made.clock.advance(6)
    assert endpoint.on_refused(endpoint, 401) is None, "it did not help: no use in coming back"
    await made.pass_by()
    assert made.source.reads == 2
    assert "was refused with 401 by the upstream" in made.keyring.troubles()[0]
    await made.pass_by(25)
    endpoint.on_refused(endpoint, 401)
    await made.pass_by()
    assert made.source.reads == 3
    assert len(made.counted(REFUSALS)) == 502
    made.clock.advance(61)
    assert made.keyring.troubles() == []


async def test_a_refusal_of_the_key_before_says_come_back_and_reads_nothing() -> None:
    made = await opened()
    before = made.upstreams.endpoint("m", "acme")
    made.source.key, made.source.other = "sk-hush-2", True
    await made.pass_by()
    assert before.on_refused(before, 401) == 1.0
    await made.pass_by()
    assert made.source.reads == 2
    assert made.keyring.troubles() == []


@pytest.mark.parametrize(("fixed", "status"), [(True, 401), (False, 403), (True, 403)])
async def test_what_no_reading_mends_causes_none(fixed: bool, status: int) -> None:
    made = await opened(source=FakeSource(fixed=fixed))
    endpoint = made.upstreams.endpoint("m", "acme")
    assert endpoint.on_refused(endpoint, status) is None
    await made.pass_by()
    assert made.source.reads == 1
    assert made.counted(REFUSALS) == [("mine", str(status))]


async def test_a_hangup_reads_everything_again_but_what_cannot_change() -> None:
    for fixed in (False, True):
        made = await opened(source=FakeSource(fixed=fixed))
        made.keyring.reread()
        await made.pass_by()
        assert made.source.reads == 2 - fixed


async def test_it_runs_by_itself_and_ends_with_what_it_began() -> None:
    made = await opened()
    made.source.key, made.source.gate = "sk-hush-2", asyncio.Event()
    running = asyncio.create_task(made.keyring.run())
    made.keyring.reread()
    async with asyncio.timeout(5):
        while made.source.reads < 2:
            await asyncio.sleep(0)
        made.source.gate.set()
        while made.key() != b"sk-hush-2":
            await asyncio.sleep(0)
    made.source.gate.clear()
    made.keyring.reread()
    async with asyncio.timeout(5):
        while made.source.reads < 3:
            await asyncio.sleep(0)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    await asyncio.sleep(0)
    assert not [task for task in asyncio.all_tasks() if task.get_name().startswith("credential")]


async def test_no_key_is_in_logs_troubles_or_what_is_printed(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO"):
        made = await opened(source=FakeSource(refresh=100.0))
        endpoint = made.upstreams.endpoint("m", "acme")
        endpoint.on_refused(endpoint, 401)
        endpoint.on_refused(endpoint, 403)
        made.source.key = "sk-hush-2"
        await made.pass_by(81)
        made.source.key = None
        await made.pass_by(81)
        made.source.key = "sk-hush-3"
        await made.pass_by(81)
        made.keyring.reread()
    assert len(caplog.records) >= 4
    logs = [str(vars(log)) for log in caplog.records]
    told = [
        *logs,
        caplog.text,
        str(made.keyring.troubles()),
        repr(made.upstreams.default),
        repr(made.meter.moved),
    ]
    assert not [each for each in told if "hush" in each]
