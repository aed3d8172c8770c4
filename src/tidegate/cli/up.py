"""`tidegate up`: run the gateway."""

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
import uvloop

from tidegate.cli.options import AsJson, say_listening
from tidegate.cli.output import run
from tidegate.cli.worker import command
from tidegate.config import load

EPILOG = (
    "It serves until SIGTERM or SIGINT and finishes requests in flight. SIGHUP has it read the keys of "
    "upstreams again; with several workers it replaces them one by one, with the configuration as it is then."
)

app = typer.Typer(subcommand_metavar="", help="Run the gateway.", epilog=EPILOG)


@app.callback(invoke_without_command=True)
def up(
    *,
    home: Annotated[Path | None, typer.Option(help="Home folder; else TIDEGATE_HOME or ~/.tidegate.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; 0 takes a free one.")] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, max=64, help="Serving processes that share the port.")
    ] = None,
    upstream: Annotated[str | None, typer.Option(help="Base URL of the provider's API.")] = None,
    emulator: Annotated[bool, typer.Option("--emulator", help="Serve from an emulated provider.")] = False,
    config: Annotated[
        Path | None, typer.Option(help="Configuration file; else tidegate.toml in the home.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Serve until SIGTERM or SIGINT."""
    if emulator and upstream is not None:
        raise typer.BadParameter("give --upstream or --emulator, not both", param_hint="--emulator")
    flags = {
        "server.port": port,
        "server.host": host,
        "server.workers": workers,
        "upstream.url": upstream,
    }
    announce = partial(say_listening, "tidegate", as_json=as_json)
    code = run(_serve(home, config, flags, announce, emulator=emulator), loop_factory=uvloop.new_event_loop)
    raise typer.Exit(code)


async def _serve(
    home: Path | None,
    config: Path | None,
    flags: dict[str, int | str | None],
    announce: Callable[[str, str], None],
    *,
    emulator: bool,
) -> int:
    settings = load(home=home, config=config, flags=flags, environ=os.environ).settings
    if settings.server.workers > 1:
        from tidegate.bootstrap.workers.run import run_workers  # noqa: PLC0415 (it serves nothing itself)

        return await run_workers(settings, command(home, config, flags), announce, emulator=emulator)
    from tidegate.bootstrap.gateway import run_gateway  # noqa: PLC0415 (a wrong configuration is told before imports)

    return await run_gateway(settings, announce, emulator=emulator)
