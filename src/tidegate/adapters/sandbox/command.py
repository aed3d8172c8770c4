"""The command line of bubblewrap for one run."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tidegate.adapters.sandbox.guards import Guard
from tidegate.adapters.sandbox.runtime import Runtime

SKILL, WORK, SPARE = "/skill", "/work", "/work/.tmp"
"""Where a script finds its skill, where it works, and what is `/tmp` to it."""

GATE = "/dev/.gate"
"""The last file that bubblewrap writes before it starts the script, from a pipe that the launcher holds."""

INSIDE = 1000
"""The uid and gid that a script sees as its own."""

_NAMESPACES = ("--unshare-user", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup")
_DEVICES = ("null", "zero", "full", "random", "urandom")
_ENVIRONMENT = {
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "HOME": WORK,
    "TMPDIR": SPARE,
    "LANG": "C.UTF-8",
    "PYTHONDONTWRITEBYTECODE": "1",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Descriptors:
    """What bubblewrap inherits, by number."""

    gate: int
    info: int
    seccomp: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """What all runs of a sandbox share; `own` maps what lies in the folder of settings made for scripts."""

    bwrap: Path
    runtime: Runtime
    etc: Path
    work_bytes: int
    guards: frozenset[Guard]
    shared_work: Path | None = None
    """In place of the fresh work folder, where that guard is taken away."""


def command_line(
    layout: Layout, descriptors: Descriptors, skill: Path, entries: Sequence[str], script: Sequence[str]
) -> list[str]:
    """All of it; `entries` are what the skill has at its top."""
    return [
        str(layout.bwrap),
        *_held(layout.guards),
        *_view(layout),
        *_skill(layout, skill, entries),
        *("--file", str(descriptors.gate), GATE, "--remount-ro", "/dev"),
        *(("--remount-ro", "/") if Guard.QUOTA in layout.guards else ()),
        *("--chdir", WORK, "--info-fd", str(descriptors.info)),
        *(("--seccomp", str(descriptors.seccomp)) if Guard.SECCOMP in layout.guards else ()),
        "--",
        *script,
    ]


def _held(guards: frozenset[Guard]) -> list[str]:
    """Namespaces and what a process may do in them."""
    optional = {
        Guard.PROCESSES: "--unshare-pid",
        Guard.NETWORK: "--unshare-net",
        Guard.USER_NAMESPACES: "--disable-userns",
        Guard.OWN_INIT: "--as-pid-1",
    }
    identity = ("--uid", str(INSIDE), "--gid", str(INSIDE), "--hostname", "skill")
    environment = [word for name, value in _ENVIRONMENT.items() for word in ("--setenv", name, value)]
    return [
        *_NAMESPACES,
        *(option for guard, option in optional.items() if guard in guards),
        *identity,
        *("--new-session", "--die-with-parent", "--cap-drop", "ALL"),
        *(("--clearenv",) if Guard.CLEARED_ENVIRONMENT in guards else ()),
        *environment,
    ]


def _view(layout: Layout) -> list[str]:
    """The runtime, settings made for scripts, devices that give nothing away."""
    runtime = layout.runtime
    binds = [word for path in runtime.binds for word in ("--ro-bind", str(path), str(path))]
    links = [word for target, path in runtime.links for word in ("--symlink", target, path)]
    devices = [word for name in _DEVICES for word in ("--dev-bind", f"/dev/{name}", f"/dev/{name}")]
    streams = [
        word
        for name, number in (("fd", ""), ("stdin", "/0"), ("stdout", "/1"), ("stderr", "/2"))
        for word in ("--symlink", f"/proc/self/fd{number}", f"/dev/{name}")
    ]
    made = [
        word
        for path in sorted(layout.etc.iterdir())
        for word in ("--ro-bind", str(path), f"/etc/{path.name}")
    ]
    return [
        *("--proc", "/proc", "--tmpfs", "/dev", *devices, *streams),
        *binds,
        *links,
        *made,
        *("--symlink", SPARE, "/dev/shm"),  # noqa: S108 (a name within the sandbox, where nobody else is)
        *_temporary(layout),
    ]


def _temporary(layout: Layout) -> list[str]:
    """The work folder's own; without the guard, what no run is shown: where all skills are laid out."""
    if Guard.VIEW in layout.guards:
        return ["--symlink", SPARE, "/tmp"]  # noqa: S108 (as above)
    return ["--ro-bind", str(layout.etc.parents[1]), str(layout.etc.parents[1])]


def _skill(layout: Layout, skill: Path, entries: Sequence[str]) -> list[str]:
    """The skill's own files, and the work folder with links to them: relative paths hold."""
    bind = "--ro-bind" if Guard.READ_ONLY in layout.guards else "--bind"
    size = ("--size", str(layout.work_bytes)) if Guard.QUOTA in layout.guards else ()
    work = (*size, "--tmpfs", WORK)
    if Guard.FRESH_WORK not in layout.guards:
        return [bind, str(skill), SKILL, "--bind", str(layout.shared_work), WORK, "--dir", SPARE]
    linked = [name for name in entries if f"{WORK}/{name}" != SPARE]  # the skill's own is seen by its path
    names = [word for name in linked for word in ("--symlink", f"{SKILL}/{name}", f"{WORK}/{name}")]
    return [bind, str(skill), SKILL, *work, "--dir", SPARE, *names]
