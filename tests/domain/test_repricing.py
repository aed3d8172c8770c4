"""Prices that change in mid-stage: what is news, what is fixed anew, and what the tests make of it."""

import msgspec
import numpy as np
import pytest
from stages import HOUR, SINCE, make_evidence, make_rollout, pair

from tidegate.domain.account import Costs
from tidegate.domain.cost import Price, with_cache_ratios
from tidegate.domain.errors import Conflict, InvalidInput
from tidegate.domain.evidence import Tally
from tidegate.domain.exchange import Arm, Stakes
from tidegate.domain.observation import begin, observe
from tidegate.domain.processes import processes
from tidegate.domain.repricing import MOST_MODELS, fixed_anew, news, repriced, with_prices
from tidegate.domain.rollout import ExpectedCost, Gates, Move, Phase, Rollout, SavingsGate, Unit, Variant
from tidegate.domain.routing import Route
from tidegate.domain.savings import (
    ALPHA_CERTIFICATE,
    CERTIFICATE,
    RESERVE,
    UNIT,
    SavingsProcess,
    bets,
    stage_bound,
)
from tidegate.domain.transition import apply

SMALL, LARGE = with_cache_ratios(input=1, output=5), with_cache_ratios(input=3, output=15)
PRICES = {"small": SMALL, "large": LARGE}
GATE = SavingsGate(min=0.35, floor=0.3, expected=ExpectedCost(base=0.01, per_byte=1e-6, cap=0.4))


def of(**changes: Price) -> "dict[str, Price]":
    return PRICES | changes


def rollout(models: tuple[str, ...] = ("large", "small")) -> Rollout:
    plain = make_rollout(Gates(savings=GATE))
    return msgspec.structs.replace(plain, plan=with_prices(plain.plan, models, PRICES.get))


def gate_of(each: Rollout) -> SavingsGate:
    assert each.plan.gates.savings is not None
    return each.plan.gates.savings


def used(requests: int, *, each_input: int = 1000, each_output: int = 0) -> Costs:
    return Costs(
        requests=requests,
        priced=requests,
        input_tokens=requests * each_input,
        output_tokens=requests * each_output,
    )


def test_a_plan_keeps_the_prices_of_the_past_and_of_the_models_it_names() -> None:
    plan = make_rollout(Gates(savings=GATE)).plan
    named = msgspec.structs.replace(
        plan,
        candidate=Variant(model="small", route=Route(small="tiny", middle="middle")),
        baseline=Variant(model="large"),
    )
    known = of(tiny=SMALL, middle=LARGE)
    kept = with_prices(named, ("past", "large"), known.get).gates.savings
    assert kept is not None
    assert [each.model for each in kept.prices] == ["large", "small", "tiny", "middle"]
    many = with_prices(named, [f"m{n}" for n in range(200)], lambda _: SMALL).gates.savings
    assert many is not None
    assert len(many.prices) == MOST_MODELS
    without = make_rollout(Gates()).plan
    assert with_prices(without, ("large",), PRICES.get) is without


def test_the_same_prices_are_no_news() -> None:
    gate = gate_of(rollout())
    assert news(gate, PRICES.get, [{"large": used(1000), "small": used(1000)}]) is None


def test_another_price_is_news_and_says_from_what_to_what() -> None:
    said = news(gate_of(rollout()), of(large=with_cache_ratios(input=2, output=10)).get, [])
    assert said == (
        "large costs 2 and 10 US dollars (a million tokens in, out), before 3 and 15 US dollars "
        "(a million tokens in, out)"
    )


def test_a_price_that_nobody_knows_any_more_is_no_news_for_its_requests_are_unpriced() -> None:
    assert news(gate_of(rollout()), {"small": SMALL}.get, []) is None


@pytest.mark.parametrize(
    ("others", "price", "is_news"),
    [
        (300, with_cache_ratios(input=9, output=9), True),
        (199, with_cache_ratios(input=9, output=9), False),  # too few to tell
        (300, LARGE, False),  # another name at a price that is known
        (300, None, False),  # unpriced
    ],
)
def test_another_model_is_news_once_it_answers_a_good_part(
    others: int, price: Price | None, is_news: bool
) -> None:
    known = PRICES | ({"other": price} if price else {})
    served = {"large": used(1000), "other": used(others)}
    said = news(gate_of(rollout()), known.get, [served])
    assert (said is not None) is is_news
    assert said is None or said == (
        "other at 9 and 9 US dollars (a million tokens in, out) answers 23% of the requests, before it "
        "answered none"
    )
    many = {"large": used(10_000), "other": used(others)}
    assert news(gate_of(rollout()), known.get, [many]) is None


def test_a_model_that_stands_in_for_a_while_is_no_news() -> None:
    known, served = PRICES | {"other": with_cache_ratios(input=9, output=9)}, {"other": used(1000)}
    usual = {"large": used(1000)}
    assert news(gate_of(rollout()), known.get, [usual, served]) is None
    assert news(gate_of(rollout()), known.get, [served, usual]) is None
    assert news(gate_of(rollout()), known.get, [served, served]) is not None


def test_units_are_read_at_their_first_request_alone_after_a_change() -> None:
    by_user = make_rollout(Gates(savings=GATE), Unit.USER)
    before, after = (processes(each)[CERTIFICATE] for each in (by_user, repriced(by_user, GATE, SINCE + 1)))
    assert isinstance(before, SavingsProcess)
    assert isinstance(after, SavingsProcess)
    assert (before.parts, after.parts) == ((0.2, 0.2, 0.6), (0.2,))
    late = [*pair(600, Tally(bets=dict.fromkeys(range(12, 36), UNIT)), Tally())]
    assert after.e_values(after.fold(after.begin(), late))[1] == 1.0


def test_a_gate_that_kept_no_prices_has_no_news() -> None:
    assert news(GATE, PRICES.get, [{"other": used(1000)}]) is None


def test_expected_costs_are_scaled_to_the_level_of_today() -> None:
    dear = of(large=with_cache_ratios(input=30, output=150))
    served = {"large": used(1000, each_input=1000, each_output=200)}
    fixed = fixed_anew(gate_of(rollout()), dear.get, served)
    level = (1000 * 30 + 200 * 150) / 1e6
    assert fixed.expected is not None
    assert fixed.expected.cap == pytest.approx(20 * level)
    assert fixed.expected.base == pytest.approx(0.01 * level / 0.02)
    assert fixed.expected.per_byte == pytest.approx(1e-6 * level / 0.02)
    assert {each.model: each.price for each in fixed.prices} == dear
    few = fixed_anew(gate_of(rollout()), dear.get, {"large": used(199)})
    assert few.expected == GATE.expected
    assert fixed_anew(SavingsGate(min=0.3), dear.get, served).expected is None


@pytest.mark.parametrize("phase", [Phase.PROGRESSING, Phase.PAUSED, Phase.AWAITING_APPROVAL])
def test_a_repriced_rollout_stays_where_it_is_and_judges_its_savings_anew(phase: Phase) -> None:
    before = msgspec.structs.replace(rollout(), phase=phase, paused_from=Phase.PROGRESSING)
    fixed = fixed_anew(gate_of(before), of(large=SMALL).get, {})
    after = apply(before, Move.REPRICE, SINCE + HOUR, savings=fixed)
    assert (after.phase, after.stage, after.attempt, after.stage_since) == (phase, 0, 1, SINCE)
    assert (after.phase_since, after.paused_from) == (before.phase_since, before.paused_from)
    assert (after.repriced_at, after.repricings) == (SINCE + HOUR, 1)
    assert after.left.comparing == 1.0
    assert after.left.saving == pytest.approx((0.04 + RESERVE / 2) / 0.99)
    for name in ("savings", "floor"):
        test = processes(after)[name]
        assert isinstance(test, SavingsProcess)
        assert test.restart == SINCE + HOUR
    assert processes(after)["errors"] == processes(before)["errors"]
    again = apply(after, Move.REPRICE, SINCE + 2 * HOUR, savings=gate_of(before))
    assert again.left.saving == pytest.approx((after.left.saving * 0.04 + RESERVE / 4) / 0.99)


def test_the_next_stage_begins_without_an_epoch_and_a_retry_with_all_of_alpha() -> None:
    after = apply(rollout(), Move.REPRICE, SINCE + HOUR, savings=GATE)
    onward = apply(after, Move.ADVANCE, SINCE + 2 * HOUR)
    assert (onward.repriced_at, onward.repricings, onward.left) == (None, 1, after.left)
    retried = apply(apply(after, Move.ABORT, SINCE + 2 * HOUR), Move.RETRY, SINCE + 3 * HOUR, salt="1" * 32)
    assert (retried.repriced_at, retried.repricings, retried.left.saving) == (None, 0, 1.0)


def test_new_prices_need_a_gate_and_a_rollout_that_runs() -> None:
    with pytest.raises(InvalidInput, match="no savings gate"):
        apply(rollout(), Move.REPRICE, SINCE + 1)
    with pytest.raises(InvalidInput, match="no savings gate"):
        apply(make_rollout(Gates()), Move.REPRICE, SINCE + 1, savings=GATE)
    with pytest.raises(Conflict, match="cannot reprice"):
        apply(msgspec.structs.replace(rollout(), phase=Phase.COMPLETED), Move.REPRICE, 1.0, savings=GATE)


def test_costs_count_from_the_change_and_everything_else_from_the_stages_start() -> None:
    spent = Tally(requests=10, triggered=10, faulted=1, priced=10, cost_usd=1.0)
    later = msgspec.structs.replace(spent, cost_usd=0.25)
    evidence = make_evidence([*pair(0, spent, spent), *pair(600, later, spent)])
    after = repriced(rollout(), GATE, SINCE + 600)
    seen = observe(begin(after), after, evidence)
    assert (seen.candidate.requests, seen.candidate.faulted) == (20, 2)
    assert (seen.candidate.priced, seen.candidate.cost_usd, seen.control.cost_usd) == (10, 0.25, 1.0)
    whole = observe(begin(rollout()), rollout(), evidence)
    assert (whole.candidate.priced, whole.candidate.cost_usd) == (20, 1.25)


def _stretch(rng: np.random.Generator, requests: int, saved: float) -> Tally:
    """Both arms' bets on so many requests, as one bucket has them; control costs 0.02 on average."""
    stakes, sums = Stakes(0.02, 0.4, 0.05, 0.35, 0.3), dict.fromkeys(range(10), 0)
    for cost, is_candidate in zip(
        rng.lognormal(np.log(0.02) - 0.5**2 / 2, 0.5, requests), rng.random(requests) < 0.05, strict=True
    ):
        arm = Arm.CANDIDATE if is_candidate else Arm.CONTROL
        for place, added in bets(stakes, arm, float(cost) * (1 - saved * is_candidate)).items():
            sums[place] += added
    return Tally(bets=sums)


def test_savings_that_were_certified_at_old_prices_are_not_at_new_ones() -> None:
    rng = np.random.default_rng(3)
    change = SINCE + 600
    before = [*pair(0, _stretch(rng, 60_000, 0.5), Tally())]
    worse = [*pair(600, _stretch(rng, 60_000, 0.2), Tally())]
    bound = stage_bound(ALPHA_CERTIFICATE, 0, 2)
    one = processes(rollout())[CERTIFICATE]
    anew = processes(repriced(rollout(), GATE, change))[CERTIFICATE]
    assert isinstance(one, SavingsProcess)
    assert isinstance(anew, SavingsProcess)
    assert one.e_values(one.fold(one.begin(), before))[1] >= bound
    assert one.e_values(one.fold(one.begin(), [*before, *worse]))[1] >= bound
    assert anew.e_values(anew.fold(anew.begin(), [*before, *worse]))[1] < 1.5
