"""A package on disk, as commands read and refuse it."""

import asyncio
import os
import stat
import sys
from pathlib import Path
from typing import Annotated

import typer

from tidegate.bootstrap.packages import WIDEST, package_limits
from tidegate.cli.output import run
from tidegate.config import load
from tidegate.domain.errors import InvalidInput
from tidegate.domain.skill import SkillPackage
from tidegate.registry.limits import PackageLimits
from tidegate.registry.validate import Inspection, inspect_folder, inspect_zip

PackagePath = Annotated[Path, typer.Argument(metavar="PATH", help="A skill's folder, or a zip of it.")]


def limits_here() -> PackageLimits:
    """Those of the configuration that this command reads."""
    return package_limits(load().settings)


def limits_there() -> PackageLimits:
    """Those of the installation that is about to judge: where that is not here, whatever it may have set."""
    return WIDEST if os.environ.get("TIDEGATE_URL") else limits_here()


def inspect_path(path: Path, limits: PackageLimits) -> Inspection:
    """Judge the folder or zip; raises InvalidInput where it cannot be read."""
    if path.is_dir():
        return inspect_folder(path, limits)
    if path.name == "SKILL.md" and path.is_file():
        raise InvalidInput(f"{path}: is one file of a skill; give the folder it lies in: {path.parent}")
    try:
        return inspect_zip(_read_file(path, limits.zip_bytes), limits)
    except OSError as error:
        raise InvalidInput(
            f"{path}: cannot be read ({error.strerror}); give a skill's folder or zip"
        ) from error


def _read_file(path: Path, most: int) -> bytes:
    """The file's bytes, or one more than a zip may have: enough to find it too large."""
    if not stat.S_ISREG(path.stat().st_mode):
        raise InvalidInput(f"{path}: is a device, pipe or socket; give a skill's folder or zip")
    with path.open("rb") as file:
        return file.read(most + 1)


def complain(path: Path, inspection: Inspection) -> None:
    """Say on stderr why the package is refused, a line for each finding."""
    count = len(inspection.findings)
    sys.stderr.write(f"tidegate: {path} is refused, {count} {'finding' if count == 1 else 'findings'}:\n")
    for finding in inspection.findings:
        sys.stderr.write(f"  {finding}\n")


def package_at(path: Path, limits: PackageLimits) -> SkillPackage:
    """The package in the folder or zip, or exit 1 with why it is none."""
    inspection = run(asyncio.to_thread(inspect_path, path, limits))
    if inspection.package is None:
        complain(path, inspection)
        raise typer.Exit(1)
    return inspection.package
