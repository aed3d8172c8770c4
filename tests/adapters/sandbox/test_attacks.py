"""The catalogue's attacks by scripts: each fails, and with its guard taken away it succeeds."""

import asyncio
import os
import socket
import threading
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest
from sandboxes import ran, run_of, sandbox, until

from tidegate.adapters.sandbox.bubblewrap import Bubblewrap, real_root
from tidegate.adapters.sandbox.containment import troubles
from tidegate.adapters.sandbox.guards import Guard
from tidegate.domain.script import ScriptResult, ScriptRun
from tidegate.harness.audit import attacks
from tidegate.harness.audit.execution import CATALOGUE, HOSTILE_ARGUMENTS, Surroundings, attempt

pytestmark = pytest.mark.xdist_group("sandbox")  # attacks meet each other's processes

CANARY = "canary-4f1d"
SMALL = {"memory": 100_000_000, "work": 4_194_304, "processes": 24, "open_files": 64, "parallel": 1}
LAUNCHER = {CANARY: CANARY, "LD_PRELOAD": "/nonexistent.so", "PATH": "/usr/bin"}
BY_NAME = {attack.name: attack for attack in CATALOGUE}


@pytest.fixture(scope="module")
def listening() -> Iterator[tuple[int, str]]:
    """TCP and UDP on one loopback port, and an abstract socket: all answer with the canary."""
    abstract = f"tidegate-test-{os.getpid()}"
    tcp, udp, unix = socket.socket(), socket.socket(type=socket.SOCK_DGRAM), socket.socket(socket.AF_UNIX)
    tcp.bind(("127.0.0.1", 0))
    port = tcp.getsockname()[1]
    udp.bind(("127.0.0.1", port))
    unix.bind("\0" + abstract)
    for each in (tcp, unix):
        each.listen()

    def serve_tcp() -> None:
        while True:
            connection, _ = tcp.accept()
            with connection:
                if not connection.recv(100):
                    return
                connection.send(CANARY.encode())

    def serve_udp() -> None:
        while True:
            asked, address = udp.recvfrom(1000)
            if asked == b"stop":
                return
            udp.sendto(CANARY.encode(), address)

    threads = [threading.Thread(target=serve) for serve in (serve_tcp, serve_udp)]
    for thread in threads:
        thread.start()
    yield port, abstract
    socket.create_connection(("127.0.0.1", port)).close()
    with socket.socket(type=socket.SOCK_DGRAM) as stop:
        stop.sendto(b"stop", ("127.0.0.1", port))
    for thread in threads:
        thread.join()
    for each in (tcp, udp, unix):
        each.close()


@asynccontextmanager
async def attacked(
    folder: Path, listening: tuple[int, str], *without: Guard, **settings: object
) -> AsyncGenerator[tuple[Bubblewrap, Surroundings]]:
    """A sandbox beside another skill's files, and what an attack is told of."""
    secret = folder / "secret.txt"
    secret.write_text(CANARY)
    secret.chmod(0o644)
    shared = folder / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    async with sandbox(
        folder, *without, environment=LAUNCHER, shared_work=shared, **{**SMALL, **settings}
    ) as made:
        await ran(made, "pass", digest="sha256:other", files={"references/secret.md": CANARY.encode()})
        port, abstract = listening
        yield (
            made,
            Surroundings(
                canary=CANARY,
                port=port,
                abstract=abstract,
                paths=[str(secret), str(made.layout.etc.parent / "other/references/secret.md")],
                memory=SMALL["memory"],
                processes=SMALL["processes"],
                work=SMALL["work"],
                open_files=SMALL["open_files"],
                left_over=left_over,
            ),
        )


def left_over(argument: str) -> list[str]:
    found = []
    for path in Path("/proc").iterdir():
        if path.name.isdecimal():
            try:
                words = (path / "cmdline").read_bytes()
            except OSError:
                continue
            if argument.encode() in words and b"attacks.py" in words:
                found.append(path.name)
    return found


@pytest.mark.parametrize("name", list(BY_NAME))
async def test_an_attack_fails(tmp_path: Path, listening: tuple[int, str], name: str) -> None:
    async with attacked(tmp_path, listening) as (made, surroundings):
        tried = await attempt(made, BY_NAME[name], surroundings)
    assert (tried.succeeded, tried.came_to_an_end) == (False, True), tried.seen


ALSO_WITHOUT_CONTROL_GROUPS = ["fork_bomb", "memory_bomb", "memory_family"]


@pytest.mark.parametrize("name", ALSO_WITHOUT_CONTROL_GROUPS)
async def test_it_fails_too_where_there_are_no_control_groups(
    tmp_path: Path, listening: tuple[int, str], name: str
) -> None:
    memory = 268_435_456
    async with attacked(tmp_path, listening, cgroup=False, memory=memory) as (made, surroundings):
        assert await troubles(made) == {}
        tried = await attempt(made, BY_NAME[name], msgspec.structs.replace(surroundings, memory=memory))
    assert (tried.succeeded, tried.came_to_an_end) == (False, True), tried.seen


CONTROLS = {
    "environment": (Guard.EMPTY_ENVIRONMENT, Guard.OWN_INIT),  # `--clearenv` alone does not do
    "loader": (Guard.EMPTY_ENVIRONMENT, Guard.CLEARED_ENVIRONMENT),
    "kernel_settings": (Guard.OWN_USER,),
    "tcp": (Guard.NETWORK,),
    "udp": (Guard.NETWORK,),
    "dns": (Guard.NETWORK,),
    "metadata": (Guard.NETWORK,),
    "abstract_socket": (Guard.NETWORK,),
    "vsock": (Guard.SECCOMP,),
    "other_skill": (Guard.VIEW,),
    "self_mutation": (Guard.READ_ONLY,),
    "poisoned": (Guard.FRESH_WORK,),
    "fork_bomb": (Guard.LIMITS,),
    "memory_bomb": (Guard.LIMITS,),
    "memory_family": (Guard.LIMITS,),
    "disk_bomb": (Guard.QUOTA, Guard.LIMITS),
    "descriptor_bomb": (Guard.LIMITS,),
    "daemon": (Guard.PROCESSES, Guard.OWN_INIT),
    "parent_death": (Guard.SECCOMP,),
    "ptrace": (Guard.SECCOMP,),
    "user_namespace": (Guard.SECCOMP, Guard.USER_NAMESPACES),
    "mount": (Guard.SECCOMP, Guard.USER_NAMESPACES),
    "io_uring": (Guard.SECCOMP,),
    "keyctl": (Guard.SECCOMP,),
    "userfaultfd": (Guard.SECCOMP,),
}
DEPENDS_ON_THE_KERNEL = {"metadata", "vsock", "io_uring", "keyctl", "userfaultfd"}
"""What this machine may not have at all: then there is nothing to guard against."""


@pytest.mark.parametrize("name", list(CONTROLS))
async def test_with_its_guard_taken_away_it_succeeds(
    tmp_path: Path, listening: tuple[int, str], name: str
) -> None:
    if name == "kernel_settings" and not real_root():
        pytest.skip("whoever is not root cannot open it anyway")
    if name in DEPENDS_ON_THE_KERNEL and not attacks.ATTACKS[name](None)[0]:
        pytest.skip("this machine has no such thing to guard")
    async with attacked(tmp_path, listening, *CONTROLS[name]) as (made, surroundings):
        tried = await attempt(made, BY_NAME[name], surroundings)
        for pid in left_over(CANARY):  # the daemon's
            os.kill(int(pid), 9)
        await until(lambda: not left_over(CANARY))
    assert tried.succeeded, tried.seen


class Uncapped:
    """A sandbox that hands on whatever a script writes."""

    def __init__(self, made: Bubblewrap) -> None:
        self._made = made

    async def run(self, run: ScriptRun, allowed: Callable[[], bool]) -> ScriptResult:
        return await self._made.run(msgspec.structs.replace(run, output_bytes=10_000_000), allowed)


async def test_output_floods_where_nothing_caps_it(tmp_path: Path, listening: tuple[int, str]) -> None:
    async with attacked(tmp_path, listening) as (made, surroundings):
        smaller = msgspec.structs.replace(surroundings, memory=2_000_000)
        tried = await attempt(Uncapped(made), BY_NAME["output_bomb"], smaller)
    assert tried.succeeded, tried.seen


async def test_links_are_followed_where_results_are_opened_as_they_stand(
    tmp_path: Path, listening: tuple[int, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with attacked(tmp_path, listening) as (made, surroundings):
        monkeypatch.setattr(os, "O_NOFOLLOW", 0)
        tried = await attempt(made, BY_NAME["output_links"], surroundings)
    assert tried.succeeded, tried.seen


@pytest.mark.parametrize("name", list(BY_NAME))
def test_a_script_that_never_started_shows_nothing(name: str) -> None:
    result = ScriptResult(
        exit_code=2,
        stdout=b"",
        stderr=b"python3: can't open file",
        stdout_truncated=False,
        stderr_truncated=False,
        files={},
        files_left_out=False,
        limit=None,
        seconds=1.0,
    )
    nothing = Surroundings(
        canary=CANARY,
        port=1,
        abstract="",
        paths=[],
        memory=1,
        processes=1,
        work=1,
        open_files=1,
        left_over=lambda argument: [],
    )
    tried = BY_NAME[name].judge(result, nothing)
    assert (tried.succeeded, tried.came_to_an_end) == (False, False)


async def test_a_stubborn_script_stays_where_it_is_only_asked_to_end(tmp_path: Path) -> None:
    deaf = "import signal, time; signal.signal(15, signal.SIG_IGN); print('deaf', flush=True); "
    text = deaf + "time.sleep(60)"  # until it is killed
    async with sandbox(tmp_path) as made:
        running = asyncio.create_task(made.run(run_of(text, "stubborn-script"), lambda: True))
        await until(lambda: any(b"stubborn-script" in words for words in _commands()))
        for pid, words in list(zip(_pids(), _commands(), strict=False)):
            if b"stubborn-script" in words and words.startswith(str(made.layout.runtime.python).encode()):
                os.kill(pid, 15)
        await asyncio.sleep(0.3)  # longer than a signal takes: it is to be shown that nothing comes of it
        assert not running.done()
        running.cancel()
        await asyncio.wait((running,))


async def test_a_sitecustomize_is_imported_where_the_environment_names_its_folder(tmp_path: Path) -> None:
    text = "PYTHONPATH=/skill/scripts python3 -c 'import sys; print(sys.modules[\"sitecustomize\"].__file__)'"
    async with sandbox(tmp_path) as made:
        done = await ran(made, text, script="scripts/a.sh", files={"scripts/sitecustomize.py": b""})
    assert done.stdout == b"/skill/scripts/sitecustomize.py\n"


async def test_arguments_would_be_taken_apart_by_a_shell(tmp_path: Path) -> None:
    text = "python3 -c 'import sys; print(sys.argv[1:] == eval(sys.stdin.read()))' $*"
    async with sandbox(tmp_path) as made:
        done = await ran(
            made, text, *HOSTILE_ARGUMENTS, script="scripts/a.sh", stdin=repr([*HOSTILE_ARGUMENTS]).encode()
        )
    assert done.stdout == b"False\n"


ELSEWHERE = {
    "startup_files": test_a_sitecustomize_is_imported_where_the_environment_names_its_folder,
    "output_bomb": test_output_floods_where_nothing_caps_it,
    "stubborn": test_a_stubborn_script_stays_where_it_is_only_asked_to_end,
    "output_links": test_links_are_followed_where_results_are_opened_as_they_stand,
    "argument_injection": test_arguments_would_be_taken_apart_by_a_shell,
}
"""Attacks whose controls are tests of their own."""


def test_each_attack_has_its_control() -> None:
    assert CONTROLS.keys() | ELSEWHERE.keys() == BY_NAME.keys()
    assert not CONTROLS.keys() & ELSEWHERE.keys()


def _pids() -> list[int]:
    return [int(path.name) for path in Path("/proc").iterdir() if path.name.isdecimal()]


def _commands() -> list[bytes]:
    found = []
    for pid in _pids():
        try:
            found.append(Path("/proc", str(pid), "cmdline").read_bytes())
        except OSError:
            found.append(b"")
    return found
