"""A provider's invoice beside the ledger, by hand-computed values and by properties."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.domain.reconciliation import DayModel, Line, Spending, model_of, reconciled

MONDAY, TUESDAY = "2026-03-02", "2026-03-03"
ONE_PERCENT = Decimal("0.01")


def test_lines_of_both_sides_meet_by_day_and_model() -> None:
    found = reconciled(
        {DayModel(TUESDAY, "haiku"): Decimal("2.00"), DayModel(MONDAY, "haiku"): Decimal("1.00")},
        {
            DayModel(MONDAY, "haiku"): Spending(Decimal("0.99"), 0),
            DayModel(MONDAY, "opus"): Spending(None, 7),
        },
        ONE_PERCENT,
    )
    assert found.lines == (
        Line(day=MONDAY, model="haiku", invoice_usd=Decimal("1.00"), ledger_usd=Decimal("0.99"), unpriced=0),
        Line(day=MONDAY, model="opus", invoice_usd=None, ledger_usd=None, unpriced=7),
        Line(day=TUESDAY, model="haiku", invoice_usd=Decimal("2.00"), ledger_usd=None, unpriced=0),
    )
    assert (found.invoice_usd, found.ledger_usd) == (Decimal("3.00"), Decimal("0.99"))
    assert found.difference_usd == Decimal("-2.01")
    assert not found.agrees
    past, without_price = found.reasons()
    assert past.startswith("2.00 USD of the invoice")
    assert without_price.startswith("7 requests of the ledger")


@pytest.mark.parametrize(
    ("spent", "agrees"), [("9.90", True), ("10.10", True), ("9.89", False), ("10.11", False)]
)
def test_it_agrees_up_to_the_tolerance_and_no_further(spent: str, agrees: bool) -> None:
    place = DayModel(MONDAY, "haiku")
    found = reconciled({place: Decimal(10)}, {place: Spending(Decimal(spent), 0)}, ONE_PERCENT)
    assert found.agrees is agrees
    assert found.reasons() == ()


def test_what_only_the_ledger_has_is_told() -> None:
    there, beside = DayModel(MONDAY, "haiku"), DayModel(MONDAY, "gpt-4o")
    spent = {there: Spending(Decimal(1), 0), beside: Spending(Decimal(5), 0)}
    (reason,) = reconciled({there: Decimal(1)}, spent, ONE_PERCENT).reasons()
    assert reason.startswith("5.00 USD of the ledger")


def test_an_invoice_of_nothing_agrees_with_nothing_alone() -> None:
    place = DayModel(MONDAY, "haiku")
    assert reconciled({place: Decimal(0)}, {}, ONE_PERCENT).agrees
    assert not reconciled({place: Decimal(0)}, {place: Spending(Decimal("0.01"), 0)}, ONE_PERCENT).agrees


@pytest.mark.parametrize(
    ("invoice", "ledger"),
    [
        ("claude-haiku-4-5", "claude-haiku-4-5-20251001"),
        ("Claude-Haiku-4-5", "claude-haiku-4-5"),
        ("gpt-4o-2024-08-06", "gpt-4o"),
        ("claude-3-5-haiku-latest", "claude-3-5-haiku"),
    ],
)
def test_snapshots_of_a_model_are_one_model(invoice: str, ledger: str) -> None:
    assert model_of(invoice, {}) == model_of(ledger, {})


def test_another_name_of_a_model_is_given() -> None:
    assert model_of("Claude Haiku 4.5", {"Claude Haiku 4.5": "claude-haiku-4-5"}) == "claude-haiku-4-5"
    assert model_of("gpt-4o", {}) != model_of("gpt-4o-mini", {})


AMOUNTS = st.decimals(min_value=0, max_value=10_000, places=6)
PLACES = st.builds(DayModel, st.sampled_from([MONDAY, TUESDAY]), st.sampled_from(["a", "b", "c"]))
INVOICES = st.dictionaries(PLACES, AMOUNTS)
LEDGERS = st.dictionaries(PLACES, st.builds(Spending, st.none() | AMOUNTS, st.integers(0, 100)))


@given(INVOICES, LEDGERS)
def test_nothing_is_lost_and_each_place_has_one_line(
    invoice: dict[DayModel, Decimal], ledger: dict[DayModel, Spending]
) -> None:
    found = reconciled(invoice, ledger, ONE_PERCENT)
    assert [(line.day, line.model) for line in found.lines] == sorted({*invoice, *ledger})
    assert found.invoice_usd == sum(invoice.values())
    assert found.ledger_usd == sum(each.usd for each in ledger.values() if each.usd is not None)
    assert found.unpriced == sum(each.unpriced for each in ledger.values())


@given(LEDGERS.map(lambda ledger: list(ledger.values())))
def test_spendings_add_up_in_any_order(spendings: list[Spending]) -> None:
    forwards = backwards = Spending(None, 0)
    for each in spendings:
        forwards = forwards.plus(each)
    for each in reversed(spendings):
        backwards = backwards.plus(each)
    assert forwards == backwards
