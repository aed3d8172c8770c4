"""`tidegate quota`: how much a key or a tenant may use."""

from collections.abc import Mapping
from typing import Annotated
from urllib.parse import quote

import msgspec
import typer

from tidegate.cli.amounts import RequestsPerMinute, TokensPerMinute, UsdPerDay, amounts
from tidegate.cli.call import call
from tidegate.cli.options import AsJson, DryRun, Reason, tell
from tidegate.cli.output import emit_json, emit_table, run

app = typer.Typer(no_args_is_help=True, help="Quotas: requests and tokens a minute, dollars a day.")

_NONE = "no quota is set (defaults are in [quotas]); set the first with `tidegate quota set --reason …`"

Tenant = Annotated[str | None, typer.Option("--tenant", help="All keys of a tenant together.")]
Key = Annotated[str | None, typer.Option("--key", help="One key, by its id (`tidegate keys list`).")]


class _Quota(msgspec.Struct):
    scope: str
    target: str
    requests_per_minute: int | str | None
    tokens_per_minute: int | str | None
    usd_per_day: float | str | None
    by: str
    reason: str
    at: str


class _Quotas(msgspec.Struct):
    quotas: list[_Quota]


@app.command("set")
def set_quota(
    *,
    reason: Reason,
    tenant: Tenant = None,
    key: Key = None,
    requests_per_minute: RequestsPerMinute = None,
    tokens_per_minute: TokensPerMinute = None,
    usd_per_day: UsdPerDay = None,
    as_json: AsJson = False,
    dry_run: DryRun = False,
) -> None:
    """Set limits; what is not named stays as it is. Returns when every live process holds them."""
    named = amounts(requests_per_minute, tokens_per_minute, usd_per_day)
    if not named:
        raise typer.BadParameter(
            "give at least one of --requests-per-minute, --tokens-per-minute, --usd-per-day"
        )
    scope, target = _subject(tenant, key)
    document = run(call("PUT", _path(scope, target), json={**named, "reason": reason}, dry_run=dry_run))
    held = _limits(msgspec.convert(document, _Quota))
    tell(document, f"{scope} {target}: {held}", as_json=as_json)


@app.command()
def clear(
    *,
    reason: Reason,
    tenant: Tenant = None,
    key: Key = None,
    as_json: AsJson = False,
    dry_run: DryRun = False,
) -> None:
    """Take back what was set: the configuration's defaults hold again."""
    scope, target = _subject(tenant, key)
    document = run(call("DELETE", _path(scope, target), params={"reason": reason}, dry_run=dry_run))
    tell(document, f"{scope} {target}: no quota of its own any more", as_json=as_json)


@app.command("list")
def list_quotas(as_json: AsJson = False) -> None:
    """List what was set, by whom and why."""
    document = run(call("GET", "/api/quotas"))
    if as_json:
        emit_json(document)
        return
    rows = [
        (one.scope, one.target, *_cells(one), one.at, one.by, one.reason)
        for one in msgspec.convert(document, _Quotas).quotas
    ]
    columns = ("scope", "target", "requests/min", "tokens/min", "USD/day", "since", "by", "reason")
    emit_table("quotas", columns, rows, empty=_NONE)


def _subject(tenant: str | None, key: str | None) -> tuple[str, str]:
    """The one subject named; anything else is a usage error."""
    named = [("tenant", tenant)] if tenant else []
    named += [("key", key)] if key else []
    if len(named) != 1:
        raise typer.BadParameter("name one of: --tenant NAME, --key ID")
    return named[0]


def _path(scope: str, target: str) -> str:
    return f"/api/quotas/{scope}/{quote(target, safe='')}"


def _cells(one: _Quota) -> tuple[str, str, str]:
    requests, tokens, usd = one.requests_per_minute, one.tokens_per_minute, one.usd_per_day
    return _text(requests), _text(tokens), _text(usd)


def _text(amount: float | str | None) -> str:
    return "" if amount is None else amount if isinstance(amount, str) else f"{amount:,}"


def _limits(one: _Quota) -> str:
    names: Mapping[str, str] = dict(zip(("requests/min", "tokens/min", "USD/day"), _cells(one), strict=True))
    return ", ".join(f"{amount} {name}" for name, amount in names.items() if amount)
