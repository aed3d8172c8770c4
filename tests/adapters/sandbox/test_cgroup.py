"""Control groups by the files of either version, on a tree that is none of the kernel's."""

import os
import shutil
import signal
from pathlib import Path

import pytest

from tidegate.adapters.sandbox import cgroup
from tidegate.adapters.sandbox.cgroup import Groups, Shares, find_groups

SHARES = Shares(memory=1_000_000, processes=8, cpus=0.5)
FILES = {
    1: ("memory.limit_in_bytes", "memory.oom_control", "pids.max", "cpu.cfs_quota_us", "cgroup.procs"),
    2: ("memory.max", "memory.swap.max", "memory.events", "pids.max", "cpu.max", "cgroup.procs"),
}


@pytest.fixture(params=[1, 2])
def version(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """Folders have their files as soon as they are made, and go with them, as the kernel's do."""
    number: int = request.param
    make = Path.mkdir

    def made(self: Path, *arguments: object, **named: object) -> None:
        make(self, *arguments, **named)
        if self.name.startswith(cgroup.PREFIX):
            for name in FILES[number]:
                (self / name).write_text("")

    write = Path.write_text

    def written(self: Path, text: str) -> int:
        return write(self, text.replace("+", "") if self.name == "cgroup.subtree_control" else text)

    monkeypatch.setattr(Path, "mkdir", made)
    monkeypatch.setattr(Path, "write_text", written)
    monkeypatch.setattr(Path, "rmdir", shutil.rmtree)
    return number


@pytest.fixture
def killed(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    calls: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "kill", lambda pid, number: calls.append((pid, number)))
    return calls


def tree(folder: Path, version: int) -> Groups:
    """What is found where a process is in `/own`."""
    own = folder / "own.txt"
    if version == 2:
        (folder / "own").mkdir()
        (folder / "cgroup.controllers").write_text("cpu memory pids")
        (folder / "own" / "cgroup.controllers").write_text("cpu memory pids io")
        (folder / "own" / "cgroup.subtree_control").write_text("")
        own.write_text("0::/own\n")
    else:
        for name in ("memory", "pids", "cpu"):
            (folder / name / "own").mkdir(parents=True)
            (folder / name / "own" / "cgroup.procs").write_text("")
        own.write_text("4:memory:/own\n3:pids:/own\n2:cpu,cpuacct:/own\n1:name=systemd:/own\n")
    return find_groups(folder, own)


def test_a_group_has_its_limits_and_goes(tmp_path: Path, version: int, killed: list[tuple[int, int]]) -> None:
    groups = tree(tmp_path, version)
    assert set(groups.controllers) == {"memory", "pids", "cpu"}
    group = groups.make(0, SHARES)
    folders = [found for parent in groups.parents.values() for found in parent.glob(f"{cgroup.PREFIX}*")]
    said = {
        path.name: path.read_text() for folder in folders for path in folder.iterdir() if path.read_text()
    }
    assert said["pids.max"] == "8"
    assert said["memory.max" if version == 2 else "memory.limit_in_bytes"] == "1000000"
    assert said["cpu.max" if version == 2 else "cpu.cfs_quota_us"].startswith("50000")
    group.remove()
    assert not any(folder.exists() for folder in folders)
    assert killed == []


def test_a_process_of_another_pid_namespace_is_no_reason_to_kill_this_ones_group(
    tmp_path: Path, version: int, killed: list[tuple[int, int]]
) -> None:
    groups = tree(tmp_path, version)
    group = groups.make(0, SHARES)
    for parent in groups.parents.values():
        for folder in parent.glob(f"{cgroup.PREFIX}*"):
            (folder / "cgroup.procs").write_text("0\n4242\n0\n")
    group.remove()
    assert set(killed) == {(4242, signal.SIGKILL)}


def test_the_kernel_kills_where_it_can(tmp_path: Path, killed: list[tuple[int, int]]) -> None:
    folder = tmp_path / f"{cgroup.PREFIX}1"
    folder.mkdir()
    (folder / "cgroup.procs").write_text("0\n4242\n")
    (folder / "cgroup.kill").write_text("")
    cgroup._kill_all(folder)
    assert ((folder / "cgroup.kill").read_text(), killed) == ("1", [])


def test_a_sweep_takes_the_groups_that_nobody_holds(
    tmp_path: Path, version: int, killed: list[tuple[int, int]]
) -> None:
    groups = tree(tmp_path, version)
    group = groups.make(0, SHARES)
    parents = set(groups.parents.values())
    for parent in parents:
        (parent / f"{cgroup.PREFIX}999999999-0").mkdir()
        (parent / f"{cgroup.PREFIX}{os.getpid()}-0").mkdir()  # of a dead process that had this one's id
    Groups(groups.parents)
    left = [found.name for parent in parents for found in parent.glob(f"{cgroup.PREFIX}*")]
    assert len(left) == len(parents)
    assert len(set(left)) == 1
    assert left[0].startswith(f"{cgroup.PREFIX}{os.getpid()}-")
    group.remove()


def test_where_there_is_nothing_to_set_no_group_stays(tmp_path: Path) -> None:
    groups = Groups({"memory": tmp_path})
    with pytest.raises(OSError, match="the kernel offers no limit of"):
        groups.make(0, SHARES)
    assert list(tmp_path.iterdir()) == []


def test_two_groups_of_a_place_never_meet(
    tmp_path: Path, version: int, killed: list[tuple[int, int]]
) -> None:
    groups = tree(tmp_path, version)
    first, second = groups.make(0, SHARES), groups.make(0, SHARES)
    first.remove()
    assert all(list(parent.glob(f"{cgroup.PREFIX}*")) for parent in groups.parents.values())
    second.remove()
