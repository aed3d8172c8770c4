"""`tidegate config`: the settings a start would use, and where each comes from."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from tidegate.cli.options import AsJson
from tidegate.cli.output import emit_json, emit_table, run, say
from tidegate.config import Configuration, Settings, load
from tidegate.config.settings import Entry, entries, entries_of
from tidegate.config.written import as_written
from tidegate.domain.cost import Price

app = typer.Typer(help="Show the configuration.", no_args_is_help=True)


@app.callback()
def configure() -> None:
    """Show the configuration."""


@app.command()
def show(
    *,
    config: Annotated[Path | None, typer.Option(help="Configuration file.")] = None,
    home: Annotated[Path | None, typer.Option(help="Home folder.")] = None,
    sources: Annotated[bool, typer.Option("--sources", help="Also where each value comes from.")] = False,
    as_json: AsJson = False,
) -> None:
    """Print every setting, durations and sizes as they are written; secrets are masked.

    With --json durations are numbers of seconds and sizes of bytes.
    """
    run(_show(home, config, sources=sources, as_json=as_json))


async def _show(home: Path | None, config: Path | None, *, sources: bool, as_json: bool) -> None:
    loaded = load(home=home, config=config, environ=os.environ)
    values = shown(loaded.settings, written=not as_json)
    if as_json:
        emit_json(_with_sources(values, loaded) if sources else values)
    elif sources:
        rows = [(key, _text(value), loaded.sources[key]) for key, value in values.items()]
        emit_table("Configuration", ("setting", "value", "source"), rows, empty="there are no settings")
    else:
        for key, value in values.items():
            say(f"{key} = {_text(value)}")


def shown(settings: Settings, *, written: bool = False) -> dict[str, object]:
    """Key → value as it may be shown: a secret is only said to be set or empty; `written`: with units."""

    def told(entry: Entry, value: object) -> object:
        masked = _masked(entry, value)
        return as_written(entry, masked) if written else masked

    values: dict[str, object] = {"home": str(settings.home)}
    for entry in entries():
        values[entry.key] = told(entry, getattr(getattr(settings, entry.section), entry.name))
    tables = {"upstreams": settings.upstreams, "credentials": settings.credentials}
    for section, named in tables.items():
        for name, table in named.items():
            for entry in entries_of(f"{section}.{name}", type(table)):
                values[entry.key] = told(entry, getattr(table, entry.name))
    values |= {
        f"fallback.models.{model}": [":".join(filter(None, hop)) for hop in chain]
        for model, chain in settings.chains.items()
    }
    return values | {f"prices.{model}": _rates(price) for model, price in settings.prices.items()}


def _masked(entry: Entry, value: object) -> object:
    return ("(set)" if value else "") if entry.secret else value


def _rates(price: Price) -> Mapping[str, float]:
    given = ("input", "output", "cache_read", "cache_write_5m", "cache_write_1h")
    return {name: getattr(price, name) for name in given}


def _with_sources(values: Mapping[str, object], loaded: Configuration) -> dict[str, object]:
    return {key: {"value": value, "source": loaded.sources[key]} for key, value in values.items()}


def _text(value: object) -> str:
    return value if isinstance(value, str) and value else msgspec.json.encode(value).decode()
