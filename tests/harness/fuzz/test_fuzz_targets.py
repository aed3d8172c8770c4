"""What fuzzing begins with is read without a defect, and its judges see what they are there for."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from tidegate.harness.fuzz.fuzzing import Fuzzed, from_a_small_parent, fuzzed, replayed
from tidegate.harness.fuzz.recipe import baked, recipe_of
from tidegate.harness.fuzz.targets import TARGETS, target
from tidegate.harness.fuzz.trial import MEGABYTES, Most, Trial
from tidegate.harness.fuzz.verdict import Fuzzing, table
from tidegate.registry.validate import validate_zip

ROOT = Path(__file__).parents[3]
BUSY = 4.0
"""CPU seconds that are no hang on a machine that other tests keep busy; `make fuzz` allows one."""

BAD_READERS = """
import os, sys, tempfile, time, msgspec
from tidegate.harness.fuzz.trial import tried
from tidegate.harness.fuzz.watch import Watch

def read(data):
    if data == b"write":
        with tempfile.TemporaryFile() as file:
            file.write(data)
    elif data == b"start":
        os.system("true")
    elif data == b"grow":
        bytearray(300_000_000)
    elif data == b"spin":
        while time.process_time() < 1.5:
            pass
    elif data == b"raise":
        raise ValueError("not what it promises")

inputs = [(name, name.encode()) for name in sys.argv[1:]]
sys.stdout.buffer.write(msgspec.json.encode(tried(read, inputs, Watch())))
"""


def trial_of_bad_readers(*names: str) -> Trial:
    """In a process of its own: an audit hook stays for good."""
    done = subprocess.run([sys.executable, "-c", BAD_READERS, *names], capture_output=True, check=True)
    return msgspec.json.decode(done.stdout, type=Trial)


@pytest.mark.parametrize("name", [each.name for each in TARGETS])
async def test_seeds_and_largest_inputs_are_read_without_defect_hang_or_trace(
    name: str, figure: Callable[[str], None]
) -> None:
    trial = await replayed(name)
    figure(
        f"{name}: {trial.inputs} inputs, the slowest {trial.seconds.amount:.2f} s ({trial.seconds.name}), "
        f"the largest {trial.megabytes.amount:.0f} MB ({trial.megabytes.name})"
    )
    assert trial.defects == ()
    assert trial.touched == ()
    assert trial.megabytes.amount <= MEGABYTES
    assert trial.seconds.amount <= BUSY
    assert trial.inputs >= 3


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("write", "touched: open"),
        ("start", "touched: os.system"),
        ("grow", "grow took 28"),
        ("spin", "spin took"),
        ("raise", "ValueError: not what it promises"),
    ],
)
def test_a_reader_that_does_what_it_must_not_is_missed(name: str, said: str) -> None:
    missed = trial_of_bad_readers(name, "nothing").missed
    assert said in "\n".join(missed)


def test_a_reader_that_does_nothing_is_not_missed() -> None:
    assert trial_of_bad_readers("nothing", "else").missed == []


def test_a_recipe_is_baked_to_a_package_that_is_accepted() -> None:
    files = {
        "SKILL.md": b"---\nname: tide-table\ndescription: Reads tide tables.\n---\nLook.\n",
        "references/a.md": b"high water\n",
    }
    assert [each.path for each in validate_zip(baked(recipe_of(files))).files] == [
        "SKILL.md",
        "references/a.md",
    ]


def test_a_target_raises_where_an_input_breaks_its_promise(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(text: str) -> None:
        raise KeyError(text)

    monkeypatch.setattr("tidegate.harness.fuzz.targets.parse", refuse)
    with pytest.raises(KeyError):
        target("spec").run(b"kind: Rollout")


def test_the_table_says_what_was_missed() -> None:
    plain = Trial(inputs=3, seconds=Most(1.5, "words"), megabytes=Most(), defects=(), touched=())
    kept = Fuzzed(
        name="spec", what="a spec", runs=10, edges=4, corpus=2, found=(),
        plain=msgspec.structs.replace(plain, seconds=Most(0.5, "words")),
    )  # fmt: skip
    slow = msgspec.structs.replace(kept, plain=plain)
    found = msgspec.structs.replace(kept, found=("out/fuzz/found/spec/crash-1",))
    fuzzing = Fuzzing(at=0.0, minutes=10, targets=(kept, slow, found))
    assert fuzzing.missed == ["spec: words took 1.50 s", "spec: out/fuzz/found/spec/crash-1"]
    assert [line.split(" | ")[-1] for line in table(fuzzing).splitlines()[-3:]] == [
        "kept |",
        "**missed** |",
        "**missed** |",
    ]


def test_what_the_parent_takes_is_not_counted_as_an_inputs() -> None:
    told = (
        sys.executable,
        "-c",
        "import resource; print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)",
    )
    ballast = b"x" * (300 << 20)
    peak = subprocess.check_output(from_a_small_parent(*told))
    assert len(ballast) > 100 << 20 > int(peak) << 10


@pytest.mark.parametrize("code", [0, 77])
def test_the_exit_code_is_that_of_the_command(code: int) -> None:
    command = from_a_small_parent(sys.executable, "-c", f"raise SystemExit({code})", "$HOME", "'; exit 3")
    assert subprocess.run(command, check=False).returncode == code


async def test_a_target_is_fuzzed_by_atheris(tmp_path: Path) -> None:
    python = ROOT / ".venv-fuzz/bin/python"
    if not (ROOT / ".venv-fuzz/.ready").exists():
        pytest.skip(
            "atheris is missing (it has wheels for Linux on x86-64 alone); to install it: make fuzz-setup"
        )
    seen = await fuzzed(target("skill-md"), python, 2, tmp_path)
    assert seen.missed == []
    assert seen.runs > seen.corpus > 20
    assert seen.edges > 300
