"""`tidegate keys`: access keys, whose secret is shown once."""

from typing import Annotated, cast
from urllib.parse import quote

import msgspec
import typer

from tidegate.cli.amounts import RequestsPerMinute, TokensPerMinute, UsdPerDay, amounts
from tidegate.cli.call import call
from tidegate.cli.options import AsJson, DryRun, Reason, tell
from tidegate.cli.output import emit_json, emit_table, run
from tidegate.config.values import duration
from tidegate.domain.access import Priority, Role

app = typer.Typer(no_args_is_help=True, help="Access keys: client, publisher, operator, viewer.")


_NONE = "there is no key yet; make the first with `tidegate keys create --role client --name NAME`"


class _Key(msgspec.Struct):
    id: str
    name: str
    role: str
    tenant: str
    priority: str
    created_at: str
    revoked_at: str | None
    expires_at: str | None = None
    last_used_at: str | None = None


class _Keys(msgspec.Struct):
    keys: list[_Key]


@app.command()
def create(
    *,
    role: Annotated[Role, typer.Option("--role", help="What the key may do.")],
    name: Annotated[str, typer.Option("--name", help="Who or what uses it.")],
    tenant: Annotated[str, typer.Option("--tenant", help="The tenant it is bound to.")] = "default",
    reason: Annotated[
        str, typer.Option("--reason", help="Why; kept in the history.")
    ] = "created by command line",
    priority: Annotated[
        Priority, typer.Option("--priority", help="Whose turn comes first under load.")
    ] = Priority.NORMAL,
    requests_per_minute: RequestsPerMinute = None,
    tokens_per_minute: TokensPerMinute = None,
    usd_per_day: UsdPerDay = None,
    expires: Annotated[
        str | None,
        typer.Option("--expires", metavar="DURATION", help="After which it is refused, as in 90d."),
    ] = None,
    as_json: AsJson = False,
    dry_run: DryRun = False,
) -> None:
    """Create a key and show its secret, this once."""
    quota = amounts(requests_per_minute, tokens_per_minute, usd_per_day)
    body: dict[str, object] = {"role": role, "name": name, "tenant": tenant, "reason": reason}
    body |= {"priority": priority, "quota": quota}
    if expires is not None:
        body["expires_in"] = _seconds("--expires", expires)
    document = cast("dict[str, str]", run(call("POST", "/api/keys", json=body, dry_run=dry_run)))
    what = f"{document['role']} key {document['id']} of tenant {document['tenant']}"
    text = what if dry_run else f"{document['key']}\n{what}: keep it now, it is not shown again"
    tell(document, text, as_json=as_json)


@app.command("list")
def list_keys(as_json: AsJson = False) -> None:
    """List every key, without secrets."""
    document = run(call("GET", "/api/keys"))
    if as_json:
        emit_json(document)
        return
    rows = [
        (key.id, key.name, key.role, key.tenant, key.priority, key.created_at, key.expires_at or "",
         key.last_used_at or "", key.revoked_at or "")
        for key in msgspec.convert(document, _Keys).keys
    ]  # fmt: skip
    columns = ("id", "name", "role", "tenant", "priority", "created", "expires", "last used", "revoked")
    emit_table("keys", columns, rows, empty=_NONE)


@app.command()
def rotate(
    key_id: Annotated[str, typer.Argument(metavar="ID", help="The key's id (`tidegate keys list`).")],
    reason: Reason,
    overlap: Annotated[
        str, typer.Option("--overlap", metavar="DURATION", help="How long the old secret is still taken.")
    ] = "24h",
    as_json: AsJson = False,
    dry_run: DryRun = False,
) -> None:
    """Give a key a new secret, shown this once; the old one is taken a while longer."""
    body = {"overlap": _seconds("--overlap", overlap), "reason": reason}
    document = cast(
        "dict[str, str]",
        run(call("POST", f"/api/keys/{quote(key_id, safe='')}/rotate", json=body, dry_run=dry_run)),
    )
    what = f"key {key_id}; the old secret is taken until {document['previous_until']}"
    text = what if dry_run else f"{document['key']}\n{what}: keep the new one now, it is not shown again"
    tell(document, text, as_json=as_json)


@app.command()
def prioritise(
    key_id: Annotated[str, typer.Argument(metavar="ID", help="The key's id (`tidegate keys list`).")],
    priority: Annotated[
        Priority, typer.Argument(metavar="PRIORITY", help="Whose turn comes first under load.")
    ],
    reason: Reason,
    as_json: AsJson = False,
    dry_run: DryRun = False,
) -> None:
    """Change whose requests come first where there is too much at once."""
    body = {"priority": priority, "reason": reason}
    document = run(call("POST", f"/api/keys/{quote(key_id, safe='')}/priority", json=body, dry_run=dry_run))
    tell(document, f"key {key_id} has {priority} priority", as_json=as_json)


@app.command()
def revoke(
    key_id: Annotated[str, typer.Argument(metavar="ID", help="The key's id (`tidegate keys list`).")],
    reason: Reason,
    as_json: AsJson = False,
    dry_run: DryRun = False,
) -> None:
    """Revoke a key; returns when every live process refuses it."""
    document = run(
        call("DELETE", f"/api/keys/{quote(key_id, safe='')}", params={"reason": reason}, dry_run=dry_run)
    )
    tell(document, f"key {key_id} is revoked", as_json=as_json)


def _seconds(option: str, text: str) -> float:
    try:
        return duration(text)
    except ValueError as wrong:
        raise typer.BadParameter(str(wrong), param_hint=option) from wrong
