"""Runs in the sandbox, as a skill's script would, and prints as JSON what does not hold it, by check.

It stands alone: nothing but the standard library is there. Its argument is what to expect, as JSON.
"""

import ctypes
import errno
import json
import os
import resource
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypedDict

_CALLS = {  # by machine: unshare, mount, ptrace, keyctl, io_uring_setup, bpf, perf_event_open, userfaultfd
    "x86_64": (272, 165, 101, 250, 425, 321, 298, 323),
    "aarch64": (97, 40, 117, 219, 425, 280, 241, 282),
}
_EVERY_CAPABILITY = ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")
_ROOT = {"bin", "dev", "etc", "lib", "lib32", "lib64", "proc", "skill", "tmp", "usr", "work"}
_VARIABLES = {"PATH", "HOME", "TMPDIR", "LANG", "LC_CTYPE", "PWD", "PYTHONDONTWRITEBYTECODE"}


class Expected(TypedDict):
    """What the sandbox was told: whether the user is to be one of its own, limits, and what is at the top."""

    own_user: bool
    work: int
    processes: int
    limits: dict[str, int]
    roots: list[str]


def status() -> dict[str, str]:
    lines = Path("/proc/self/status").read_text().splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def user(expected: Expected) -> str:
    inside, outside, count = map(int, Path("/proc/self/uid_map").read_text().split())
    if (os.getuid(), inside, count) != (1000, 1000, 1):
        return f"it is uid {os.getuid()} with the map {inside} {outside} {count}"
    return "it is the machine's root outside" if expected["own_user"] and outside == 0 else ""


def capabilities(expected: Expected) -> str:
    held = [name for name in _EVERY_CAPABILITY if int(status()[name], 16)]
    return f"it has some: {', '.join(held)}" if held else ""


def seccomp(expected: Expected) -> str:
    said = status()
    if said["NoNewPrivs"] != "1" or said["Seccomp"] != "2":
        return f"no_new_privs is {said['NoNewPrivs']}, seccomp {said['Seccomp']}"
    libc = ctypes.CDLL(None, use_errno=True)
    done = [
        number
        for number in _CALLS[os.uname().machine]
        if libc.syscall(number, 0, 0, 0, 0, 0) != -1 or ctypes.get_errno() != errno.EPERM
    ]
    return f"system calls are not refused: {done}" if done else ""


def environment(expected: Expected) -> str:
    entries = Path("/proc/1/environ").read_bytes().split(b"\0")
    first = {entry.partition(b"=")[0].decode() for entry in entries if entry}
    foreign = (first | set(os.environ)) - _VARIABLES
    return f"it sees {', '.join(sorted(foreign))}" if foreign else ""


def processes(expected: Expected) -> str:
    seen = [path.name for path in Path("/proc").iterdir() if path.name.isdecimal()]
    return "" if os.getpid() == 1 and seen == ["1"] else f"it is process {os.getpid()} of {len(seen)}"


def kernel(expected: Expected) -> str:
    for name in ("/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger", "/proc/sys/vm/overcommit_memory"):
        try:
            os.close(os.open(name, os.O_WRONLY))
        except OSError:
            continue
        return f"{name} can be opened for writing"
    return ""


def network(expected: Expected) -> str:
    lines = Path("/proc/self/net/dev").read_text().splitlines()
    interfaces = [line.partition(":")[0].strip() for line in lines if ":" in line]
    if interfaces != ["lo"]:
        return f"it has the interfaces {', '.join(interfaces)}"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as way:
        try:
            way.connect(("192.0.2.1", 53))  # an address for documentation; connecting sends nothing
        except OSError:
            pass
        else:
            return "there is a way to other machines"
    try:
        socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM).close()
    except OSError:
        return ""
    return "it may speak to the host of this virtual machine"


def view(expected: Expected) -> str:
    foreign = {path.name for path in Path("/").iterdir()} - _ROOT - set(expected["roots"])
    return f"it sees {', '.join(sorted(foreign))}" if foreign else ""


def read_only(expected: Expected) -> str:
    mounts = [line.split()[4:6] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    writable = [
        place
        for place, options in mounts
        if "rw" in options.split(",") and place not in ("/work", "/proc") and not place.startswith("/dev/")
    ]
    if writable:
        return f"it may write to {', '.join(writable)}"
    try:
        os.close(os.open(__file__, os.O_WRONLY))
    except OSError:
        return ""
    return "it may change the skill"


def quota(expected: Expected) -> str:
    path = Path("/work/.big")
    with path.open("wb") as big:
        try:
            os.posix_fallocate(big.fileno(), 0, expected["work"] + 1_048_576)
        except OSError:
            return ""
        finally:
            path.unlink()
    return "the work folder takes more than it should"


def limits(expected: Expected) -> str:
    wrong = [
        name
        for name, value in expected["limits"].items()
        if resource.getrlimit(getattr(resource, name)) != (value, value)
    ]
    if wrong:
        return f"not set: {', '.join(wrong)}"
    children: list[int] = []
    hold, release = os.pipe()
    try:
        while len(children) <= expected["processes"]:
            child = os.fork()
            if child == 0:
                os.close(release)
                os.read(hold, 1)
                os._exit(0)
            children.append(child)
    except OSError:
        return ""
    finally:
        os.close(release)
        for child in children:
            os.waitpid(child, 0)
    return f"it started {len(children)} processes"


def crashes(expected: Expected) -> str:
    """A limit of 1 alone keeps the kernel from a program that a dump is piped to; 0 keeps it from files."""
    soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
    for changed in ((0, hard), (hard, hard)):
        try:
            resource.setrlimit(resource.RLIMIT_CORE, changed)
        except (OSError, ValueError):
            continue
        return "it may change the limit of its core dumps"
    try:
        pattern = Path("/proc/sys/kernel/core_pattern").read_text().strip()
    except OSError:
        pattern = "|?"  # what cannot be known may be a program
    if soft == 1 or (soft == 0 and not pattern.startswith(("|", "@"))):
        return ""
    return (
        f"its crash is handled outside, by core_pattern {pattern!r}: RLIMIT_CORE is {soft}, not 1; "
        "let the gateway have a hard limit of 1 byte or more (LimitCORE=1, ulimit -Hc)"
    )


CHECKS: dict[str, Callable[[Expected], str]] = {
    "user": user,
    "capabilities": capabilities,
    "seccomp": seccomp,
    "environment": environment,
    "processes": processes,
    "kernel": kernel,
    "network": network,
    "view": view,
    "read_only": read_only,
    "quota": quota,
    "limits": limits,
    "crashes": crashes,
}


def tried(check: Callable[[Expected], str], expected: Expected) -> str:
    """What is wrong; a check that breaks has not been passed."""
    try:
        return check(expected)
    except Exception as broken:
        return f"{type(broken).__name__}: {broken}"


def main(expected: Expected) -> None:
    """Every check, then what the outside looks at: a file and a link in the work folder."""
    found = {name: tried(check, expected) for name, check in CHECKS.items()}
    Path("kept.txt").write_text("kept")
    Path("led-out.txt").symlink_to("/proc/self/status")
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
