"""How far costs scatter, summed with the evidence, against the same sums taken over whole units."""

from collections import defaultdict

import msgspec
import pytest
from exchanges import SINCE, exchange_lists, make_exchange
from hypothesis import given
from hypothesis import strategies as st
from stages import make_rollout

from tidegate.domain.account import PICOS
from tidegate.domain.evidence import Tally, merge
from tidegate.domain.exchange import Arm, Exchange, Stakes
from tidegate.domain.interval import LEAST_UNITS, ArmSpending, saved
from tidegate.domain.observation import begin, observe, settle
from tidegate.domain.recount import recount
from tidegate.domain.rollout import ExpectedCost, Gates, SavingsGate
from tidegate.domain.scatter import GRAINS, saved_so_far, scatter


def tally(exchanges: list[Exchange], arm: Arm) -> Tally:
    seen = recount(exchanges, "contract-skills", 1, 0, latest=0)
    return merge(bucket.tally for bucket in seen.buckets if bucket.arm is arm)


def whole_units(exchanges: list[Exchange], arm: Arm) -> ArmSpending:
    """What the interval needs, from each unit's own sums."""
    units: dict[str, list[int]] = defaultdict(list)
    for found in exchanges:
        if found.arm is arm and found.cost_usd is not None:
            units[found.unit_hash if found.unit_kind != "request" else found.id].append(
                round(found.cost_usd * PICOS)
            )
    each = [(len(costs), sum(costs)) for costs in units.values()]
    return ArmSpending(
        units=len(each),
        requests=sum(n for n, _ in each),
        cost_picos=sum(y for _, y in each),
        costs_squared=sum(y * y for _, y in each),
        requests_squared=sum(n * n for n, _ in each),
        cost_by_requests=sum(n * y for n, y in each),
    )


def asked(kind: str, units: int, savings: float = 0.4) -> list[Exchange]:
    """Requests of units that are unlike each other, the candidate's cheaper."""
    return [
        make_exchange(
            number,
            finished_at=SINCE + number % 97,
            unit_kind=kind,
            unit_hash=f"unit-{number % (2 * units)}",
            arm=Arm.CANDIDATE if number % 2 else Arm.CONTROL,
            cost_usd=(0.01 + number % 13 / 500) * (1 - savings if number % 2 else 1),
        )
        for number in range(2 * units * (1 if kind == "request" else 5))
    ]


@pytest.mark.parametrize("kind", ["request", "user", "conversation"])
def test_the_interval_is_the_one_that_whole_units_give(kind: str) -> None:
    exchanges = asked(kind, 200)
    found = saved_so_far(tally(exchanges, Arm.CANDIDATE), tally(exchanges, Arm.CONTROL))
    wanted = saved(whole_units(exchanges, Arm.CANDIDATE), whole_units(exchanges, Arm.CONTROL))
    assert msgspec.structs.astuple(found) == pytest.approx(msgspec.structs.astuple(wanted), rel=1e-6)
    assert found.low < 0.4 < found.high


@given(exchange_lists(), st.randoms(use_true_random=False))
def test_the_sums_of_a_stage_are_the_same_in_any_order(exchanges: list[Exchange], random) -> None:
    always = [msgspec.structs.replace(each, triggered=True, counted=True, stays=False) for each in exchanges]
    shuffled = list(always)
    random.shuffle(shuffled)
    for arm in (Arm.CANDIDATE, Arm.CONTROL):
        one, other = tally(always, arm), tally(shuffled, arm)
        assert (one.payers, one.charged) == (other.payers, other.charged)
        assert one.costs_squared == other.costs_squared
        assert one.cost_by_charged == other.cost_by_charged
        assert one.charged_squared == other.charged_squared
        assert one.charged == one.priced


@given(st.lists(st.floats(0, 3), min_size=1, max_size=20))
def test_what_a_units_requests_add_makes_the_squares_of_its_sums(costs: list[float]) -> None:
    charged = spent = squares = products = counts = 0
    for cost in costs:
        added = scatter(cost, charged, spent)
        charged, spent = charged + 1, spent + round(cost * GRAINS)
        squares += added.costs_squared
        products += added.cost_by_charged
        counts += added.charged_squared
    assert (squares, products, counts) == (spent**2, spent * charged, charged**2)


def test_few_units_have_a_point_alone() -> None:
    exchanges = asked("user", LEAST_UNITS - 1)
    found = saved_so_far(tally(exchanges, Arm.CANDIDATE), tally(exchanges, Arm.CONTROL))
    assert found.point == pytest.approx(0.4, abs=0.05)
    assert (found.low, found.high) == (None, None)


@pytest.mark.parametrize("kind", ["request", "user"])
@pytest.mark.parametrize("dear", [97.0, 1e12])
def test_what_is_too_dear_to_be_summed_leaves_the_point_alone(kind: str, dear: float) -> None:
    first = make_exchange(8_999, unit_kind=kind, unit_hash="dear", arm=Arm.CONTROL, cost_usd=dear)
    cheap = [
        make_exchange(9_000 + n, unit_kind=kind, unit_hash="dear", arm=Arm.CONTROL, cost_usd=0.02)
        for n in range(100)
    ]
    exchanges = [*asked(kind, 200), first, *cheap]
    candidate, control = tally(exchanges, Arm.CANDIDATE), tally(exchanges, Arm.CONTROL)
    assert max(control.costs_squared, control.cost_by_charged) < 2**63
    assert control.charged == control.priced - 1
    found = saved_so_far(candidate, control)
    assert (found.low, found.high) == (None, None)
    assert found.point == pytest.approx(
        1 - (candidate.cost_usd / 400) / (control.cost_usd / control.priced), abs=0.5
    )
    kept = msgspec.structs.replace(control, priced=control.charged, cost_usd=control.cost_usd - dear)
    assert saved_so_far(candidate, kept).low is not None, "what is in the sums is a whole"


def test_the_heaviest_users_of_a_busy_stage_are_in_the_sums() -> None:
    assert scatter(0.02, 10**7, 230_000 * GRAINS) is not None
    assert scatter(0.02, 10**7, 231_000 * GRAINS) is None
    assert scatter(96.0) is not None
    assert scatter(97.0) is None


def test_after_prices_changed_in_mid_stage_there_is_no_interval() -> None:
    exchanges = asked("request", 200)
    seen = recount(exchanges, "contract-skills", 1, 0, latest=0)
    rollout = make_rollout(Gates())
    before = observe(begin(rollout), rollout, seen)
    assert saved_so_far(before.candidate, before.control).low is not None
    later = msgspec.structs.replace(rollout, repriced_at=SINCE + 20)
    after = observe(begin(later), later, seen)
    assert saved_so_far(after.candidate, after.control).low is None


def test_nothing_priced_tells_nothing() -> None:
    unpriced = [msgspec.structs.replace(each, cost_usd=None) for each in asked("request", 50)]
    assert saved_so_far(tally(unpriced, Arm.CANDIDATE), tally(unpriced, Arm.CONTROL)) is None


def test_savings_are_sure_since_the_bucket_in_which_e_was_enough_however_it_is_folded() -> None:
    from_now = [
        msgspec.structs.replace(each, stakes=Stakes(0.02, 0.04, 0.5, 0.2))
        for each in asked("request", 2_000, savings=0.6)
    ]
    gate = SavingsGate(min=0.2, expected=ExpectedCost(base=0.02, per_byte=0.0, cap=0.04))
    rollout = make_rollout(Gates(savings=gate))
    seen = recount(from_now, "contract-skills", 1, 0, latest=0)
    whole = observe(begin(rollout), rollout, seen)
    since = whole.test("savings").since
    assert SINCE < since < SINCE + 100
    assert since % 5 == 0
    for cut in (since - 5, since, since + 5):
        pieces = observe(settle(begin(rollout), rollout, seen, cut), rollout, seen)
        assert pieces.test("savings") == whole.test("savings")
    early = [each for each in from_now if each.finished_at < since - 5]
    seen = recount(early, "contract-skills", 1, 0, latest=0)
    assert observe(begin(rollout), rollout, seen).test("savings").since is None
