"""`tidegate skill exception`: what may be published though the scanner blocks it, and who lets it pass."""

from typing import Annotated
from urllib.parse import quote

import msgspec
import typer

from tidegate.cli.call import call
from tidegate.cli.options import AsJson, DryRun, Reason, tell
from tidegate.cli.output import emit_json, emit_table, run, say
from tidegate.cli.package import PackagePath, limits_there, package_at
from tidegate.cli.skill_capabilities import lines_of
from tidegate.domain.capability import Use

exceptions = typer.Typer(
    no_args_is_help=True, help="Publish what the scanner blocks: request, show, grant, list."
)

Digest = Annotated[
    str, typer.Argument(metavar="DIGEST", help="The package's `sha256:…`, as `list` shows it.")
]

SHOWN = 50
"""Places of a capability that `show` names: as many as are kept."""


class _Exception(msgspec.Struct, kw_only=True):
    """An exception as the control API answers it among others."""

    digest: str
    name: str
    rules: list[str]
    uses: list[str]
    findings_in_all: int
    state: str
    requested_by: str
    request_reason: str
    requested_at: str
    granted_by: str | None
    grant_reason: str | None
    granted_at: str | None


class _Exceptions(msgspec.Struct):
    exceptions: list[_Exception]


class _Finding(msgspec.Struct, kw_only=True):
    rule: str
    severity: str
    path: str
    line: int | None
    title: str
    excerpt: str
    source: str
    blocks: bool = False


class _Shown(_Exception, kw_only=True):
    """One exception, as it is shown to whoever is to decide."""

    findings: list[_Finding]
    capabilities: list[Use]
    capabilities_in_all: int


@exceptions.command()
def request(path: PackagePath, reason: Reason, as_json: AsJson = False, dry_run: DryRun = False) -> None:
    """Ask an operator to let a blocked package be published."""
    package = package_at(path, limits_there())
    document = run(
        call(
            "POST",
            "/api/scan-exceptions",
            content=package.archive,
            params={"reason": reason},
            dry_run=dry_run,
        )
    )
    asked = msgspec.convert(document, _Exception)
    text = f"exception requested for {_what(asked)}"
    tell(document, f"{text}; an operator looks at it by `tidegate skill exception show`", as_json=as_json)


@exceptions.command()
def show(digest: Digest, as_json: AsJson = False) -> None:
    """Show what there is to decide on: findings, and what the package's scripts make use of."""
    document = run(call("GET", _path(digest)))
    if as_json:
        emit_json(document)
        return
    shown = msgspec.convert(document, _Shown)
    say(f"{shown.name} {shown.digest}: {shown.state}")
    say(f"requested {shown.requested_at} by {shown.requested_by}: {shown.request_reason}")
    if shown.granted_at is not None:
        say(f"granted {shown.granted_at} by {shown.granted_by}: {shown.grant_reason}")
    for line in _findings(shown):
        say(line)
    for line in _capabilities(shown):
        say(line)


@exceptions.command()
def grant(digest: Digest, reason: Reason, as_json: AsJson = False, dry_run: DryRun = False) -> None:
    """Let the package of this digest be published despite its findings; look at it by `show` before."""
    document = run(call("POST", f"{_path(digest)}/grant", json={"reason": reason}, dry_run=dry_run))
    granted = msgspec.convert(document, _Exception)
    tell(document, f"exception granted for {_what(granted)}", as_json=as_json)


@exceptions.command("list")
def list_exceptions(as_json: AsJson = False) -> None:
    """List the exceptions that were requested and granted, and why."""
    document = run(call("GET", "/api/scan-exceptions"))
    if as_json:
        emit_json(document)
        return
    rows = [
        (each.name, each.state, ", ".join(each.rules), ", ".join(each.uses), each.requested_by,
         each.request_reason, each.granted_by or "", each.grant_reason or "", each.digest)
        for each in msgspec.convert(document, _Exceptions).exceptions
    ]  # fmt: skip
    columns = (
        "skill", "state", "rules", "scripts use", "requested by", "because", "granted by", "because",
        "digest",
    )  # fmt: skip
    empty = "no exceptions; `tidegate skill exception request PATH --reason WHY` asks for one"
    emit_table("exceptions", columns, rows, empty=empty)


def _path(digest: str) -> str:
    return f"/api/scan-exceptions/{quote(digest, safe='')}"


def _what(exception: _Exception) -> str:
    """Which package, what blocks it, and which capabilities its scripts have."""
    uses = f"its scripts use {', '.join(exception.uses)}" if exception.uses else "its scripts use nothing"
    return f"{exception.name} {exception.digest} (blocked by {', '.join(exception.rules)}; {uses})"


def _findings(shown: _Shown) -> list[str]:
    if not shown.findings:
        return ["its findings were not kept when it was requested: have it requested again"]
    lines = [f"findings: {shown.findings_in_all}"]
    for each in shown.findings:
        place = f"{each.path}:{each.line}" if each.line else each.path
        said = f"{each.title}: {each.excerpt}" if each.excerpt else each.title
        how = "blocks" if each.blocks else "note"
        lines.append(f"  {how}: {place}: {each.severity} {each.rule}: {said} ({each.source})")
    return _with_rest(lines, len(shown.findings), shown.findings_in_all)


def _capabilities(shown: _Shown) -> list[str]:
    if not shown.capabilities:
        return ["its scripts use nothing but their input and output"] if shown.findings else []
    lines = ["its scripts use", *(f"  {line}" for line in lines_of(shown.capabilities, SHOWN))]
    return _with_rest(lines, len(shown.capabilities), shown.capabilities_in_all)


def _with_rest(lines: list[str], kept: int, in_all: int) -> list[str]:
    return [*lines, f"  and {in_all - kept} more of these kinds"] if in_all > kept else lines
