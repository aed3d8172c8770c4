"""A change of what requests cost, in mid-stage: another price, or other models that clients have moved to.

Errors, times and votes are what they were: their tests go on. Of the savings nothing said before holds for
what is paid now, so certificate, floor and point value begin anew at that moment (an epoch of their own).
What requests are expected to cost, and the most that one counts, are scaled to the new level of costs: they
only take noise away, but a cap that all costs exceed would hide every difference (`domain/savings`).

Over all epochs the rollout still says something false with probability at most alpha: an epoch spends what
revisions would (`domain/revision`), the later stages' parts and 2^-k of the reserve.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence

import msgspec

from tidegate.domain.account import Costs
from tidegate.domain.cost import ModelPrice, Price, cost
from tidegate.domain.exchange import Usage
from tidegate.domain.past import CAP_MEANS, ENOUGH
from tidegate.domain.revision import left_after
from tidegate.domain.rollout import ExpectedCost, Plan, Rollout, SavingsGate

PriceOf = Callable[[str], Price | None]
"""What a model costs now; None where nobody knows."""

MOST_MODELS = 50
"""Models whose prices are kept with a gate, the most used first."""

NEW_SHARE = 0.2
"""Another model at another price is news from this share of the requests on."""


def with_prices(plan: Plan, models: Sequence[str], price_of: PriceOf) -> Plan:
    """The plan whose savings gate keeps what models cost: those of the past, and those the plan names."""
    gate = plan.gates.savings
    if gate is None:
        return plan
    kept = msgspec.structs.replace(gate, prices=tuple(_priced([*models, *_named(plan)], price_of)))
    return msgspec.structs.replace(plan, gates=msgspec.structs.replace(plan.gates, savings=kept))


def news(gate: SavingsGate, price_of: PriceOf, served: Sequence[Mapping[str, Costs]]) -> str | None:
    """Why the gate's costs are not those of today; None where they are, or where none were kept.

    `served`: what the rollout's requests used in one time after the other lately, by the model that answered.
    A model that answers in some of them alone stands in for another that is away.
    """
    if not gate.prices:
        return None
    said = [*_changed(gate, price_of), *_moved(gate, price_of, served)]
    return "; ".join(said) or None


def together(served: Sequence[Mapping[str, Costs]]) -> dict[str, Costs]:
    """All of these times as one."""
    found: dict[str, Costs] = {}
    for each in served:
        for model, sums in each.items():
            found[model] = found.get(model, Costs()) + sums
    return found


def fixed_anew(gate: SavingsGate, price_of: PriceOf, served: Mapping[str, Costs]) -> SavingsGate:
    """The gate at today's prices, its expected costs at today's level."""
    models = [each.model for each in gate.prices]
    prices = tuple(_priced([*_by_requests(served), *models], price_of))
    return msgspec.structs.replace(gate, prices=prices, expected=_scaled(gate.expected, price_of, served))


def repriced(rollout: Rollout, gate: SavingsGate, now: float) -> Rollout:
    """The rollout with its savings judged anew from `now` (epoch seconds) on, by the gate as fixed anew."""
    gates = msgspec.structs.replace(rollout.plan.gates, savings=gate)
    saving = left_after(rollout, now).saving
    return msgspec.structs.replace(
        rollout,
        plan=msgspec.structs.replace(rollout.plan, gates=gates),
        left=msgspec.structs.replace(rollout.left, saving=saving),
        repricings=rollout.repricings + 1,
        repriced_at=now,
        approved_by=(),
    )


def _named(plan: Plan) -> Iterator[str]:
    for variant in (plan.baseline, plan.candidate):
        routed = (variant.route.small, variant.route.middle) if variant.route else ()
        yield from (model for model in (variant.model, *routed) if model)


def _priced(models: Sequence[str], price_of: PriceOf) -> Iterator[ModelPrice]:
    for model in list(dict.fromkeys(models))[:MOST_MODELS]:
        price = price_of(model)
        if price is not None:
            yield ModelPrice(model, price)


def _changed(gate: SavingsGate, price_of: PriceOf) -> Iterator[str]:
    for kept in gate.prices:
        price = price_of(kept.model)
        if price is not None and price != kept.price:
            yield f"{kept.model} costs {_rates(price)}, before {_rates(kept.price)}"


def _moved(gate: SavingsGate, price_of: PriceOf, served: Sequence[Mapping[str, Costs]]) -> Iterator[str]:
    """Models by whose price nothing was reckoned, and that answer a good part of requests all the time."""
    known = {each.model for each in gate.prices}
    prices = {each.price for each in gate.prices}
    whole = together(served)
    total = sum(each.requests for each in whole.values())
    for model, sums in whole.items():
        price = price_of(model)
        if model in known or price is None or price in prices or sums.requests < ENOUGH:
            continue
        if all(_share(model, each) >= NEW_SHARE for each in served):
            share = sums.requests / total
            yield f"{model} at {_rates(price)} answers {share:.0%} of the requests, before it answered none"


def _share(model: str, served: Mapping[str, Costs]) -> float:
    total = sum(each.requests for each in served.values())
    return served[model].requests / total if model in served else 0.0


def _by_requests(served: Mapping[str, Costs]) -> list[str]:
    return sorted(served, key=lambda model: (-served[model].requests, model))


def _scaled(
    expected: ExpectedCost | None, price_of: PriceOf, served: Mapping[str, Costs]
) -> ExpectedCost | None:
    """As before where too few requests tell the level."""
    priced = [(sums, price) for model, sums in served.items() if (price := price_of(model)) is not None]
    requests = sum(sums.priced for sums, _ in priced)
    spent = sum(_at(sums, price) for sums, price in priced)
    if expected is None or requests < ENOUGH or spent <= 0:
        return expected
    by = spent / requests / (expected.cap / CAP_MEANS)
    return ExpectedCost(base=expected.base * by, per_byte=expected.per_byte * by, cap=expected.cap * by)


def _at(sums: Costs, price: Price) -> float:
    """What these tokens cost; the tier of single requests is not known of sums."""
    used = Usage(
        sums.input_tokens,
        sums.output_tokens,
        sums.cache_read_tokens,
        sums.cache_write_5m_tokens,
        sums.cache_write_1h_tokens,
    )
    return cost(used, msgspec.structs.replace(price, tier_above=None))


def _rates(price: Price) -> str:
    return f"{price.input:g} and {price.output:g} US dollars (a million tokens in, out)"
