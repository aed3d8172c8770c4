"""The controller beside prices that change, on a real store: what is put on record, and what follows."""

from dataclasses import dataclass, field

import msgspec
import pytest

from tidegate.control.commit import EventData, commit
from tidegate.control.loop import Controller
from tidegate.control.observe import Observer
from tidegate.control.replay import replay
from tidegate.control.repricing import LEAST_SECONDS, LOOK_SECONDS
from tidegate.control.services import Services
from tidegate.control.start import start_rollout
from tidegate.domain.cost import Price, with_cache_ratios
from tidegate.domain.exchange import Arm, Usage
from tidegate.domain.repricing import with_prices
from tidegate.domain.rollout import ExpectedCost, Gates, Move, Rollout, SavingsGate

GATE = SavingsGate(min=0.35, expected=ExpectedCost(base=0.02, per_byte=0.0, cap=0.4))
SPEC = """\
apiVersion: tidegate/v1
kind: Rollout
metadata: {name: first}
spec:
  candidate: {skills: {report-writing: 1}, model: small}
  stages: [{name: full, weight: 100, bake: 60s, promote: manual, holdout: 5}]
  gates: {savings: {min: 35%}}
"""


@dataclass(slots=True)
class Listed:
    """Prices that a test changes."""

    prices: dict[str, Price] = field(
        default_factory=lambda: {
            "large": with_cache_ratios(input=3, output=15),
            "small": with_cache_ratios(input=1, output=5),
        }
    )

    def price(self, model: str) -> Price | None:
        return self.prices.get(model)


@pytest.fixture
def prices():
    return Listed()


@pytest.fixture
def priced(services, prices):
    return Services(services.store, services.clock, prices=prices)


@pytest.fixture
def controller(priced, meter):
    return Controller(priced, meter, holder="one")


@pytest.fixture
async def rollout(priced, plan, started, prices, clock) -> Rollout:
    kept = with_prices(plan(gates=Gates(savings=GATE)), ("large", "small"), prices.price)
    draft = started(kept)
    done = await commit(priced, draft, draft, move=Move.START, actor="t", reason="t", at=clock.now())
    return done.rollout


async def kinds(services, name="reports"):
    return [event.kind for event in await services.store.rollouts.events(f"rollout:{name}")]


async def test_a_changed_price_is_put_on_record_once_and_told(controller, priced, rollout, clock):
    await controller.look()
    priced.prices.prices["large"] = with_cache_ratios(input=2, output=10)
    clock.pass_seconds(LOOK_SECONDS)
    await controller.look()
    now = await priced.store.rollouts.get("reports")
    assert (now.repricings, now.repriced_at) == (1, clock.now())
    (event,) = [e for e in await priced.store.rollouts.events("rollout:reports") if e.kind == "reprice"]
    assert (event.actor, event.reason[:65]) == (
        "controller",
        "savings are judged anew from here: large costs 2 and 10 US dollar",
    )
    assert msgspec.json.decode(event.data, type=EventData).savings == now.plan.gates.savings
    assert await priced.store.outbox.has("rollout:reports:2:reprice")
    for _ in range(3):
        clock.pass_seconds(LEAST_SECONDS)
        await controller.look()
    assert (await kinds(priced)).count("reprice") == 1
    assert (await replay(priced, "reports"))["differing"] == []


async def test_two_changes_lie_an_hour_apart(controller, priced, rollout, prices, clock):
    await controller.look()
    for rate in (2, 4, 5):
        prices.prices["large"] = with_cache_ratios(input=rate, output=10)
        clock.pass_seconds(LOOK_SECONDS)
        await controller.look()
    assert (await kinds(priced)).count("reprice") == 1
    clock.pass_seconds(LEAST_SECONDS)
    await controller.look()
    assert (await kinds(priced)).count("reprice") == 2


async def test_clients_that_moved_to_another_model_are_seen_and_one_that_stands_in_is_not(
    controller, priced, rollout, clock, exchange
):
    priced.prices.prices["huge"] = with_cache_ratios(input=30, output=150)
    await controller.look()

    def huge(count):
        return [
            exchange(rollout, Arm.CONTROL, clock.now(), model="huge", usage=Usage(1000, 0), cost_usd=0.03)
            for _ in range(count)
        ]

    for _ in range(3):  # a model that stands in for three quarters of an hour
        await priced.store.ledger.ingest(huge(300), [])
        clock.pass_seconds(900)
        await controller.look()
    clock.pass_seconds(900)
    await controller.look()
    assert "reprice" not in await kinds(priced)
    for _ in range(4):
        await priced.store.ledger.ingest(huge(300), [])
        clock.pass_seconds(900)
    await controller.look()
    assert (await kinds(priced)).count("reprice") == 1
    now = await priced.store.rollouts.get("reports")
    assert now.plan.gates.savings.expected.cap == pytest.approx(20 * 0.03)
    assert "huge" in {each.model for each in now.plan.gates.savings.prices}


async def test_costs_from_before_are_judged_no_more(controller, priced, rollout, clock, serve):
    await serve(rollout, candidate=10, control=200)
    clock.pass_seconds(LOOK_SECONDS)
    await controller.look()
    priced.prices.prices["small"] = with_cache_ratios(input=9, output=9)
    clock.pass_seconds(LOOK_SECONDS)
    await controller.look()
    now = await priced.store.rollouts.get("reports")
    observer = Observer(priced.store.ledger)
    seen = await observer.observe(now, clock.now())
    assert (seen.candidate.triggered, seen.candidate.priced, seen.candidate.cost_usd) == (10, 0, 0.0)
    clock.pass_seconds(10)
    await serve(now, candidate=5, control=100)
    seen = await observer.observe(now, clock.now() + 1)
    assert (seen.candidate.triggered, seen.candidate.priced) == (15, 5)


async def test_without_a_savings_gate_nobody_looks(controller, running, priced, prices, clock):
    await controller.look()
    prices.prices["large"] = with_cache_ratios(input=2, output=10)
    clock.pass_seconds(LOOK_SECONDS)
    await controller.look()
    assert "reprice" not in await kinds(priced)


async def test_a_process_without_prices_leaves_them_to_others(services, rollout, meter, prices, clock):
    controller = Controller(services, meter, holder="one")
    await controller.look()
    prices.prices["large"] = with_cache_ratios(input=2, output=10)
    clock.pass_seconds(LOOK_SECONDS)
    await controller.look()
    assert "reprice" not in await kinds(services)


async def test_a_rollout_starts_with_the_prices_of_its_past_and_of_its_models(
    priced, publish, exchange, started, plan
):
    await publish("report-writing")
    past = started(plan())
    rows = [
        msgspec.structs.replace(
            exchange(past, Arm.OUTSIDE, priced.clock.now() - 60), rollout=None, stage=None, model=model
        )
        for model in ("large", "large", "unheard-of")
    ]
    await priced.store.ledger.ingest(rows, [])
    begun = (await start_rollout(priced, SPEC, actor="ada", reason="go")).committed.rollout
    assert [each.model for each in begun.plan.gates.savings.prices] == ["large", "small"]
