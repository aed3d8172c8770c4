"""`tidegate skill scan --stored`: today's rules on what was published under those of its day."""

import typer

from tidegate.cli.output import emit_json, run, say
from tidegate.cli.scan_judgement import Judgement, judged
from tidegate.cli.skill_versions import StoredVersion, archive_of, stored_versions
from tidegate.domain.errors import InvalidInput, NotFound
from tidegate.registry.scan.inspect import Scanner
from tidegate.registry.validate import validate_zip

_SERVED = ("published", "deprecated")


def scan_stored(which: str, *, as_json: bool) -> None:
    """Judge the versions that may be served: all, those of NAME, or NAME@VERSION; exit 1 where one blocks."""
    judged_versions = run(_judged(which))
    if as_json:
        emit_json({"versions": [_document(each, judgement) for each, judgement in judged_versions]})
    else:
        for each, judgement in judged_versions:
            blocked = f"{len(judgement.blocking)} findings that block" if judgement.blocking else "passes"
            say(f"{each.name} version {each.version} ({each.state}): {blocked}")
            judgement.tell()
    if any(judgement.blocking for _, judgement in judged_versions):
        raise typer.Exit(1)


async def _judged(which: str) -> list[tuple[StoredVersion, Judgement]]:
    scanner = Scanner()
    return [
        (each, judged(validate_zip(await archive_of(each.name, each.version)), scanner))
        for each in _chosen(await stored_versions(), which)
    ]


def _chosen(versions: list[StoredVersion], which: str) -> list[StoredVersion]:
    name, at, number = which.partition("@")
    if at and not number.isdecimal():
        raise InvalidInput(f"{which!r}: give NAME, or NAME@VERSION with the version's number")
    chosen = [
        each
        for each in versions
        if name in ("", each.name) and (each.version == int(number) if at else each.state in _SERVED)
    ]
    if not chosen and which:
        raise NotFound(f"nothing of {which!r} is stored; `tidegate skill list` shows what there is")
    return chosen


def _document(version: StoredVersion, judgement: Judgement) -> dict[str, object]:
    known = {"name": version.name, "version": version.version, "state": version.state}
    return known | {"digest": version.digest} | judgement.document()
