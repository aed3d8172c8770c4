"""What a script is run by, and what of the machine it sees for that."""

import os
import stat
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from tidegate.adapters.sandbox.unfit import SandboxUnfit
from tidegate.domain.script import ScriptRun
from tidegate.ports import ScriptRefused

_SYSTEM = ("/usr/bin", "/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/libexec", "/usr/share")
_LINKED = ("/bin", "/lib", "/lib32", "/lib64")
_SETTINGS = ("/etc/alternatives", "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d")

_BY_SUFFIX = {
    ".py": "python3",
    ".sh": "sh",
    ".bash": "bash",
    ".js": "node",
    ".mjs": "node",
    ".cjs": "node",
    ".pl": "perl",
    ".rb": "ruby",
}
_KNOWN = frozenset(_BY_SUFFIX.values())
_OPTIONS = {"python3": ("-E", "-s", "-B")}
"""Python takes nothing from its environment and no packages from a home."""


@dataclass(frozen=True, slots=True)
class Runtime:
    """Python and the system's programs; `binds` are (option, path) for bubblewrap, `links` (target, path)."""

    python: Path
    binds: tuple[Path, ...]
    links: tuple[tuple[str, str], ...]

    def command(self, run: ScriptRun, skill: str) -> list[str]:
        """The script's command line; raises ScriptRefused for one that nothing here runs."""
        name = _interpreter(run)
        program = self._program(name)
        if program is None:
            raise ScriptRefused(f"{run.script} needs {name}, which is not installed where scripts run")
        return [program, *_OPTIONS.get(name, ()), f"{skill}/{run.script}", *run.arguments]

    def _program(self, name: str) -> str | None:
        if name == "python3":
            return str(self.python)
        path = Path("/usr/bin", name)
        return str(path) if path.exists() else None


def find_runtime(configured: str, *, stranger: bool) -> Runtime:
    """The runtime; with `stranger` only what anybody on the machine may read. Raises SandboxUnfit."""
    python = _python(configured, stranger)
    prefix = _prefix(python)
    system = [Path(path) for path in _SYSTEM if Path(path).is_dir()]
    own = [part for part in _own(prefix, system) if part.is_dir()]
    real = [Path(path) for path in _LINKED if Path(path).is_dir() and not Path(path).is_symlink()]
    settings = [Path(path) for path in _SETTINGS if Path(path).exists()]
    links = tuple((str(Path(path).readlink()), path) for path in _LINKED if Path(path).is_symlink())
    return Runtime(python, (*system, *own, *real, *settings), links)


def _python(configured: str, stranger: bool) -> Path:
    if configured:
        candidates: Sequence[Path] = (Path(configured),)
    else:
        version = f"python{sys.version_info.major}.{sys.version_info.minor}"
        candidates = (
            Path(sys.base_prefix) / "bin" / version,
            Path("/usr/bin/python3"),
            Path("/usr/local/bin/python3"),
        )
    for candidate in candidates:
        if os.access(candidate, os.X_OK) and (not stranger or _anybody_may_run(candidate.resolve())):
            return candidate.resolve()
    looked = ", ".join(map(str, candidates))
    raise SandboxUnfit(
        f"no Python that the user of a script may run (looked at {looked}): install the system's python3, "
        "or set sandbox.python to one outside private folders"
    )


def _own(prefix: Path, system: Sequence[Path]) -> Sequence[Path]:
    """What a Python needs beside the system's folders; `/usr/local` and what lies there is none of these."""
    if prefix == Path("/usr") or any(prefix.is_relative_to(path) for path in system):
        return ()
    return [prefix / part for part in ("bin", "lib", "lib64")]


def _prefix(python: Path) -> Path:
    return python.parent.parent


def _anybody_may_run(program: Path) -> bool:
    return bool(program.stat().st_mode & stat.S_IXOTH) and all(
        folder.stat().st_mode & stat.S_IXOTH for folder in program.parents
    )


def _interpreter(run: ScriptRun) -> str:
    """By the file's suffix, else by its first line."""
    by_suffix = _BY_SUFFIX.get(PurePosixPath(run.script).suffix.lower())
    if by_suffix is not None:
        return by_suffix
    first = run.files[run.script][:200].partition(b"\n")[0].decode(errors="replace")
    words = first.removeprefix("#!").split() if first.startswith("#!") else []
    names = [os.path.basename(word) for word in words[:2]]  # noqa: PTH119 (a name in a text, no path here)
    named = names[1] if names[:1] == ["env"] and len(names) > 1 else (names or [""])[0]
    named = "python3" if named.startswith("python") else named
    if named in _KNOWN:
        return named
    suffixes = ", ".join(_BY_SUFFIX)
    raise ScriptRefused(
        f"{run.script} is no script that runs here: its name ends in one of {suffixes}, or its first "
        "line names the interpreter"
    )
