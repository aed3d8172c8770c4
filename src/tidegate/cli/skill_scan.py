"""`tidegate skill scan`: what the scanner finds in a package."""

from pathlib import Path
from typing import Annotated

import typer

from tidegate.cli.options import AsJson
from tidegate.cli.output import emit_json, run, say
from tidegate.cli.package import limits_here, package_at
from tidegate.cli.scan_judgement import judge_here
from tidegate.cli.skill_rescan import scan_stored


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
    package = package_at(path, limits_here())
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
