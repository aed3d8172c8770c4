"""Limits that hold for all of a run's processes together: a control group for each place of the pool."""

import fcntl
import logging
import os
import re
import secrets
import signal
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_log = logging.getLogger("tidegate.sandbox")

MOUNT = Path("/sys/fs/cgroup")
PREFIX = "tidegate-place-"
CONTROLLERS = ("memory", "pids", "cpu")
_PERIOD = 100_000

_ATTEMPTS = 2
"""Another process that starts just now may sweep a group before it is locked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shares:
    """What one run may use: bytes, processes, processors."""

    memory: int
    processes: int
    cpus: float


class Group:
    """The control group of one place, or several where each controller has a tree of its own (version 1)."""

    def __init__(self, folders: Mapping[str, Path], shares: Shares) -> None:
        """Raises OSError where it cannot be made or set."""
        self._folders = folders
        self._locks: list[int] = []
        try:
            for folder in dict.fromkeys(folders.values()):
                folder.mkdir()
                self._locks.append(os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC))
                fcntl.flock(self._locks[-1], fcntl.LOCK_EX | fcntl.LOCK_NB)  # so that nobody sweeps it
            for controller, folder in folders.items():
                _set(controller, folder, shares)
        except OSError:
            self.remove()
            raise

    def admit(self, pid: int) -> None:
        """Put a process in; raises OSError."""
        for folder in dict.fromkeys(self._folders.values()):
            (folder / "cgroup.procs").write_text(str(pid))

    def killed_for_memory(self) -> int:
        """How many processes the kernel has killed in it for want of memory."""
        folder = self._folders.get("memory")
        if folder is None:
            return 0
        for name in ("memory.events", "memory.oom_control"):
            with suppress(OSError):
                found = re.search(r"^oom_kill (\d+)$", (folder / name).read_text(), re.MULTILINE)
                if found is not None:
                    return int(found[1])
        return 0

    def remove(self) -> None:
        """Remove it; one that still has a process is logged and left to the next start."""
        for folder in dict.fromkeys(self._folders.values()):
            _kill_all(folder)
            try:
                folder.rmdir()
            except FileNotFoundError:
                continue
            except OSError as wrong:
                _log.warning("a control group stays behind", extra={"folder": str(folder), "why": str(wrong)})
        while self._locks:
            os.close(self._locks.pop())


class Groups:
    """Where this process may make control groups, and for which controllers."""

    def __init__(self, parents: Mapping[str, Path]) -> None:
        self.parents = parents
        for parent in dict.fromkeys(parents.values()):
            _sweep(parent)

    @property
    def controllers(self) -> Sequence[str]:
        """Those whose limits hold."""
        return tuple(self.parents)

    def make(self, place: int, shares: Shares) -> Group:
        """The group of a place; raises OSError."""
        for _ in range(_ATTEMPTS - 1):
            with suppress(OSError):
                return self._make(place, shares)
        return self._make(place, shares)

    def _make(self, place: int, shares: Shares) -> Group:
        name = f"{PREFIX}{os.getpid()}-{secrets.token_hex(4)}-{place}"
        return Group({controller: parent / name for controller, parent in self.parents.items()}, shares)


def find_groups(mount: Path = MOUNT, own: Path = Path("/proc/self/cgroup")) -> Groups:
    """The controllers that this process may use below its own group, by version 2 or 1; else none."""
    try:
        lines = own.read_text().splitlines()
    except OSError:
        return Groups({})
    paths = {names: path for _, names, path in (line.split(":", 2) for line in lines)}
    unified = mount / paths.get("", "/").lstrip("/")
    if (mount / "cgroup.controllers").exists():
        return Groups(_delegated(unified))
    parents: dict[str, Path] = {}
    for names, path in paths.items():
        for controller in set(names.split(",")) & set(CONTROLLERS):
            folder = mount / controller / path.lstrip("/")
            if os.access(folder / "cgroup.procs", os.W_OK):
                parents[controller] = folder
    return Groups({name: parents[name] for name in CONTROLLERS if name in parents})


def _delegated(own: Path) -> dict[str, Path]:
    """Version 2: a group that has processes hands no controllers down, so its parent is tried as well."""
    for parent in (own, own.parent):
        if not os.access(parent / "cgroup.subtree_control", os.W_OK):
            continue
        offered = set((parent / "cgroup.controllers").read_text().split()) & set(CONTROLLERS)
        with suppress(OSError):
            (parent / "cgroup.subtree_control").write_text(" ".join(f"+{name}" for name in sorted(offered)))
        handed = set((parent / "cgroup.subtree_control").read_text().split())
        usable = {name: parent for name in CONTROLLERS if name in handed}
        if usable:
            return usable
    return {}


def _set(controller: str, folder: Path, shares: Shares) -> None:
    """Set a controller's limits by the files that there are: those of version 2, or of 1."""
    quota = int(shares.cpus * _PERIOD)
    wanted: dict[str, Sequence[tuple[str, str]]] = {
        "memory": (
            ("memory.max", str(shares.memory)),
            ("memory.swap.max", "0"),
            ("memory.limit_in_bytes", str(shares.memory)),
            ("memory.memsw.limit_in_bytes", str(shares.memory)),
        ),
        "pids": (("pids.max", str(shares.processes)),),
        "cpu": (("cpu.max", f"{quota} {_PERIOD}"), ("cpu.cfs_quota_us", str(quota))),
    }
    there = [(folder / name, value) for name, value in wanted[controller] if (folder / name).exists()]
    if not there:
        raise OSError(f"{folder}: the kernel offers no limit of {controller} here")
    for path, value in there:
        path.write_text(value)


def _sweep(parent: Path) -> None:
    """Remove the groups of processes that are dead, with whatever still runs in them.

    A process that cannot be seen may live in another container: nobody holds a dead one's lock.
    """
    for folder in parent.glob(f"{PREFIX}*"):
        try:
            handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError:
            continue  # gone by now
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _kill_all(folder)
            folder.rmdir()
        except OSError:
            continue  # its process lives, or what was killed is still on its way out
        finally:
            os.close(handle)


def _kill_all(folder: Path) -> None:
    """By the kernel at once where it can (version 2); else one by one, but for those it calls 0.

    These are of another PID namespace, and a signal to 0 would go to this process's own group.
    """
    with suppress(OSError):
        if (folder / "cgroup.kill").exists():
            (folder / "cgroup.kill").write_text("1")
            return
    with suppress(OSError):
        for pid in map(int, (folder / "cgroup.procs").read_text().split()):
            if pid > 0:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
