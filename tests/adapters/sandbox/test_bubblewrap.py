"""Scripts in the real bubblewrap: what they get, what comes back, how they end."""

import asyncio
import json
import multiprocessing
import os
import resource
import warnings
from pathlib import Path

import pytest
from sandboxes import processes_with, ran, require_namespaces, run_of, sandbox, until

from tidegate.adapters.sandbox import inside
from tidegate.adapters.sandbox.bubblewrap import Bubblewrap, real_root
from tidegate.adapters.sandbox.containment import troubles
from tidegate.adapters.sandbox.guards import Guard
from tidegate.adapters.sandbox.locate import find_bwrap, within_reach
from tidegate.adapters.sandbox.settings import SandboxSettings
from tidegate.adapters.sandbox.unfit import SandboxUnfit
from tidegate.domain.script import ScriptLimit
from tidegate.ports import ScriptRefused

pytestmark = pytest.mark.xdist_group("sandbox")  # attacks meet each other's processes

ECHO = "import json, sys; print(json.dumps([sys.argv[1:], sys.stdin.read()]))"


async def test_it_holds_a_script_that_tries_to_get_out(tmp_path: Path) -> None:
    async with sandbox(tmp_path) as made:
        assert await troubles(made) == {}


async def test_it_holds_though_the_gateways_files_are_its_own_alone(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        async with sandbox(tmp_path) as made:
            assert await troubles(made) == {}
    finally:
        os.umask(before)


async def test_input_comes_by_stdin_arguments_and_the_skills_files(tmp_path: Path) -> None:
    text = ECHO + "; print(open('data/tides.csv').read(), open('/skill/data/tides.csv').read())"
    async with sandbox(tmp_path) as made:
        done = await ran(made, text, "--top", "3", stdin=b"line\n", files={"data/tides.csv": b"6.8"})
    said, files = done.stdout.decode().splitlines()
    assert (json.loads(said), files) == ([["--top", "3"], "line\n"], "6.8 6.8")
    assert (done.exit_code, done.stderr, done.limit) == (0, b"", None)


async def test_scripts_import_what_lies_beside_them(tmp_path: Path) -> None:
    async with sandbox(tmp_path) as made:
        done = await ran(made, "import beside", files={"scripts/beside.py": b"print('here')"})
    assert done.stdout == b"here\n"


async def test_a_skills_own_temporary_folder_leaves_the_scripts_as_it_is(tmp_path: Path) -> None:
    text = "import os; print(os.listdir('/tmp'), open('/skill/.tmp/own').read())"
    async with sandbox(tmp_path) as made:
        done = await ran(made, text, files={".tmp/own": b"here"})
    assert done.stdout == b"[] here\n"


@pytest.mark.parametrize(
    ("script", "text"),
    [
        ("scripts/a.sh", 'echo "$1"'),
        ("scripts/a.bash", 'echo "$1"'),
        ("scripts/a", '#!/bin/sh\necho "$1"'),
        ("scripts/b", "#!/usr/bin/env python3\nimport sys; print(sys.argv[1])"),
    ],
)
async def test_the_suffix_or_the_first_line_names_the_interpreter(
    tmp_path: Path, script: str, text: str
) -> None:
    async with sandbox(tmp_path) as made:
        done = await ran(made, text, "said", script=script)
    assert (done.stdout, done.exit_code) == (b"said\n", 0)


@pytest.mark.parametrize(("script", "text"), [("scripts/a.exe", b"MZ"), ("scripts/a", b"#!/opt/odd\n")])
async def test_what_nothing_here_runs_is_refused(tmp_path: Path, script: str, text: bytes) -> None:
    async with sandbox(tmp_path) as made:
        with pytest.raises(ScriptRefused, match="no script that runs here"):
            await ran(made, text, script=script)
        assert made.places.taken == 0


@pytest.mark.parametrize(("end", "code"), [("sys.exit(3)", 3), ("os.kill(1, 9)", 0), ("1/0", 1)])
async def test_the_exit_code_is_the_scripts(tmp_path: Path, end: str, code: int) -> None:
    async with sandbox(tmp_path) as made:
        done = await ran(made, f"import os, sys\n{end}")
    assert done.exit_code == code


async def test_files_left_in_the_work_folder_come_back(tmp_path: Path) -> None:
    text = """
import os
os.mkdir('out'); open('out/a.txt', 'w').write('A'); open('b.bin', 'wb').write(b'\\xff')
open('.hidden', 'w').write('no'); os.mkfifo('pipe'); os.mkdir('empty')
"""
    async with sandbox(tmp_path) as made:
        done = await ran(made, text)
        many = await ran(made, "for i in range(30): open(f'{i:02}', 'w').write('x')")
        large = await ran(made, "open('large', 'w').write('x' * 200_000); open('small', 'w').write('y')")
    assert (done.files, done.files_left_out) == ({"b.bin": b"\xff", "out/a.txt": b"A"}, False)
    assert (len(many.files), many.files_left_out) == (20, True)
    assert (large.files, large.files_left_out) == ({"small": b"y"}, True)


async def test_output_is_cut_and_a_flood_ends_the_script(tmp_path: Path) -> None:
    async with sandbox(tmp_path) as made:
        cut = await ran(made, "print('x' * 5000)", output_bytes=1000)
        flood = await ran(made, "import sys\nwhile True: sys.stdout.write('x' * 65536)", output_bytes=1000)
    assert (cut.stdout, cut.stdout_truncated, cut.limit, cut.exit_code) == (b"x" * 1000, True, None, 0)
    assert (len(flood.stdout), flood.stdout_truncated, flood.limit) == (1000, True, ScriptLimit.OUTPUT)


async def test_a_script_is_ended_when_its_time_is_over(tmp_path: Path) -> None:
    async with sandbox(tmp_path) as made:
        text = "print('begun', flush=True)\nimport time; time.sleep(600)"  # until its time is over
        done = await ran(made, text, seconds=1.0)
    assert (done.stdout, done.limit) == (b"begun\n", ScriptLimit.TIME)
    assert done.seconds < 10


async def test_memory_is_limited(tmp_path: Path) -> None:
    async with sandbox(tmp_path, memory=100_000_000) as made:
        done = await ran(made, "x = bytearray(300_000_000); print(len(x))")
    assert (done.stdout, done.exit_code == 0) == (b"", False)
    assert done.limit is ScriptLimit.MEMORY or b"MemoryError" in done.stderr


LEAVE_THE_CORE_LIMIT = """
import ctypes, resource, struct
libc = ctypes.CDLL(None)
tried = [libc.setrlimit(4, struct.pack("QQ", 0, 0)), libc.prlimit(0, 4, struct.pack("QQ", 0, 0), None)]
print(tried, resource.getrlimit(resource.RLIMIT_CORE)[0], libc.prlimit(0, 7, struct.pack("QQ", 32, 32), None))
"""


async def test_a_crash_starts_nothing_outside_and_no_script_changes_that(tmp_path: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_CORE)
    async with sandbox(tmp_path) as made:
        done = await ran(made, LEAVE_THE_CORE_LIMIT)
    assert done.stdout == b"[-1, -1] 1 0\n"
    assert resource.getrlimit(resource.RLIMIT_CORE) == before


async def test_a_script_that_could_change_it_is_found_by_the_trial(tmp_path: Path) -> None:
    async with sandbox(tmp_path, Guard.SECCOMP) as made:
        assert (await troubles(made))["crashes"] == "it may change the limit of its core dumps"


@pytest.mark.parametrize(
    ("limit", "pattern", "held"),
    [(1, "|/usr/bin/handler", True), (0, "core", True), (0, "|/usr/bin/handler", False), (0, None, False)],
)
def test_a_limit_of_0_is_held_to_be_enough_for_files_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: int, pattern: str | None, held: bool
) -> None:
    def refused(*_: object) -> None:
        raise ValueError

    if pattern:
        (tmp_path / "core_pattern").write_text(pattern + "\n")
    monkeypatch.setattr(inside.resource, "getrlimit", lambda _: (limit, limit))
    monkeypatch.setattr(inside.resource, "setrlimit", refused)
    monkeypatch.setattr(inside, "Path", lambda path: tmp_path / Path(path).name)
    assert ("" if held else "is handled outside") in inside.crashes({})
    assert bool(inside.crashes({})) is not held


async def test_cancelling_kills_what_runs_and_frees_its_place(tmp_path: Path) -> None:
    async with sandbox(tmp_path, parallel=1) as made:
        text = "import os, time\nos.fork(); time.sleep(600)"  # until it is cancelled
        running = asyncio.create_task(made.run(run_of(text, "cancel-me"), lambda: True))
        await until(lambda: len(processes_with("cancel-me")) >= 3)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        await until(lambda: not processes_with("cancel-me"))
        assert (await ran(made, "print(1)")).stdout == b"1\n"


async def test_a_switch_is_asked_after_the_wait_for_a_place(tmp_path: Path) -> None:
    off: list[bool] = []
    async with sandbox(tmp_path, parallel=1) as made:
        first = asyncio.create_task(ran(made, "import time; time.sleep(0.5)"))  # holds the place
        await until(lambda: made.places.taken == 1)
        second = asyncio.create_task(made.run(run_of("print('ran')"), lambda: not off))
        await until(lambda: made.places.waiting == 1)
        off.append(True)
        with pytest.raises(ScriptRefused, match="switched off"):
            await second
        await first
        assert (await ran(made, "print(1)")).stdout == b"1\n"


async def test_places_are_queued_for_with_a_deadline(tmp_path: Path) -> None:
    async with sandbox(tmp_path, parallel=1, queue=1, wait=0.2) as made:
        first = asyncio.create_task(ran(made, "import time; time.sleep(30)"))  # holds the place
        await until(lambda: made.places.taken == 1)
        second = asyncio.create_task(ran(made, "pass"))
        await until(lambda: made.places.waiting == 1)
        with pytest.raises(ScriptRefused, match="too many scripts wait"):
            await ran(made, "pass")
        with pytest.raises(ScriptRefused, match="other scripts were running"):
            await second
        first.cancel()
        await asyncio.wait((first,))
        await until(lambda: made.places.taken == 0)


@pytest.mark.parametrize("argument", ["a\0b", "x" * 200_000], ids=["nul", "long"])
async def test_arguments_that_no_process_can_have_are_an_error_of_their_run_alone(
    tmp_path: Path, argument: str
) -> None:
    async with sandbox(tmp_path) as made:
        with pytest.raises(SandboxUnfit, match="cannot be started"):
            await ran(made, ECHO, argument)
        assert json.loads((await ran(made, ECHO, "fine")).stdout) == [["fine"], ""]


async def test_nothing_stays_when_it_is_closed(tmp_path: Path) -> None:
    async with sandbox(tmp_path) as made:
        await ran(made, "open('left', 'w').write('x')")
        mine = f"tidegate-place-{os.getpid()}-*-0"
        groups = [folder for parent in made.groups.parents.values() for folder in parent.glob(mine)]
        assert len(groups) == len(made.groups.parents)
    assert _content(tmp_path) == []
    assert not any(folder.exists() for folder in groups)


def _as_nobody(folder: str, bwrap: str, answers: "multiprocessing.Queue[object]") -> None:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)

    async def tried() -> None:
        made = Bubblewrap(SandboxSettings(folder=folder, bwrap=bwrap))
        answers.put((made.own_user, dict(await troubles(made)), (await ran(made, "print(1)")).stdout))
        made.close()

    asyncio.run(tried())


@pytest.mark.skipif(not real_root(), reason="every other test shows this one's case already")
async def test_it_holds_where_the_gateway_is_not_root(tmp_path: Path) -> None:
    require_namespaces()
    program = within_reach(find_bwrap(""), tmp_path)
    (tmp_path / "own").mkdir()
    os.chown(tmp_path / "own", 65534, 65534)
    context = multiprocessing.get_context("fork")
    answers = context.Queue()
    child = context.Process(target=_as_nobody, args=(str(tmp_path / "own"), str(program), answers))
    with warnings.catch_warnings(action="ignore"):  # newer Pythons warn of threads
        child.start()
    assert await asyncio.to_thread(answers.get, timeout=60) == (False, {}, b"1\n")
    await asyncio.to_thread(child.join)


def _content(folder: Path) -> list[Path]:
    return list(folder.iterdir())
