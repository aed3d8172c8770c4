"""Attacks from within a script: `attacks.py NAME JSON` tries one and prints what came of it.

It stands alone: in the sandbox there is nothing but the standard library.
"""

import ctypes
import json
import os
import signal
import socket
import struct
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypedDict

_CALLS = {  # by machine
    "x86_64": {
        "unshare": 272,
        "mount": 165,
        "ptrace": 101,
        "keyctl": 250,
        "io_uring_setup": 425,
        "userfaultfd": 323,
    },
    "aarch64": {
        "unshare": 97,
        "mount": 40,
        "ptrace": 117,
        "keyctl": 219,
        "io_uring_setup": 425,
        "userfaultfd": 282,
    },
}
_NEW_USER, _NEW_MOUNTS = 0x1000_0000, 0x0002_0000
_WRITABLE = ("/work", "/work/.tmp", "/tmp", "/dev", "/dev/shm", "/run", "/etc", "/", "/skill")  # noqa: S108 (tried)


_FAMILY, _PIECE = 32, 1_048_576


class Given(TypedDict):
    """What the attacker is told of the surroundings: a canary to find, addresses, paths, limits."""

    canary: str
    port: int
    abstract: str
    paths: list[str]
    limit: int
    argv: list[str]


Seen = tuple[bool, str]


def environment(given: Given) -> Seen:
    """The secrets of whoever started this."""
    places = [path / "environ" for path in Path("/proc").iterdir() if path.name.isdecimal()]
    for place in places:
        with suppress(OSError):
            if given["canary"].encode() in place.read_bytes():
                return True, f"the canary is in {place}"
    return given["canary"] in "".join(os.environ.values()), f"{len(places)} environments, no canary"


def loader(given: Given) -> Seen:
    """Programs of another's choice, by what a loader takes from the environment."""
    found = [
        name
        for name in ("LD_PRELOAD", "LD_LIBRARY_PATH", "PYTHONPATH", "PYTHONSTARTUP")
        if name in os.environ
    ]
    return bool(found), f"in the environment: {found}"


def startup_files(given: Given) -> Seen:
    """Modules that Python imports by itself, from where others may write."""
    names = [name for name in ("sitecustomize", "usercustomize") if name in sys.modules]
    files = [str(sys.modules[name].__file__) for name in names]
    return any(file.startswith(("/work", "/skill")) for file in files), f"imported by itself: {files}"


def kernel_settings(given: Given) -> Seen:
    """A handler of core dumps, which the kernel runs as root outside."""
    try:
        os.close(os.open("/proc/sys/kernel/core_pattern", os.O_WRONLY))
    except OSError as refused:
        return False, str(refused)
    return True, "core_pattern is open for writing"


def tcp(given: Given) -> Seen:
    """A service on the machine's loopback, where the gateway and its neighbours listen."""
    return _answered(socket.SOCK_STREAM, ("127.0.0.1", given["port"]), b"?", given)


def udp(given: Given) -> Seen:
    """The same by datagrams."""
    return _answered(socket.SOCK_DGRAM, ("127.0.0.1", given["port"]), b"?", given)


def dns(given: Given) -> Seen:
    """A resolver: the usual way out where connections are barred."""
    question = (
        struct.pack(">6H", 7, 0x0100, 1, 0, 0, 0) + b"\x06canary\x07example\x00" + struct.pack(">2H", 16, 1)
    )
    return _answered(socket.SOCK_DGRAM, ("127.0.0.1", given["port"]), question, given)


def metadata(given: Given) -> Seen:
    """A cloud's metadata service, which hands out the machine's credentials: is there a way to it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as way:
        try:
            way.connect(("169.254.169.254", 80))  # sends nothing
        except OSError as refused:
            return False, str(refused)
    return True, "there is a way"


def abstract_socket(given: Given) -> Seen:
    """A Unix socket without a file, which no view of the file system hides."""
    with socket.socket(socket.AF_UNIX) as way:
        try:
            way.connect("\0" + given["abstract"])
        except OSError as refused:
            return False, str(refused)
    return True, "connected"


def vsock(given: Given) -> Seen:
    """The host of a virtual machine, past every network namespace."""
    try:
        socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM).close()
    except OSError as refused:
        return False, str(refused)
    return True, "there is such a socket"


def other_skill(given: Given) -> Seen:
    """Files of another skill, another tenant, the gateway."""
    for path in given["paths"]:
        with suppress(OSError):
            if given["canary"] in Path(path).read_text(errors="replace"):
                return True, f"read {path}"
    return False, f"none of {len(given['paths'])} paths"


def self_mutation(given: Given) -> Seen:
    """Its own text, for whoever runs it next."""
    with suppress(OSError):  # perhaps it can be written to as it is
        Path(__file__).chmod(0o666)
    try:
        with Path(__file__).open("ab") as own:
            own.write(b"\n")
    except OSError as refused:
        return False, str(refused)
    return True, f"{__file__} is changed"


def poison(given: Given) -> Seen:
    """Leave something for the next run to find; `poisoned` looks whether it is there."""
    for place in ("/work/poison.py", "/work/.tmp/poison.py"):
        Path(place).write_text(given["canary"])
    return False, "left"


def poisoned(given: Given) -> Seen:
    """See `poison`."""
    left = [str(path) for path in Path("/work").rglob("poison.py")]
    return bool(left), f"found {left}"


def fork_bomb(given: Given) -> Seen:
    """More processes than it may have."""
    children: list[int] = []
    hold, release = os.pipe()
    try:
        while len(children) <= given["limit"] + 10:
            child = os.fork()
            if child == 0:
                os.close(release)
                os.read(hold, 1)
                os._exit(0)
            children.append(child)
    except OSError as refused:
        return False, f"{len(children)} processes, then {refused}"
    finally:
        os.close(release)
        for child in children:
            os.waitpid(child, 0)
    return True, f"{len(children)} processes"


def memory_bomb(given: Given) -> Seen:
    """Twice the memory it may have."""
    try:
        taken = bytearray(given["limit"] * 2)
    except MemoryError:
        return False, "MemoryError"
    return True, f"{len(taken)} bytes"


def memory_family(given: Given) -> Seen:
    """More memory than it may have, by several processes, none of which takes as much for itself."""
    families: list[tuple[int, int]] = []
    hold, release = os.pipe()
    taken = 0
    try:
        while taken <= given["limit"] and len(families) < _FAMILY:
            told, tell = os.pipe()
            child = os.fork()
            if child == 0:
                os.close(release)
                _take(given["limit"] * 3 // 4, tell, hold)
            os.close(tell)
            size = int.from_bytes(os.read(told, 8), "little")  # nothing of one that was ended
            os.close(told)
            families.append((child, size))
            taken += size
    except OSError:
        pass  # no further process
    finally:
        os.close(release)
    ended = {child: os.waitpid(child, 0)[1] for child, _ in families}
    held = sum(size for child, size in families if ended[child] == 0)
    return held > given["limit"], f"{len(families)} processes, {held} bytes at once"


def _take(size: int, tell: int, hold: int) -> None:
    """Take so much or what there is, tell how much, and keep it until the other end is closed."""
    kept: list[bytearray] = []
    with suppress(MemoryError):
        while len(kept) * _PIECE < size:
            kept.append(bytearray(_PIECE))
    os.write(tell, (len(kept) * _PIECE).to_bytes(8, "little"))
    os.read(hold, 1)
    os._exit(0)


def disk_bomb(given: Given) -> Seen:
    """Twice what it may write, wherever anything may be written."""
    written = 0
    for folder in _WRITABLE:
        with suppress(OSError), Path(folder, "bomb").open("wb", buffering=0) as bomb:
            while written <= given["limit"] * 2:
                written += bomb.write(bytes(1_048_576))
    return written > given["limit"] + 1_048_576, f"{written} bytes"


def descriptor_bomb(given: Given) -> Seen:
    """More open files than it may have."""
    opened: list[int] = []
    try:
        while len(opened) <= given["limit"]:
            opened.append(os.open("/dev/null", os.O_RDONLY))
    except OSError as refused:
        return False, f"{len(opened)} files, then {refused}"
    finally:
        for handle in opened:
            os.close(handle)
    return True, f"{len(opened)} files"


def output_bomb(given: Given) -> Seen:
    """Far more output than anybody wants; the outside judges."""
    for _ in range(given["limit"] // 65_536):
        os.write(1, b"x" * 65_536)
    return False, "written"


def daemon(given: Given) -> Seen:
    """A process that stays when the script has ended; the outside judges."""
    if os.fork() == 0:
        _hide()
        if os.fork() == 0:
            time.sleep(60)  # a daemon stays; the sandbox, or its test, ends it
        os._exit(0)
    os.wait()
    return False, "left"


def stubborn(given: Given) -> Seen:
    """A script that no polite signal ends; the outside judges."""
    _hide()
    time.sleep(60)  # until it is ended
    return True, "nobody ended it"


def parent_death(given: Given) -> Seen:
    """Outliving the gateway, by unsetting the signal of its death."""
    done = ctypes.CDLL(None).prctl(1, 0, 0, 0, 0)
    return done == 0, f"prctl gives {done}"


def ptrace(given: Given) -> Seen:
    """Tracing."""
    child = os.fork()
    if child == 0:
        os._exit(0 if _call("ptrace", 0, 0, 0, 0) == 0 else 1)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return code == 0, f"PTRACE_TRACEME gives {code}"


def user_namespace(given: Given) -> Seen:
    """Being root in a namespace of its own, where the kernel's less tried parts open up."""
    done = _call("unshare", _NEW_USER)
    return done == 0, f"unshare gives {done}"


def mount(given: Given) -> Seen:
    """A mount of its own."""
    if _call("unshare", _NEW_USER | _NEW_MOUNTS) != 0:
        return False, "no namespace to mount in"
    done = _call("mount", b"none", b"/work", b"tmpfs", 0, None)
    return done == 0, f"mount gives {done}"


def io_uring(given: Given) -> Seen:
    """System calls that no filter sees."""
    done = _call("io_uring_setup", 8, ctypes.create_string_buffer(256))
    return done >= 0, f"io_uring_setup gives {done}"


def keyctl(given: Given) -> Seen:
    """Keyrings, which belong to users and not to namespaces."""
    done = _call("keyctl", 0, -3, 1)
    return done > 0, f"keyctl gives {done}"


def userfaultfd(given: Given) -> Seen:
    """Holding the kernel at a page fault: a part of many exploits."""
    done = _call("userfaultfd", 1)
    return done >= 0, f"userfaultfd gives {done}"


def output_links(given: Given) -> Seen:
    """Links in the place of results, to what the gateway may read; the outside judges."""
    for number, path in enumerate(given["paths"]):
        Path(f"result-{number}.txt").symlink_to(path)
        Path(f"folder-{number}").symlink_to(Path(path).parent)
    return False, "linked"


def argument_injection(given: Given) -> Seen:
    """Options for the programs on the way, in the place of arguments."""
    changed = sys.argv[3:] != given["argv"]
    return changed, f"came as {sys.argv[3:]}" if changed else "came as they were"


ATTACKS: dict[str, Callable[[Given], Seen]] = {
    each.__name__: each
    for each in (
        environment, loader, startup_files, kernel_settings, tcp, udp, dns, metadata, abstract_socket, vsock,
        other_skill, self_mutation, poison, poisoned, fork_bomb, memory_bomb, memory_family, disk_bomb,
        descriptor_bomb, output_bomb, daemon, stubborn, parent_death, ptrace, user_namespace, mount, io_uring,
        keyctl, userfaultfd, output_links, argument_injection,
    )
}  # fmt: skip


def _answered(kind: socket.SocketKind, address: tuple[str, int], question: bytes, given: Given) -> Seen:
    with socket.socket(socket.AF_INET, kind) as way:
        way.settimeout(2)
        try:
            way.connect(address)
            way.send(question)
            answer = way.recv(1000)
        except OSError as refused:
            return False, str(refused)
    return given["canary"].encode() in answer, f"answered {len(answer)} bytes"


def _call(name: str, *arguments: object) -> int:
    return ctypes.CDLL(None).syscall(_CALLS[os.uname().machine][name], *arguments)


def _hide() -> None:
    with suppress(OSError):
        os.setsid()
    ctypes.CDLL(None).prctl(1, 0, 0, 0, 0)
    for number in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}:
        signal.signal(number, signal.SIG_IGN)


def main(name: str, given: Given) -> None:
    """Try one; what it cannot do it has not done."""
    succeeded, seen = ATTACKS[name](given)
    sys.stdout.write(json.dumps({"succeeded": succeeded, "seen": seen}))


if __name__ == "__main__":
    main(sys.argv[1], json.loads(sys.argv[2]))
