"""Attacks by a skill's script: what each tries, and how its success is seen; run against any sandbox."""

from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from tidegate.domain.script import ScriptLimit, ScriptResult, ScriptRun
from tidegate.harness.audit import attacks
from tidegate.ports import Sandbox

SCRIPT = "scripts/attacks.py"

HOSTILE_ARGUMENTS = (
    "--bind",
    "/",
    "/",
    "--share-net",
    "-c",
    "import os",
    "--",
    "$(id)",
    "; id",
    "-",
    "\n",
    "",
)


class Surroundings(msgspec.Struct, frozen=True, kw_only=True):
    """What there is to attack: `canary` is in the launcher's environment, in what the sockets answer, and in
    the files at `paths`; `left_over` finds processes that have it among their arguments.
    """

    canary: str
    port: int
    abstract: str
    paths: Sequence[str]
    memory: int
    processes: int
    work: int
    open_files: int
    left_over: Callable[[str], Sequence[str]]


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """What came of an attack; `came_to_an_end` is False where nothing was shown, which proves nothing."""

    succeeded: bool
    seen: str
    came_to_an_end: bool = True


Judge = Callable[[ScriptResult, Surroundings], Attempt]


class Attack(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the catalogue; `first` is run before it; `limit` names the limit that it goes beyond."""

    name: str
    title: str
    judge: Judge
    first: str = ""
    limit: str = ""
    seconds: float = 20.0
    arguments: tuple[str, ...] = ()


class _Said(msgspec.Struct):
    succeeded: bool
    seen: str


def by_itself(result: ScriptResult, _: Surroundings) -> Attempt:
    """The script says whether it succeeded; one that was ended has not."""
    try:
        said = msgspec.json.decode(result.stdout, type=_Said)
    except msgspec.DecodeError:
        errors = result.stderr.decode(errors="replace").strip()[-300:]
        ended = result.limit is not None
        seen = f"ended for {result.limit}" if ended else f"ended with {result.exit_code}: {errors}"
        return Attempt(succeeded=False, seen=seen, came_to_an_end=ended or result.exit_code == _KILLED)
    return Attempt(succeeded=said.succeeded, seen=said.seen)


def by_processes(result: ScriptResult, surroundings: Surroundings) -> Attempt:
    """Something of it still runs."""
    left = surroundings.left_over(surroundings.canary)
    return _shown_by(result, "left", succeeded=bool(left), seen=f"processes left: {list(left)}")


def by_time(result: ScriptResult, surroundings: Surroundings) -> Attempt:
    """It was not ended in its time, or something of it still runs."""
    if result.limit is ScriptLimit.TIME:
        left = surroundings.left_over(surroundings.canary)
        return Attempt(succeeded=bool(left), seen=f"processes left: {list(left)}")
    return by_itself(result, surroundings)


def by_size(result: ScriptResult, _: Surroundings) -> Attempt:
    """More came out than was asked for; less than that, and it did not write what it was to write."""
    size = len(result.stdout)
    return Attempt(
        succeeded=size > _OUTPUT, seen=f"{size} bytes, {result.limit}", came_to_an_end=size >= _OUTPUT
    )


def by_files(result: ScriptResult, surroundings: Surroundings) -> Attempt:
    """The canary was collected with its results."""
    found = [path for path, content in result.files.items() if surroundings.canary.encode() in content]
    seen = f"collected {sorted(result.files)}"
    return _shown_by(result, "linked", succeeded=bool(found), seen=seen)


def _shown_by(result: ScriptResult, word: str, *, succeeded: bool, seen: str) -> Attempt:
    """What the outside saw; a script that did not say the word did not get so far, which proves nothing."""
    try:
        done = msgspec.json.decode(result.stdout, type=_Said).seen == word
    except msgspec.DecodeError:
        done = False
    return Attempt(succeeded=succeeded, seen=seen, came_to_an_end=done or succeeded)


_OUTPUT = 32_768
_KILLED = 137

CATALOGUE: tuple[Attack, ...] = (
    Attack(
        name="environment", title="read the gateway's environment, also by /proc/1/environ", judge=by_itself
    ),
    Attack(name="loader", title="inherit LD_PRELOAD and PYTHONPATH", judge=by_itself),
    Attack(name="startup_files", title="have a sitecustomize of its own imported", judge=by_itself),
    Attack(name="kernel_settings", title="open /proc/sys/kernel/core_pattern for writing", judge=by_itself),
    Attack(name="tcp", title="connect to a service on localhost", judge=by_itself),
    Attack(name="udp", title="send datagrams to a service on localhost", judge=by_itself),
    Attack(name="dns", title="ask a resolver", judge=by_itself),
    Attack(name="metadata", title="reach a cloud's metadata service", judge=by_itself),
    Attack(name="abstract_socket", title="connect to an abstract Unix socket", judge=by_itself),
    Attack(name="vsock", title="speak to the host of the virtual machine", judge=by_itself),
    Attack(
        name="other_skill", title="read another skill's, tenant's or the gateway's files", judge=by_itself
    ),
    Attack(name="self_mutation", title="change its own skill", judge=by_itself),
    Attack(name="poisoned", title="leave files for the next run", judge=by_itself, first="poison"),
    Attack(name="fork_bomb", title="start too many processes", judge=by_itself, limit="processes"),
    Attack(name="memory_bomb", title="take too much memory", judge=by_itself, limit="memory"),
    Attack(
        name="memory_family",
        title="take too much memory by several processes, each below the limit",
        judge=by_itself,
        limit="memory",
    ),
    Attack(name="disk_bomb", title="write too much", judge=by_itself, limit="work"),
    Attack(name="descriptor_bomb", title="open too many files", judge=by_itself, limit="open_files"),
    Attack(name="output_bomb", title="flood the gateway with output", judge=by_size, limit="memory"),
    Attack(name="daemon", title="leave a process behind", judge=by_processes),
    Attack(name="stubborn", title="ignore every signal and stay", judge=by_time, seconds=1.0),
    Attack(name="parent_death", title="unset the signal of its parent's death", judge=by_itself),
    Attack(name="ptrace", title="trace a process", judge=by_itself),
    Attack(name="user_namespace", title="make a user namespace", judge=by_itself),
    Attack(name="mount", title="mount a file system", judge=by_itself),
    Attack(name="io_uring", title="set up io_uring", judge=by_itself),
    Attack(name="keyctl", title="use keyrings", judge=by_itself),
    Attack(name="userfaultfd", title="use userfaultfd", judge=by_itself),
    Attack(name="output_links", title="have links followed when results are collected", judge=by_files),
    Attack(
        name="argument_injection",
        title="pass options to the programs that start it",
        judge=by_itself,
        arguments=HOSTILE_ARGUMENTS,
    ),
)
"""The execution part of the attack catalogue; an attack that succeeds is a finding."""


async def attempt(sandbox: Sandbox, attack: Attack, surroundings: Surroundings) -> Attempt:
    """Try one; raises ScriptRefused where the sandbox runs no script."""
    if attack.first:
        await sandbox.run(_run(attack, attack.first, surroundings), _always)
    return attack.judge(await sandbox.run(_run(attack, attack.name, surroundings), _always), surroundings)


def _run(attack: Attack, name: str, surroundings: Surroundings) -> ScriptRun:
    given: attacks.Given = {
        "canary": surroundings.canary,
        "port": surroundings.port,
        "abstract": surroundings.abstract,
        "paths": list(surroundings.paths),
        "limit": int(getattr(surroundings, attack.limit)) if attack.limit else 0,
        "argv": list(attack.arguments),
    }
    told = msgspec.json.encode(given).decode()
    return ScriptRun(
        tenant="audit",
        skill="attacks",
        digest="sha256:attacks",
        files={
            SCRIPT: Path(attacks.__file__).read_bytes(),
            "scripts/sitecustomize.py": b"",
            "scripts/usercustomize.py": b"",
        },
        script=SCRIPT,
        arguments=(name, told, *attack.arguments),
        seconds=attack.seconds,
        output_bytes=_OUTPUT,
    )


def _always() -> bool:
    return True
