"""`tidegate switch`: turn skills off at once, for everybody, one skill or one tenant."""

from typing import Annotated

import msgspec
import typer

from tidegate.cli.call import call
from tidegate.cli.options import AsJson, DryRun, Reason, tell
from tidegate.cli.output import emit_json, emit_table, run

app = typer.Typer(no_args_is_help=True, help="The kill switch: skills off at once, and on again.")

Scope = Annotated[
    str | None, typer.Argument(metavar="SCOPE", help="all, skill or tenant", show_default=False)
]
Target = Annotated[
    str | None, typer.Argument(metavar="TARGET", help="the skill's or tenant's name", show_default=False)
]
Everything = Annotated[bool, typer.Option("--all", help="Every skill, for everybody.")]
Skill = Annotated[str | None, typer.Option("--skill", help="One skill.")]
Local = Annotated[
    bool, typer.Option("--local", help="Only in the process at TIDEGATE_URL, without its store.")
]
Tenant = Annotated[str | None, typer.Option("--tenant", help="Every skill, for one tenant.")]


class _Switch(msgspec.Struct):
    scope: str
    target: str
    by: str
    reason: str
    at: str


class _Switches(msgspec.Struct):
    switches: list[_Switch]


@app.command()
def off(
    *,
    reason: Reason,
    scope: Scope = None,
    target: Target = None,
    everything: Everything = False,
    skill: Skill = None,
    tenant: Tenant = None,
    local: Local = False,
    as_json: AsJson = False,
    dry_run: DryRun = False,
) -> None:
    """Turn skills off; returns when no live process serves them any more (exit 1 names those that may)."""
    chosen = _chosen(scope, target, everything, skill, tenant)
    _flip("off", chosen, reason, local=local, as_json=as_json, dry_run=dry_run)


@app.command()
def on(
    *,
    reason: Reason,
    scope: Scope = None,
    target: Target = None,
    everything: Everything = False,
    skill: Skill = None,
    tenant: Tenant = None,
    local: Local = False,
    as_json: AsJson = False,
    dry_run: DryRun = False,
) -> None:
    """Turn skills on again."""
    chosen = _chosen(scope, target, everything, skill, tenant)
    _flip("on", chosen, reason, local=local, as_json=as_json, dry_run=dry_run)


@app.command("list")
def list_switches(as_json: AsJson = False) -> None:
    """List what is off, who turned it off and why."""
    document = run(call("GET", "/api/switches"))
    if as_json:
        emit_json(document)
        return
    rows = [
        (one.scope, one.target, one.at, one.by, one.reason)
        for one in msgspec.convert(document, _Switches).switches
    ]
    emit_table(
        "switched off",
        ("scope", "target", "since", "by", "reason"),
        rows,
        empty="nothing is switched off; `tidegate switch off` does it",
    )


def _flip(way: str, what: tuple[str, str], reason: str, *, local: bool, as_json: bool, dry_run: bool) -> None:
    scope, target = what
    body = {"scope": scope, "target": target, "reason": reason, "local": local}
    document = run(call("POST", f"/api/switches/{way}", json=body, dry_run=dry_run))
    name = "every skill" if scope == "all" else f"{scope} {target}"
    tell(document, f"{name} is {way}{' in this one process' if local else ''}", as_json=as_json)


def _chosen(
    scope: str | None, target: str | None, everything: bool, skill: str | None, tenant: str | None
) -> tuple[str, str]:
    """The one thing named, by options or as words; anything else is a usage error."""
    named = [("all", "*")] if everything else []
    named += [("skill", skill)] if skill is not None else []
    named += [("tenant", tenant)] if tenant is not None else []
    if scope is not None:
        named.append((scope, target or ("*" if scope == "all" else "")))
    if len(named) != 1 or named[0][0] not in ("all", "skill", "tenant") or not named[0][1]:
        raise typer.BadParameter("name one of: --all, --skill NAME, --tenant NAME")
    return named[0]
