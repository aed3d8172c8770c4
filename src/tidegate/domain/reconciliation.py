"""A provider's invoice beside the ledger: what each day and model cost by either, and whether that agrees."""

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import NamedTuple

import msgspec

_NOTHING = Decimal(0)
_DATED = re.compile(r"-(?:20\d{6}|20\d{2}-\d{2}-\d{2}|latest)$")
"""The end of a model's name that says which snapshot it is: invoices often leave it out."""


class DayModel(NamedTuple):
    """Where a sum belongs: a day in UTC as YYYY-MM-DD, and a model without its snapshot."""

    day: str
    model: str


class Spending(NamedTuple):
    """What the ledger has: US dollars of what is priced (None: nothing is), and requests without a price."""

    usd: Decimal | None
    unpriced: int

    def plus(self, other: "Spending") -> "Spending":
        """Both together."""
        priced = [usd for usd in (self.usd, other.usd) if usd is not None]
        return Spending(sum(priced, _NOTHING) if priced else None, self.unpriced + other.unpriced)


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """US dollars of a day and model, None where that side has nothing; `unpriced`: the ledger's requests."""

    day: str
    model: str
    invoice_usd: Decimal | None
    ledger_usd: Decimal | None
    unpriced: int


class Reconciliation(msgspec.Struct, frozen=True, kw_only=True):
    """Both sides, line by line and as a whole; `tolerance` is the share of the invoice that may differ."""

    lines: tuple[Line, ...]
    invoice_usd: Decimal
    ledger_usd: Decimal
    unpriced: int
    tolerance: Decimal

    @property
    def difference_usd(self) -> Decimal:
        """What the ledger has more than the invoice."""
        return self.ledger_usd - self.invoice_usd

    @property
    def agrees(self) -> bool:
        """Whether the whole differs by no more than the tolerance."""
        return abs(self.difference_usd) <= self.tolerance * abs(self.invoice_usd)

    def reasons(self) -> tuple[str, ...]:
        """Where a difference may come from, each with what to look at."""
        found: list[str] = []
        if beside := _total(each.invoice_usd for each in self.lines if each.ledger_usd is None):
            found.append(
                f"{beside:,.2f} USD of the invoice are for days and models that the ledger has no cost of: "
                "traffic that went past the gateway, a model without a price, or one by another name (--name)"
            )
        if beyond := _total(each.ledger_usd for each in self.lines if each.invoice_usd is None):
            found.append(
                f"{beyond:,.2f} USD of the ledger are for days and models that the invoice has nothing of: "
                "another provider's, or one by another name (--name)"
            )
        if self.unpriced:
            found.append(
                f"{self.unpriced:,} requests of the ledger have no known price and count as nothing: set the "
                "prices of their models under [prices]"
            )
        return tuple(found)


def model_of(name: str, names: Mapping[str, str]) -> str:
    """A model as both sides name it: by `names` where it is there, without its snapshot, in lower case."""
    return _DATED.sub("", names.get(name, name).strip().lower())


def reconciled(
    invoice: Mapping[DayModel, Decimal], ledger: Mapping[DayModel, Spending], tolerance: Decimal
) -> Reconciliation:
    """Both sides brought together, by day and then by model."""
    nothing = Spending(None, 0)
    lines = tuple(
        Line(
            day=place.day,
            model=place.model,
            invoice_usd=invoice.get(place),
            ledger_usd=ledger.get(place, nothing).usd,
            unpriced=ledger.get(place, nothing).unpriced,
        )
        for place in sorted({*invoice, *ledger})
    )
    return Reconciliation(
        lines=lines,
        invoice_usd=_total(each.invoice_usd for each in lines),
        ledger_usd=_total(each.ledger_usd for each in lines),
        unpriced=sum(each.unpriced for each in lines),
        tolerance=tolerance,
    )


def _total(amounts: Iterable[Decimal | None]) -> Decimal:
    return sum((each for each in amounts if each is not None), _NOTHING)
