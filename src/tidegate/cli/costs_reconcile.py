"""`tidegate costs reconcile`: a provider's invoice beside the ledger."""

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated, cast

import typer

from tidegate.cli.call import session
from tidegate.cli.invoice import Columns, read_invoice
from tidegate.cli.options import AsJson
from tidegate.cli.output import emit_json, emit_table, run, say
from tidegate.domain.errors import InvalidInput
from tidegate.domain.reconciliation import DayModel, Line, Reconciliation, Spending, model_of, reconciled

_MOST_DAYS = 400


def reconcile(
    invoice: Annotated[
        Path,
        typer.Argument(metavar="INVOICE", help="The provider's costs as CSV, by day (UTC) and model."),
    ],
    *,
    tolerance: Annotated[
        float, typer.Option(help="Share of the invoice that may differ.", min=0, max=1)
    ] = 0.01,
    date_column: Annotated[str | None, typer.Option("--date", help="The column with the day.")] = None,
    model_column: Annotated[str | None, typer.Option("--model", help="The column with the model.")] = None,
    usd_column: Annotated[str | None, typer.Option("--usd", help="The column with US dollars.")] = None,
    name: Annotated[
        list[str] | None,
        typer.Option(help="INVOICE'S=LEDGER'S: a model that the invoice calls otherwise; repeatable."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Compare a provider's invoice with the ledger, by day and model; exit 1 where they differ."""
    columns = Columns(date_column, model_column, usd_column)
    found = run(_reconciliation(invoice, columns, name or (), Decimal(str(tolerance))))
    if as_json:
        emit_json(_document(found))
    else:
        _show(found)
    raise typer.Exit(0 if found.agrees else 1)


async def _reconciliation(
    path: Path, columns: Columns, names: Iterable[str], tolerance: Decimal
) -> Reconciliation:
    renamed = dict(_renaming(each) for each in names)
    invoice = read_invoice(path, columns, renamed)
    first, last = (date.fromisoformat(end(place.day for place in invoice)) for end in (min, max))
    if (last - first).days >= _MOST_DAYS:
        raise InvalidInput(f"{path}: from {first} to {last}; give at most {_MOST_DAYS} days at once")
    ledger: dict[DayModel, Spending] = {}
    async with session() as control:
        for number in range((last - first).days + 1):
            day = first + timedelta(days=number)
            asked = {"by": "model", "since": f"{day}T00:00:00Z", "until": f"{day + timedelta(1)}T00:00:00Z"}
            document = cast("dict[str, object]", await control.call("GET", "/api/costs", params=asked))
            for line in cast("list[dict[str, object]]", document["lines"]):
                place = DayModel(day.isoformat(), model_of(str(line["model"]), {}))
                ledger[place] = ledger.get(place, Spending(None, 0)).plus(_spending(line))
    return reconciled(invoice, ledger, tolerance)


def _renaming(text: str) -> tuple[str, str]:
    theirs, equals, ours = text.partition("=")
    if not (theirs and equals and ours):
        raise InvalidInput(f"--name {text!r}: write it as INVOICE'S=LEDGER'S")
    return theirs.strip(), ours.strip()


def _spending(line: dict[str, object]) -> Spending:
    usd = cast("float | None", line["cost_usd"])
    return Spending(None if usd is None else Decimal(str(usd)), cast("int", line["unpriced"]))


def _document(found: Reconciliation) -> dict[str, object]:
    return {
        "agrees": found.agrees,
        "tolerance": float(found.tolerance),
        "invoice_usd": float(found.invoice_usd),
        "ledger_usd": float(found.ledger_usd),
        "difference_usd": float(found.difference_usd),
        "unpriced": found.unpriced,
        "reasons": found.reasons(),
        "lines": [
            {
                "day": line.day,
                "model": line.model,
                "invoice_usd": None if line.invoice_usd is None else float(line.invoice_usd),
                "ledger_usd": None if line.ledger_usd is None else float(line.ledger_usd),
                "unpriced": line.unpriced,
            }
            for line in found.lines
        ],
    }


def _show(found: Reconciliation) -> None:
    rows = [_cells(line) for line in found.lines]
    rows.append(("total", "", *_amounts(found.invoice_usd, found.ledger_usd), f"{found.unpriced:,}"))
    columns = ("day", "model", "invoice USD", "ledger USD", "ledger − invoice", "unpriced requests")
    emit_table("invoice and ledger", columns, rows, empty="")
    verdict = "They agree" if found.agrees else "They do not agree"
    say(f"{verdict}: the ledger has {_share(found)} of the invoice, {found.tolerance:.2%} may differ.")
    for reason in () if found.agrees else found.reasons():
        say(f"- {reason}.")


def _cells(line: Line) -> tuple[str, ...]:
    return (line.day, line.model, *_amounts(line.invoice_usd, line.ledger_usd), f"{line.unpriced:,}")


def _amounts(invoiced: Decimal | None, spent: Decimal | None) -> tuple[str, str, str]:
    difference = (spent or Decimal(0)) - (invoiced or Decimal(0))
    return _dollars(invoiced), _dollars(spent), f"{difference:+,.4f}"


def _dollars(usd: Decimal | None) -> str:
    return "–" if usd is None else f"{usd:,.4f}"


def _share(found: Reconciliation) -> str:
    if not found.invoice_usd:
        return f"{found.ledger_usd:,.4f} USD beside nothing"
    return f"{found.ledger_usd / found.invoice_usd:.2%}"
