"""One target fuzzed for a while by atheris, in its own environment, then its inputs read plainly."""

import asyncio
import re
import sys
from dataclasses import dataclass
from pathlib import Path

import msgspec

from tidegate.domain.errors import TidegateError
from tidegate.harness.demo.processes import child_environment
from tidegate.harness.fuzz.targets import Target
from tidegate.harness.fuzz.trial import Trial

_ROOT = Path(__file__).parents[4]
_SCRIPT = _ROOT / "bench/fuzz_target.py"
_LAST = re.compile(r"cov: (\d+) ft: \d+ corp: (\d+)/")
_RUNS = re.compile(r"stat::number_of_executed_units:\s+(\d+)")

HANG_SECONDS = 10
"""Under instrumentation all is some five times slower; what takes one second of it is read again without."""


class Fuzzed(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one target: the fuzzer's own counts, its defects by file, and its inputs read plainly."""

    name: str
    what: str
    runs: int
    edges: int
    corpus: int
    found: tuple[str, ...]
    plain: Trial

    @property
    def missed(self) -> list[str]:
        """All that was not kept."""
        return [*self.found, *self.plain.missed]


@dataclass(frozen=True, slots=True)
class Places:
    """Where a target's corpus, what is found now and what the fuzzer says are kept."""

    corpus: Path
    found: Path
    log: Path

    @classmethod
    def below(cls, out: Path, name: str) -> "Places":
        """Made where they are missing. A corpus stays from run to run, and has what former runs found."""
        places = cls(out / "corpus" / name, out / "found" / name, out / f"{name}.log")
        for folder in (places.corpus, places.found):
            folder.mkdir(parents=True, exist_ok=True)
        for path in places.found.iterdir():
            path.rename(places.corpus / path.name)
        return places


async def fuzzed(target: Target, python: Path, seconds: float, out: Path) -> Fuzzed:
    """Fuzz it for `seconds`; raises TidegateError where the fuzzer itself does not run."""
    places = Places.below(out, target.name)
    for name, data in target.seeds():
        (places.corpus / f"seed-{name}").write_bytes(data)
    code = await _fuzz(target, python, seconds, places)
    said = places.log.read_text(encoding="utf-8", errors="replace")
    last, runs = _LAST.findall(said), _RUNS.search(said)
    found = tuple(sorted(str(path) for path in places.found.iterdir() if not path.name.startswith("slow-")))
    if not last or (runs is None and not found):
        raise TidegateError(f"the fuzzer of {target.name} ended with {code}; what it said is in {places.log}")
    return Fuzzed(
        name=target.name,
        what=target.what,
        runs=int(runs[1]) if runs else 0,
        edges=int(last[-1][0]),
        corpus=int(last[-1][1]),
        found=found,
        plain=await replayed(target.name, places.corpus, places.found),
    )


async def replayed(name: str, *folders: Path) -> Trial:
    """Seeds, largest inputs and those in `folders`, read in a process of its own without instrumentation."""
    module = "tidegate.harness.fuzz.replay"
    process = await asyncio.create_subprocess_exec(
        *from_a_small_parent(sys.executable, "-m", module, name, *map(str, folders)),
        stdout=asyncio.subprocess.PIPE,
        env=_environment(),
    )
    answer, _ = await process.communicate()
    if process.returncode != 0:
        raise TidegateError(f"reading the inputs of {name} once more ended with {process.returncode}")
    return msgspec.json.decode(answer, type=Trial)


async def _fuzz(target: Target, python: Path, seconds: float, places: Places) -> int:
    """Its exit code: libFuzzer's, which is not 0 where it found something."""
    options = (
        f"-max_total_time={seconds:.0f}",
        f"-max_len={target.most_bytes}",
        f"-timeout={HANG_SECONDS}",
        "-report_slow_units=1",
        "-rss_limit_mb=1024",
        "-print_final_stats=1",
        f"-artifact_prefix={places.found}/",
    )
    with places.log.open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *from_a_small_parent(str(python), str(_SCRIPT), target.name, *options, str(places.corpus)),
            stdout=log,
            stderr=log,
            env=_environment(),
        )
        return await process.wait()


def from_a_small_parent(*command: str) -> tuple[str, ...]:
    """The command, started by a shell that stands between.

    To Linux a program's peak of memory is at least what its parent had when it forked: of a large one's child
    it would look as if an input had taken all that.
    """
    return "/bin/sh", "-c", '"$@"; exit $?', "sh", *command


def _environment() -> dict[str, str]:
    return child_environment({"PYTHONPATH": str(_ROOT / "src"), "PYTHONDONTWRITEBYTECODE": "1"})
