"""The small parts of the wiring: supervision, the home's note, what a process says of itself."""

import asyncio
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import pytest

from tidegate.adapters.memory_cache import MemoryCache
from tidegate.adapters.telemetry.prometheus import PrometheusMeter
from tidegate.bootstrap import supervise
from tidegate.bootstrap.health import Health
from tidegate.bootstrap.home import open_home
from tidegate.bootstrap.living import living
from tidegate.bootstrap.note import announced
from tidegate.bootstrap.supervise import Supervised, running
from tidegate.domain.breaker import Policy
from tidegate.domain.errors import InvalidInput
from tidegate.domain.retry_budget import RetryPolicy
from tidegate.serving.guards import Guards
from tidegate.serving.keyring import Keyring
from tidegate.serving.routing import SnapshotHolder
from tidegate.serving.snapshot import EMPTY, Overrides
from tidegate.serving.upstreams import DEFAULT, Endpoint, Upstreams


async def test_broken_background_work_is_started_again_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervise, "RESTART_SECONDS", 0.0)
    goes_on = asyncio.Event()
    runs = 0

    async def work() -> None:
        nonlocal runs
        runs += 1
        if runs < 3:
            raise RuntimeError("broke")
        goes_on.set()
        await asyncio.Event().wait()

    supervised = Supervised("work", work)
    async with running(supervised):
        await asyncio.wait_for(goes_on.wait(), 5)
    assert (supervised.faults, supervised.last_fault) == (2, "RuntimeError: broke")


async def test_work_that_goes_on_after_a_fault_is_well_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervise, "RESTART_SECONDS", 0.0)
    clock, broke, again = FakeClock(), asyncio.Event(), asyncio.Event()

    async def work() -> None:
        if not broke.is_set():
            broke.set()
            raise RuntimeError("broke")
        again.set()
        await asyncio.Event().wait()

    supervised = Supervised("work", work, clock.monotonic)
    async with running(supervised):
        await asyncio.wait_for(again.wait(), 5)
        clock.time += 29.9
        assert (supervised.faults, supervised.last_fault) == (1, "RuntimeError: broke")
        clock.time += 0.2
        assert (supervised.faults, supervised.last_fault) == (0, "")


async def test_supervised_work_is_cancelled_and_waited_for() -> None:
    began, tidied = asyncio.Event(), False

    async def work() -> None:
        nonlocal tidied
        try:
            began.set()
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            tidied = True

    async with running(Supervised("work", work)):
        await began.wait()
    assert tidied


def test_a_home_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    home = tmp_path / "a" / "home"
    with open_home(home), living(home, "one"), announced(home, "http://127.0.0.1:1", "one"):
        (home / "any").touch()
        modes = {path.name: path.stat().st_mode & 0o777 for path in (home, *home.iterdir())}
    assert modes == {"home": 0o700, "any": 0o600, "gateway.json": 0o600, "processes": 0o700}
    (home / "later").touch()
    assert (home / "later").stat().st_mode & 0o077 != 0


def test_a_home_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InvalidInput, match="cannot be used"), open_home(tmp_path / "file"):
        pass


@dataclass
class FakeClock:
    time: float = 1000.0

    def now(self) -> float:
        return self.time

    def monotonic(self) -> float:
        return self.time


@dataclass
class FakeShipper:
    available: bool = True
    queued: int = 3
    spooled_bytes: int = 900
    dropped: int = 0
    damaged: int = 0
    refused: int = 0
    unsynced: int = 0
    unreadable: dict[str, str] = field(default_factory=dict[str, str])


@dataclass
class Loaded:
    loaded: bool = True
    failure: str = ""
    draining: bool = False


@dataclass
class FakeGateway:
    guards: Guards
    open_exchanges: int = 5
    waiting: int = 1


def health(clock: FakeClock, shipper: FakeShipper, *, draining: bool = False) -> Health:
    holder = SnapshotHolder(clock)
    holder.swap(replace(EMPTY, revision=7))
    meter = PrometheusMeter()
    gateway = FakeGateway(Guards(Policy(), RetryPolicy(), meter, clock))
    parts: dict[str, Any] = {
        "gateway": gateway,
        "shipper": shipper,
        "prices": Loaded(),
        "cache": MemoryCache(1000, clock, PrometheusMeter()),
        "server": Loaded(draining=draining),
        "keyring": Keyring((), Upstreams(Endpoint(DEFAULT, cast(Any, None))), meter, clock),
    }
    return Health(holder=holder, meter=meter, background=(), confirm_seconds=60, **cast(Any, parts))


def said(state: Health) -> dict[str, tuple[bool, str]]:
    return {check.name: (check.ok, check.detail) for check in state.checks()}


def test_a_healthy_process_passes_every_check() -> None:
    checks = said(health(FakeClock(), FakeShipper()))
    assert all(ok for ok, _ in checks.values())
    assert checks["snapshot"][1] == "revision 7, confirmed 0.0 s ago"


def test_a_store_that_is_away_is_told_but_still_serves() -> None:
    clock = FakeClock()
    state = health(clock, FakeShipper(available=False))
    clock.time += 61
    checks = said(state)
    assert checks["store"][0] is False
    assert "running rollouts serve the baseline" in checks["snapshot"][1]
    assert all(check.ok for check in state.checks() if check.needed)


@pytest.mark.parametrize(
    ("prices", "ready", "says"),
    [
        (Loaded(loaded=False), False, "is being loaded"),
        (Loaded(failure="ImportError: gone"), True, "no price list (ImportError: gone)"),
    ],
    ids=["loading", "failed"],
)
def test_a_price_list_is_waited_for_unless_it_cannot_be_loaded(
    prices: Loaded, *, ready: bool, says: str
) -> None:
    state = health(FakeClock(), FakeShipper())
    state.prices = cast(Any, prices)
    ok, detail = said(state)["prices"]
    assert not ok
    assert says in detail
    assert all(check.ok for check in state.checks() if check.needed) is ready


async def test_breakers_that_are_not_closed_are_told_and_do_not_take_readiness() -> None:
    clock = FakeClock()
    state = health(clock, FakeShipper())
    skills = state.gateway.guards.skills
    for _ in range(10):
        skills.failed("contracts@2", 0)
    assert said(state)["breakers"] == (False, "skill contracts@2 is open")
    clock.time += 2
    turn = skills.enter("contracts@2")
    assert turn is not None
    assert said(state)["breakers"] == (False, "skill contracts@2 is half-open")
    skills.failed("contracts@2", turn, proof=True)
    assert "a probe has proven the skill at fault" in said(state)["breakers"][1]
    assert all(check.ok for check in state.checks() if check.needed)
    assert b'tidegate_breaker_state{kind="skill",target="contracts@2"} 2.0' in await state.exposition()
    clock.time += 2
    skills.enter("contracts@2")
    skills.succeeded("contracts@2", turn)
    assert said(state)["breakers"] == (True, "all closed")


def test_going_down_is_not_ready() -> None:
    state = health(FakeClock(), FakeShipper(), draining=True)
    assert [check.name for check in state.checks() if check.needed and not check.ok] == ["open"]


def test_lost_exchanges_are_told() -> None:
    ok, detail = said(health(FakeClock(), FakeShipper(dropped=2, damaged=1)))["spool"]
    assert not ok
    assert "2 dropped" in detail
    assert "1 damaged segments" in detail


@pytest.mark.parametrize(
    ("shipper", "says"),
    [
        (FakeShipper(refused=1), "1 exchanges the store cannot hold"),
        (FakeShipper(unsynced=3), "3 syncs failed"),
        (FakeShipper(unreadable={"x.spool": "Is a directory"}), "x.spool cannot be read (Is a directory)"),
    ],
)
def test_what_the_spool_could_not_do_is_told(shipper: FakeShipper, says: str) -> None:
    ok, detail = said(health(FakeClock(), shipper))["spool"]
    assert not ok
    assert says in detail


async def test_gauges_are_those_of_the_moment_and_a_switch_on_again_is_zero() -> None:
    clock = FakeClock()
    state = health(clock, FakeShipper())
    clock.time += 5
    state.holder.swap(replace(EMPTY, overrides=Overrides(skills=frozenset({"a"}))))
    text = (await state.exposition()).decode()
    assert "tidegate_snapshot_age_seconds 5.0" in text
    assert "tidegate_ledger_queued 3.0" in text
    assert "tidegate_exchanges_open 5.0" in text
    assert "tidegate_admission_queued 1.0" in text
    assert 'tidegate_switch_state{scope="skill",target="a"} 1.0' in text
    state.holder.swap(EMPTY)
    assert 'tidegate_switch_state{scope="skill",target="a"} 0.0' in (await state.exposition()).decode()
