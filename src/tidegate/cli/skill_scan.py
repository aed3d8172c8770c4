"""`tidegate skill scan` and `skill exception`: what the scanner finds, and who lets it pass."""

import asyncio
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

import msgspec
import typer

from tidegate.cli.call import call
from tidegate.cli.options import AsJson, Reason, tell
from tidegate.cli.output import emit_json, emit_table, run, say
from tidegate.cli.package import PackagePath, complain, inspect_path, limits_here, limits_there
from tidegate.cli.scan_judgement import judge_here
from tidegate.cli.skill_rescan import scan_stored
from tidegate.domain.skill import SkillPackage
from tidegate.registry.limits import PackageLimits

exceptions = typer.Typer(no_args_is_help=True, help="Publish what the scanner blocks: request, grant, list.")

Digest = Annotated[
    str, typer.Argument(metavar="DIGEST", help="The package's `sha256:…`, as `list` shows it.")
]


class _Exception(msgspec.Struct, kw_only=True):
    """An exception as the control API answers it."""

    digest: str
    name: str
    rules: list[str]
    state: str
    requested_by: str
    request_reason: str
    granted_by: str | None
    grant_reason: str | None


class _Exceptions(msgspec.Struct):
    exceptions: list[_Exception]


def scan(
    path: Annotated[
        Path | None,
        typer.Argument(metavar="PATH", help="A skill's folder or zip; with --stored, NAME[@VERSION]."),
    ] = None,
    *,
    stored: Annotated[
        bool,
        typer.Option("--stored", help="What is published: all of it, the versions of NAME, or one of them."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show what the scanner, and a second one where it is set, finds in a package; exit 1 where it blocks."""
    if stored:
        scan_stored(str(path or ""), as_json=as_json)
        return
    if path is None:
        raise typer.BadParameter("give a skill's folder or zip, or --stored for what is published")
    package = _package(path, limits_here())
    judgement = run(judge_here().judged(package))
    if as_json:
        emit_json(
            {"path": str(path), "name": package.manifest.name, "digest": package.digest}
            | judgement.document()
        )
    else:
        judgement.tell()
        if not judgement.findings:
            say(f"{package.manifest.name}: nothing found in {len(package.files)} files")
    if judgement.blocking:
        raise typer.Exit(1)


@exceptions.command()
def request(path: PackagePath, reason: Reason, as_json: AsJson = False) -> None:
    """Ask an operator to let a blocked package be published."""
    package = _package(path, limits_there())
    document = run(call("POST", "/api/scan-exceptions", content=package.archive, params={"reason": reason}))
    asked = msgspec.convert(document, _Exception)
    text = f"exception requested for {asked.name} {asked.digest} ({', '.join(asked.rules)})"
    tell(document, f"{text}; an operator grants it by `tidegate skill exception grant`", as_json=as_json)


@exceptions.command()
def grant(digest: Digest, reason: Reason, as_json: AsJson = False) -> None:
    """Let the package of this digest be published despite its findings."""
    path = f"/api/scan-exceptions/{quote(digest, safe='')}/grant"
    document = run(call("POST", path, json={"reason": reason}))
    granted = msgspec.convert(document, _Exception)
    tell(document, f"exception granted for {granted.name} {granted.digest}", as_json=as_json)


@exceptions.command("list")
def list_exceptions(as_json: AsJson = False) -> None:
    """List the exceptions that were requested and granted, and why."""
    document = run(call("GET", "/api/scan-exceptions"))
    if as_json:
        emit_json(document)
        return
    rows = [
        (each.name, each.state, ", ".join(each.rules), each.requested_by, each.request_reason,
         each.granted_by or "", each.grant_reason or "", each.digest)
        for each in msgspec.convert(document, _Exceptions).exceptions
    ]  # fmt: skip
    columns = ("skill", "state", "rules", "requested by", "because", "granted by", "because", "digest")
    empty = "no exceptions; `tidegate skill exception request PATH --reason WHY` asks for one"
    emit_table("exceptions", columns, rows, empty=empty)


def _package(path: PackagePath, limits: PackageLimits) -> SkillPackage:
    """The package, or exit 1 with why it is none."""
    inspection = run(asyncio.to_thread(inspect_path, path, limits))
    if inspection.package is None:
        complain(path, inspection)
        raise typer.Exit(1)
    return inspection.package
