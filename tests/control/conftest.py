"""A real store in a file, a clock that tests own, and small things to put into it."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest
from fresh_store import fresh_store

from tidegate.adapters.storage.store import Store
from tidegate.control.commit import commit
from tidegate.control.services import Services
from tidegate.domain.exchange import Arm, Exchange, Outcome
from tidegate.domain.metric import Metric
from tidegate.domain.rollout import (
    Eligible,
    ErrorsGate,
    Gates,
    Move,
    Phase,
    Plan,
    Rollout,
    SamplesGate,
    SkillRef,
    Stage,
    TripGate,
    Unit,
    Variant,
)
from tidegate.domain.skill import Manifest, SkillPackage, SkillVersion
from tidegate.domain.transition import apply

START = 1_800_000_000.0


@dataclass(slots=True)
class FakeClock:
    """Time that stands until a test moves it."""

    at: float = START

    def now(self) -> float:
        return self.at

    def monotonic(self) -> float:
        return self.at

    def pass_seconds(self, seconds: float) -> None:
        self.at += seconds


@dataclass(slots=True)
class SeenMeter:
    """Keeps the last value of every gauge and the sum of every counter."""

    values: dict[tuple[str, tuple[str, ...]], float] = field(default_factory=dict)

    def add(self, metric: Metric, labels: tuple[str, ...], value: float = 1.0) -> None:
        key = (metric.name, labels)
        self.values[key] = self.values.get(key, 0.0) + value

    def observe(self, metric: Metric, labels: tuple[str, ...], value: float) -> None:
        self.values[metric.name, labels] = value

    def counter(self, metric: Metric, labels: tuple[str, ...]) -> Callable[[float], None]:
        return partial(self.add, metric, labels)

    def histogram(self, metric: Metric, labels: tuple[str, ...]) -> Callable[[float], None]:
        return partial(self.observe, metric, labels)

    def set(self, metric: Metric, labels: tuple[str, ...], value: float) -> None:
        self.values[metric.name, labels] = value

    def clear(self, metric: Metric, labels: tuple[str, ...]) -> None:
        self.values.pop((metric.name, labels), None)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def meter() -> SeenMeter:
    return SeenMeter()


@pytest.fixture
async def store(tmp_path: Path, clock: FakeClock) -> AsyncIterator[Store]:
    opened = await fresh_store(tmp_path / "tidegate.db", clock)
    yield opened
    await opened.close()


@pytest.fixture
def services(store: Store, clock: FakeClock) -> Services:
    return Services(store, clock)


@pytest.fixture
def publish(services: Services) -> Callable[..., Any]:
    """`await publish(name, body)` puts the next version of a skill into the store."""

    async def put(name: str, body: str = "Do it well.") -> SkillVersion:
        package = SkillPackage(
            manifest=Manifest(name=name, description="A skill."),
            body=body,
            archive=body.encode(),
            digest=f"sha256:{name}-{body}",
            files=(),
        )
        version, _ = await services.store.skills.publish(
            package, by="test", reason="test", at=services.clock.now()
        )
        return version

    return put


def _plan(name: str = "reports", **changes: Any) -> Plan:
    """Two stages of 60 s, 5 % and 50 %, promoted automatically, judged by errors, trip and samples."""
    base = Plan(
        name=name,
        unit=Unit.REQUEST,
        eligible=Eligible(),
        baseline=Variant(),
        candidate=Variant(skills=(SkillRef("report-writing", 1, "sha256:report-writing-1"),)),
        stages=(
            Stage(name="canary", weight=500, bake_seconds=60, promote="auto"),
            Stage(name="half", weight=5000, bake_seconds=60, promote="auto"),
        ),
        gates=Gates(
            errors=ErrorsGate(max=0.02), samples=SamplesGate(min=10), trip=TripGate(errors=0.5, over=5)
        ),
    )
    return msgspec.structs.replace(base, **changes)


def _started(plan: Plan, at: float = START) -> Rollout:
    """The plan as a rollout in its first stage, not yet stored."""
    draft = Rollout(
        name=plan.name, plan=plan, phase=Phase.DRAFT, salt="00" * 16, created_at=at, created_by="test"
    )
    return apply(draft, Move.START, at)


_numbers = iter(range(10**9))


def _exchange(rollout: Rollout, arm: Arm, at: float, *, bad: bool = False, **changes: Any) -> Exchange:
    """One triggered request of an arm in the rollout's current stage."""
    number = next(_numbers)
    values: dict[str, Any] = {
        "id": f"tgx_{number:012d}",
        "at": at,
        "finished_at": at,
        "tenant": "default",
        "key_id": "key_1",
        "unit_hash": f"u{number}",
        "rollout": rollout.name,
        "attempt": rollout.attempt,
        "stage": rollout.stage,
        "stage_name": rollout.current.name,
        "stage_since": rollout.stage_since,
        "unit_kind": rollout.plan.unit,
        "arm": arm,
        "triggered": True,
        "outcome": Outcome.UPSTREAM_ERROR if bad else Outcome.OK,
        "status": 500 if bad else 200,
        "seconds": 0.2,
        "cost_usd": 0.001,
    }
    return Exchange(**{**values, **changes})


@pytest.fixture
def plan() -> Callable[..., Plan]:
    return _plan


@pytest.fixture
def started() -> Callable[..., Rollout]:
    return _started


@pytest.fixture
def exchange() -> Callable[..., Exchange]:
    return _exchange


@pytest.fixture
async def running(services: Services) -> Rollout:
    """A rollout in its first stage, stored."""
    rollout = _started(_plan())
    done = await commit(
        services, rollout, rollout, move=Move.START, actor="test", reason="test", at=services.clock.now()
    )
    return done.rollout


@pytest.fixture
def serve(services: Services) -> Callable[..., Any]:
    """Put that many triggered requests into the ledger, `bad` of the candidate's failed, the newest."""

    async def put(rollout: Rollout, *, candidate: int = 0, control: int = 0, bad: int = 0) -> None:
        now = services.clock.now()
        good = [_exchange(rollout, Arm.CANDIDATE, now - 1) for _ in range(candidate - bad)]
        failed = [_exchange(rollout, Arm.CANDIDATE, now, bad=True) for _ in range(bad)]
        calm = [_exchange(rollout, Arm.CONTROL, now) for _ in range(control)]
        await services.store.ledger.ingest([*good, *calm, *failed], [])

    return put
