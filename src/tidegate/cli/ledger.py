"""`tidegate ledger`: read the record of every exchange."""

import sys
from typing import Annotated

import typer

from tidegate.cli.call import session
from tidegate.cli.fitting import Since, Until, fit_period
from tidegate.cli.options import AsJson
from tidegate.cli.output import emit_json, run
from tidegate.rehearsal.fitting.text import scenario_text

app = typer.Typer(no_args_is_help=True, help="The ledger: every exchange and what came of it.")


@app.callback()
def ledger() -> None:
    """The ledger: every exchange and what came of it."""


@app.command()
def export(
    form: Annotated[str | None, typer.Option("--format", help="jsonl (the default) or csv")] = None,
    since: Annotated[str | None, typer.Option(help="From this time on (RFC 3339, date or epoch).")] = None,
    until: Annotated[str | None, typer.Option(help="Before this time.")] = None,
    rollout: Annotated[str | None, typer.Option(help="Exchanges of one rollout only.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The same as --format jsonl.")] = False,
) -> None:
    """Write exchanges to standard output, oldest first, one a line."""
    if form not in (None, "jsonl", "csv"):
        raise typer.BadParameter(f"--format {form}: use jsonl or csv")
    if as_json and form == "csv":
        raise typer.BadParameter("give --json or --format csv, not both")
    asked = {"format": form or "jsonl", "since": since, "until": until, "rollout": rollout}
    run(_export({name: value for name, value in asked.items() if value is not None}))


@app.command()
def fit(
    *,
    since: Since = None,
    until: Until = None,
    tenants: Annotated[
        list[str] | None, typer.Option("--tenant", help="Requests of this tenant only; may be repeated.")
    ] = None,
    tasks: Annotated[
        list[str] | None, typer.Option("--task", help="Requests of this task only; may be repeated.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Print a scenario for `tidegate rehearse --scenario` that is like the traffic of a past period."""
    found = run(fit_period(since, until, tenants=tenants or ("*",), tasks=tasks or ("*",)))
    if as_json:
        emit_json(found)
        return
    sys.stdout.write(scenario_text(found))


async def _export(params: dict[str, str]) -> None:
    written = 0
    async with session() as control:
        async for piece in control.stream("/api/ledger/export", params=params):
            written += sys.stdout.buffer.write(piece)
    sys.stdout.buffer.flush()
    if not written and "rollout" in params:
        name = params["rollout"]
        sys.stderr.write(
            f"tidegate: note: no exchange of rollout '{name}' in this time; see `tidegate rollout list`\n"
        )
