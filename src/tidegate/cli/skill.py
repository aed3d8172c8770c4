"""`tidegate skill`: validate a package where it lies; publish and read; what its siblings do."""

import asyncio
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

import msgspec
import typer

from tidegate.cli.call import call
from tidegate.cli.options import AsJson, DryRun, Reason, tell
from tidegate.cli.output import emit_json, emit_table, run, say
from tidegate.cli.package import PackagePath, complain, inspect_path, limits_here, limits_there
from tidegate.cli.scan_judgement import judge_here
from tidegate.cli.skill_capabilities import capabilities, lines_of
from tidegate.cli.skill_exception import exceptions
from tidegate.cli.skill_match import NO_SKILL, match
from tidegate.cli.skill_scan import scan
from tidegate.cli.skill_suggest import suggest
from tidegate.cli.skill_versions import deprecate, diff, download, revoke, versions
from tidegate.domain.skill import FileEntry
from tidegate.registry.archive import files_of
from tidegate.registry.capabilities.derive import capabilities_of
from tidegate.registry.describe import describe_package
from tidegate.registry.validate import Inspection

app = typer.Typer(
    no_args_is_help=True, help="Skills: validate, scan, publish, list, revoke, sync, match and more."
)
app.command()(match)
app.command()(suggest)
app.command()(scan)
for command in (versions, capabilities, diff, download, deprecate, revoke):
    app.command()(command)
app.add_typer(exceptions, name="exception")


class _Version(msgspec.Struct, kw_only=True):
    """A version as the control API answers it."""

    name: str
    version: int
    digest: str
    state: str
    description: str
    created_at: str
    created_by: str
    match: list[str]
    files: list[FileEntry]


class _Sync(msgspec.Struct, kw_only=True):
    """Where a version is at a provider."""

    upstream: str
    tenant: str
    skill_id: str
    version_id: str


class _Synced(_Sync, kw_only=True):
    name: str
    version: int
    uploaded: bool


class _Shown(_Version, kw_only=True):
    mode: str
    synced: list[_Sync]


class _Opinion(msgspec.Struct, kw_only=True):
    """A finding of a second scanner."""

    rule: str
    severity: str
    path: str
    line: int | None
    title: str


class _Published(_Version, kw_only=True):
    created: bool
    second_opinion: list[_Opinion] | None = None


class _Versions(msgspec.Struct):
    skills: list[_Version]


@app.command()
def validate(path: PackagePath, as_json: AsJson = False) -> None:
    """Judge a package by the limits and the scanner set on this machine; exit 1 with every finding.

    Without TIDEGATE_URL that is what publishing does; else the gateway there judges by its own settings.
    """
    inspection = run(asyncio.to_thread(lambda: inspect_path(path, limits_here())))
    package = inspection.package
    judgement = None if package is None else run(judge_here().judged(package))
    if as_json:
        scanned = {} if judgement is None else judgement.document()
        emit_json(_judgement(path, inspection) | scanned)
    if package is None or judgement is None:
        complain(path, inspection)
        raise typer.Exit(1)
    if not as_json:
        judgement.tell()
    if judgement.blocking:
        raise typer.Exit(1)
    if not as_json:
        count = len(package.files)
        files = f"{count} {'file' if count == 1 else 'files'}"
        say(f"{package.manifest.name} is valid: {files}, {package.digest}")
        for line in lines_of(capabilities_of(files_of(package.archive))):
            say(f"its scripts use {line}")


@app.command()
def publish(path: PackagePath, reason: Reason, as_json: AsJson = False, dry_run: DryRun = False) -> None:
    """Publish a package as the skill's next version; the same content again is the version it has."""
    inspection = run(asyncio.to_thread(lambda: inspect_path(path, limits_there())))
    package = inspection.package
    if package is None:
        complain(path, inspection)
        raise typer.Exit(1)
    document = run(
        call("POST", "/api/skills", content=package.archive, params={"reason": reason}, dry_run=dry_run)
    )
    version = msgspec.convert(document, _Published)
    how = "published" if version.created else "unchanged, already published"
    if not as_json:
        for each in version.second_opinion or ():
            place = f"{each.path}:{each.line}" if each.line else each.path
            say(f"second opinion: {place}: {each.severity} {each.rule}: {each.title}")
    tell(document, f"{version.name} version {version.version} {how}: {version.digest}", as_json=as_json)


@app.command("list")
def list_skills(as_json: AsJson = False) -> None:
    """List every version of every skill."""
    document = run(call("GET", "/api/skills"))
    if as_json:
        emit_json(document)
        return
    rows = [
        (skill.name, str(skill.version), skill.state, skill.created_at, skill.created_by, skill.digest[:19])
        for skill in msgspec.convert(document, _Versions).skills
    ]
    emit_table("skills", ("name", "version", "state", "created", "by", "digest"), rows, empty=NO_SKILL)


@app.command()
def get(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The skill's name.")],
    version: Annotated[int | None, typer.Option("--version", min=1, help="Default: the latest.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show one version of a skill: the latest that can be served, or the numbered one."""
    params = None if version is None else {"version": str(version)}
    document = run(call("GET", f"/api/skills/{quote(name, safe='')}", params=params))
    if as_json:
        emit_json(document)
        return
    found = msgspec.convert(document, _Shown)
    say(f"{found.name} version {found.version} ({found.state}, {found.mode}) {found.digest}")
    say(f"created {found.created_at} by {found.created_by}")
    say(found.description)
    for pattern in found.match:
        say(f"match: {pattern}")
    for sync in found.synced:
        whose = f" (workspace of the tenant {sync.tenant})" if sync.tenant else ""
        say(f"synced to {sync.upstream}{whose}: {sync.skill_id} version {sync.version_id}")
    emit_table(
        "files", ("path", "bytes"), [(file.path, str(file.size)) for file in found.files], empty="no files"
    )


@app.command()
def sync(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The skill's name.")],
    reason: Reason,
    version: Annotated[int | None, typer.Option("--version", min=1, help="Default: the latest.")] = None,
    *,
    upstream: Annotated[str, typer.Option("--upstream", help="Which upstream's provider.")] = "default",
    tenant: Annotated[
        str, typer.Option("--tenant", help="Into the workspace of this tenant's own credential.")
    ] = "",
    as_json: AsJson = False,
    dry_run: DryRun = False,
) -> None:
    """Upload a native skill's version to a provider; what is there already is left as it is."""
    body = {"version": version, "upstream": upstream, "tenant": tenant, "reason": reason}
    document = run(call("POST", f"/api/skills/{quote(name, safe='')}/sync", json=body, dry_run=dry_run))
    done = msgspec.convert(document, _Synced)
    how = "synced" if done.uploaded else "is already there"
    named = f"{done.skill_id} version {done.version_id} " if done.skill_id else ""
    there = f"{named}at the upstream {done.upstream}"
    there += f", workspace of the tenant {done.tenant}" if done.tenant else ""
    tell(document, f"{done.name} version {done.version} {how}: {there}", as_json=as_json)


def _judgement(path: Path, inspection: Inspection) -> dict[str, object]:
    verdict: dict[str, object] = {"path": str(path), "valid": inspection.package is not None}
    if inspection.package is not None:
        verdict |= describe_package(inspection.package)
        uses = capabilities_of(files_of(inspection.package.archive))
        verdict["capabilities"] = [msgspec.to_builtins(use) for use in uses]
    return verdict | {"findings": [finding.document() for finding in inspection.findings]}
