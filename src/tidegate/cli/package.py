"""A package on disk, as commands read and refuse it."""

import stat
import sys
from pathlib import Path
from typing import Annotated

import typer

from tidegate.domain.errors import InvalidInput
from tidegate.registry.validate import DEFAULT_LIMITS, Inspection, inspect_folder, inspect_zip

PackagePath = Annotated[Path, typer.Argument(metavar="PATH", help="A skill's folder, or a zip of it.")]


def inspect_path(path: Path) -> Inspection:
    """Judge the folder or zip; raises InvalidInput where it cannot be read."""
    if path.is_dir():
        return inspect_folder(path)
    try:
        return inspect_zip(_read_file(path))
    except OSError as error:
        raise InvalidInput(
            f"{path}: cannot be read ({error.strerror}); give a skill's folder or zip"
        ) from error


def _read_file(path: Path) -> bytes:
    """The file's bytes, or one more than a zip may have: enough to find it too large."""
    if not stat.S_ISREG(path.stat().st_mode):
        raise InvalidInput(f"{path}: is a device, pipe or socket; give a skill's folder or zip")
    with path.open("rb") as file:
        return file.read(DEFAULT_LIMITS.zip_bytes + 1)


def complain(path: Path, inspection: Inspection) -> None:
    """Say on stderr why the package is refused, a line for each finding."""
    count = len(inspection.findings)
    sys.stderr.write(f"tidegate: {path} is refused, {count} {'finding' if count == 1 else 'findings'}:\n")
    for finding in inspection.findings:
        sys.stderr.write(f"  {finding}\n")
