"""A provider's invoice as CSV: a line for each day, model and whatever else it tells apart."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path

from tidegate.domain.errors import InvalidInput
from tidegate.domain.reconciliation import DayModel, model_of

_DATE = ("date", "day", "usage_date_utc", "usage_date", "start_time_iso", "start_time")
_MODEL = ("model", "model_id", "line_item")
_NO_ROW: list[str] = []
_USD = ("cost_usd", "amount_usd", "usd", "cost", "amount", "amount_value")


@dataclass(frozen=True, slots=True)
class Columns:
    """The names of the columns; None: the first usual name that is there."""

    date: str | None = None
    model: str | None = None
    usd: str | None = None


def read_invoice(path: Path, columns: Columns, names: Mapping[str, str]) -> dict[DayModel, Decimal]:
    """US dollars by day and model; `names`: the ledger's name of a model by the invoice's.

    Raises InvalidInput, with the line, for what cannot be read.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return _summed(csv.reader(file, strict=True), columns, names, path)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InvalidInput(f"{path}: cannot be read as CSV in UTF-8: {error}") from error


def _summed(
    rows: Iterator[list[str]], columns: Columns, names: Mapping[str, str], path: Path
) -> dict[DayModel, Decimal]:
    head = [name.strip().lower() for name in next(rows, _NO_ROW)]
    on = _place(head, "--date", (columns.date,) if columns.date else _DATE, path)
    which = _place(head, "--model", (columns.model,) if columns.model else _MODEL, path)
    much = _place(head, "--usd", (columns.usd,) if columns.usd else _USD, path)
    sums: dict[DayModel, Decimal] = {}
    for number, row in enumerate(rows, 2):
        if not any(cell.strip() for cell in row):
            continue
        where = f"{path}, record {number}"
        if len(row) != len(head):
            raise InvalidInput(f"{where}: {len(row)} cells under {len(head)} columns; export it again")
        place = DayModel(_day(row[on], where), model_of(row[which].strip(), names))
        sums[place] = sums.get(place, Decimal(0)) + _usd(row[much], where)
    if not sums:
        raise InvalidInput(f"{path}: has no line of costs")
    return sums


def _place(head: Sequence[str], option: str, wanted: Sequence[str], path: Path) -> int:
    for name in wanted:
        if name.lower() in head:
            return head.index(name.lower())
    there = ", ".join(head) or "none"
    raise InvalidInput(
        f"{path}: has no column {' or '.join(wanted)}; name it by {option}. There are: {there}"
    )


def _day(text: str, where: str) -> str:
    try:
        return date.fromisoformat(text.strip()[:10]).isoformat()
    except ValueError:
        raise InvalidInput(f"{where}: {text!r} is no date; write YYYY-MM-DD, in UTC") from None


def _usd(text: str, where: str) -> Decimal:
    try:
        found = Decimal(text.strip().removeprefix("$").replace(",", "") or "0")
    except InvalidOperation:
        found = Decimal("nan")
    if not found.is_finite():
        raise InvalidInput(f"{where}: {text!r} is no amount in US dollars")
    return found
