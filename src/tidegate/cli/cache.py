"""`tidegate cache`: warm the result cache up, look at it, clear it."""

import os
from pathlib import Path
from typing import Annotated

import typer

from tidegate.cli.call import call
from tidegate.cli.options import AsJson, DryRun, Reason, tell
from tidegate.cli.output import emit_json, emit_table, run, say
from tidegate.cli.warming import Warming, read_warm_file, warm
from tidegate.domain.errors import InvalidInput

app = typer.Typer(no_args_is_help=True, help="The result cache: answers that are given again.")


@app.command("warm")
def warm_up(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Requests, one JSON object a line.")],
    rate: Annotated[float, typer.Option("--rate", min=0.01, max=100, help="Requests a second.")] = 2.0,
    as_json: AsJson = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Read the file; ask nothing.")] = False,
) -> None:
    """Ask the gateway at TIDEGATE_URL each request of a file, with the client key in TIDEGATE_CLIENT_KEY.

    Exit 1 where one was not answered, or could not be kept.
    """
    if dry_run:
        count = run(_count(file))
        tell({"requests": count, "dry_run": True}, f"{count} requests asked", as_json=as_json)
        return
    done = run(_warm(file, rate))
    document = done.document()
    if as_json:
        emit_json(document)
    else:
        say(", ".join(f"{count} {name}" for name, count in document["results"].items()) or "nothing to ask")
    for line, why in done.failures:
        typer.echo(f"tidegate: line {line}: {why}", err=True)
    if done.failures:
        raise typer.Exit(1)


async def _figures() -> dict[str, float]:
    from tidegate.cli.cache_figures import figures  # noqa: PLC0415 -- the HTTP client takes long to import

    return await figures(_url())


@app.command()
def stats(as_json: AsJson = False) -> None:
    """Show the cache's figures of the gateway at TIDEGATE_URL, as its /metrics has them."""
    found = run(_figures())
    if as_json:
        emit_json(found)
        return
    emit_table(
        "result cache",
        ("figure", "value"),
        [(name, f"{value:g}") for name, value in found.items()],
        empty="it has no figures of a cache",
    )


@app.command()
def clear(
    *,
    reason: Reason,
    tenant: Annotated[str | None, typer.Option("--tenant", help="One tenant's answers.")] = None,
    everybody: Annotated[bool, typer.Option("--all", help="Everybody's answers.")] = False,
    as_json: AsJson = False,
    dry_run: DryRun = False,
) -> None:
    """Forget kept answers; returns when no live process gives any of them any more."""
    if (tenant is None) is not everybody:
        raise typer.BadParameter("name one of: --all, --tenant NAME")
    body = {"tenant": tenant or "*", "reason": reason}
    document = run(call("POST", "/api/cache/clear", json=body, dry_run=dry_run))
    whose = "everybody" if everybody else f"tenant {tenant}"
    tell(document, f"the kept answers of {whose} are cleared", as_json=as_json)


async def _count(file: Path) -> int:
    return len(read_warm_file(file))


async def _warm(file: Path, rate: float) -> Warming:
    key = os.environ.get("TIDEGATE_CLIENT_KEY")
    if not key:
        raise InvalidInput("TIDEGATE_CLIENT_KEY is not set: requests are asked with a client key's rights")
    return await warm(_url(), key, read_warm_file(file), rate)


def _url() -> str:
    url = os.environ.get("TIDEGATE_URL")
    if not url:
        raise InvalidInput("TIDEGATE_URL is not set: name the gateway, as in http://127.0.0.1:8080")
    return url.rstrip("/")
