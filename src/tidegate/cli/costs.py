"""`tidegate costs`: what was used and what it cost."""

from enum import StrEnum
from typing import Annotated, cast

import typer

from tidegate.cli.call import call
from tidegate.cli.costs_reconcile import reconcile
from tidegate.cli.options import AsJson
from tidegate.cli.output import emit_json, emit_table, run

app = typer.Typer(no_args_is_help=True, help="What was used and what it cost, from the ledger.")

_COLUMNS = (
    ("requests", "requests"),
    ("unpriced", "unpriced"),
    ("cache_hits", "cache hits"),
    ("input_tokens", "input"),
    ("output_tokens", "output"),
    ("cache_read_tokens", "cache read"),
    ("cache_write_5m_tokens", "write 5m"),
    ("cache_write_1h_tokens", "write 1h"),
)

Line = dict[str, object]


class By(StrEnum):
    """What lines are summed by."""

    TENANT = "tenant"
    KEY = "key"
    SKILL = "skill"
    MODEL = "model"


app.command()(reconcile)


@app.callback()
def costs() -> None:
    """What was used and what it cost, from the ledger."""


@app.command()
def show(
    *,
    by: Annotated[By, typer.Option("--by", help="What to sum by.")],
    since: Annotated[str | None, typer.Option(help="From this time on (RFC 3339, date or epoch).")] = None,
    until: Annotated[str | None, typer.Option(help="Before this time.")] = None,
    rollout: Annotated[str | None, typer.Option(help="Exchanges of one rollout only.")] = None,
    as_json: AsJson = False,
) -> None:
    """Requests, tokens by kind and US dollars; what has no price is counted apart, never as 0."""
    asked = {"by": by.value, "since": since, "until": until, "rollout": rollout}
    params = {name: value for name, value in asked.items() if value is not None}
    document = cast("dict[str, object]", run(call("GET", "/api/costs", params=params)))
    if as_json:
        emit_json(document)
        return
    lines = cast("list[Line]", document["lines"])
    rows = [(*_name(line, by), *_cells(line)) for line in lines]
    names = ("key", "name") if by is By.KEY else (by.value,)
    blank = ("",) * (len(names) - 1)
    if rows:
        rows.append(("total", *blank, *_cells(cast("Line", document["total"]))))
    emit_table(
        "costs",
        (*names, *(title for _, title in _COLUMNS), "USD"),
        rows,
        empty="nothing was used in that time",
    )


def _name(line: Line, by: By) -> tuple[str, ...]:
    name = str(line[by.value]) or "(none)"
    return (name, str(line.get("name", ""))) if by is By.KEY else (name,)


def _cells(line: Line) -> tuple[str, ...]:
    cost = cast("float | None", line["cost_usd"])
    counts = (f"{cast('int', line[name]):,}" for name, _ in _COLUMNS)
    return (*counts, "unknown" if cost is None and line["unpriced"] else f"{cost or 0:,.6f}")
