"""`tidegate skill versions | diff | download | deprecate | revoke`: what is done with published ones."""

import asyncio
import hashlib
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

import msgspec
import typer

from tidegate.cli.call import call, session
from tidegate.cli.options import AsJson, DryRun, Reason, tell
from tidegate.cli.output import emit_json, emit_table, run, say
from tidegate.cli.skill_capabilities import lines_of
from tidegate.domain.capability import Use
from tidegate.domain.errors import InvalidInput, NotFound

Name = Annotated[str, typer.Argument(metavar="NAME", help="The skill's name.")]
Number = Annotated[int, typer.Argument(metavar="VERSION", min=1, help="The version's number.")]


class StoredVersion(msgspec.Struct):
    """A version as the control API answers it."""

    name: str
    version: int
    digest: str
    state: str
    created_at: str
    created_by: str


class _Versions(msgspec.Struct):
    skills: list[StoredVersion]


class _Diff(msgspec.Struct):
    before: int
    after: int
    added: list[str]
    removed: list[str]
    changed: list[str]
    fields: dict[str, tuple[object, object]]
    texts: dict[str, list[str]]
    cut: bool
    capabilities_added: list[Use]
    capabilities_removed: list[Use]


def versions(name: Name, as_json: AsJson = False) -> None:
    """List every version of one skill, in any state."""
    found = run(_versions(name))
    if as_json:
        emit_json({"versions": [msgspec.to_builtins(each) for each in found]})
        return
    rows = [(str(each.version), each.state, each.created_at, each.created_by, each.digest) for each in found]
    emit_table(name, ("version", "state", "created", "by", "digest"), rows, empty="none")


def diff(
    name: Name,
    before: Annotated[int, typer.Argument(metavar="BEFORE", min=1, help="The version to come from.")],
    after: Annotated[int, typer.Argument(metavar="AFTER", min=1, help="The version to come to.")],
    as_json: AsJson = False,
) -> None:
    """Show what changed from one version to another: files, frontmatter, what scripts use, lines of text."""
    params = {"before": str(before), "after": str(after)}
    document = run(call("GET", _path(name, "diff"), params=params))
    if as_json:
        emit_json(document)
        return
    found = msgspec.convert(document, _Diff)
    for sign, paths in (("+", found.added), ("-", found.removed), ("~", found.changed)):
        for path in paths:
            say(f"{sign} {path}")
    for field, (was, now) in found.fields.items():
        say(f"{field}: {_shown(was)} -> {_shown(now)}")
    for sign, uses in (("+", found.capabilities_added), ("-", found.capabilities_removed)):
        for line in lines_of(uses):
            say(f"{sign} its scripts use {line}")
    for lines in found.texts.values():
        for line in lines:
            say(line)
    if found.cut:
        say("… further lines are left out; `tidegate skill download` has all of both")
    if not (found.added or found.removed or found.changed):
        say("nothing changed")


def download(
    name: Name,
    version: Annotated[int | None, typer.Option("--version", min=1, help="Default: the latest.")] = None,
    output: Annotated[Path | None, typer.Option("--output", help="Default: NAME-VERSION.zip.")] = None,
) -> None:
    """Write a version's archive to a file that is not there yet, its digest checked."""
    params = None if version is None else {"version": str(version)}
    found = msgspec.convert(run(call("GET", _path(name), params=params)), StoredVersion)
    path = output or Path(f"{name}-{found.version}.zip")
    run(_written(path, found))
    say(f"{name} version {found.version} ({found.state}) is in {path}: {found.digest}")


def deprecate(
    name: Name,
    version: Number,
    reason: Reason,
    *,
    undo: Annotated[bool, typer.Option("--undo", help="Publish it again.")] = False,
    as_json: AsJson = False,
    dry_run: DryRun = False,
) -> None:
    """Let no new rollout take a version as the latest; what serves it goes on."""
    _move(name, version, "published" if undo else "deprecated", reason, as_json=as_json, dry_run=dry_run)


def revoke(
    name: Name, version: Number, reason: Reason, as_json: AsJson = False, dry_run: DryRun = False
) -> None:
    """Never serve a version again, on any replica, whoever serves it now; there is no way back."""
    _move(name, version, "revoked", reason, as_json=as_json, dry_run=dry_run)


def _move(name: str, version: int, state: str, reason: str, *, as_json: bool, dry_run: bool) -> None:
    body = {"version": version, "state": state, "reason": reason}
    document = run(call("POST", _path(name, "state"), json=body, dry_run=dry_run))
    tell(document, f"{name} version {version} is {state}", as_json=as_json)


async def archive_of(name: str, version: int) -> bytes:
    """The canonical archive of a version in any state."""
    async with session() as control:
        pieces = control.stream(_path(name, "archive"), params={"version": str(version)})
        return b"".join([piece async for piece in pieces])


async def stored_versions() -> list[StoredVersion]:
    """Every version of every skill, in any state."""
    return msgspec.convert(await call("GET", "/api/skills"), _Versions).skills


async def _versions(name: str) -> list[StoredVersion]:
    found = [each for each in await stored_versions() if each.name == name]
    if not found:
        raise NotFound(f"there is no skill {name!r}; `tidegate skill list` shows what there is")
    return found


async def _written(path: Path, found: StoredVersion) -> None:
    archive = await archive_of(found.name, found.version)
    if f"sha256:{hashlib.sha256(archive).hexdigest()}" != found.digest:
        raise InvalidInput(
            f"{found.name} version {found.version}: what came is not {found.digest}; try again"
        )
    try:
        await asyncio.to_thread(_write_new, path, archive)
    except OSError as error:
        raise InvalidInput(f"{path}: cannot be written ({error.strerror}); see --output") from error


def _write_new(path: Path, content: bytes) -> None:
    with path.open("xb") as file:
        file.write(content)


def _path(name: str, *below: str) -> str:
    return "/".join(["/api/skills", quote(name, safe=""), *below])


def _shown(value: object) -> str:
    return "(none)" if value is None else msgspec.json.encode(value).decode()
