"""Inputs read one after the other by a target, and what each took of time and memory."""

import re
import resource
import sys
import time
import traceback
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

import msgspec

from tidegate.harness.fuzz.watch import Watch

SECONDS = 1.0
MEGABYTES = 200.0
"""What an input may take."""

_PEAK = re.compile(rb"VmHWM:\s+(\d+) kB")
_MARKS = 1024 if sys.platform == "linux" else 1024 * 1024
"""Of what the system counts in, to a megabyte."""


class Most(msgspec.Struct, frozen=True):
    """The most that one input took of something, and its name."""

    amount: float = 0.0
    name: str = ""

    def or_more(self, amount: float, name: str) -> "Most":
        return Most(amount, name) if amount > self.amount else self


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """What came of all inputs: CPU seconds and megabytes of the worst; defects and touches in words."""

    inputs: int
    seconds: Most
    megabytes: Most
    defects: tuple[str, ...]
    touched: tuple[str, ...]

    @property
    def missed(self) -> list[str]:
        """All that was not kept."""
        slow = [f"{self.seconds.name} took {self.seconds.amount:.2f} s"]
        large = [f"{self.megabytes.name} took {self.megabytes.amount:.0f} MB"]
        return [
            *self.defects,
            *(f"touched: {each}" for each in self.touched),
            *(slow if self.seconds.amount > SECONDS else []),
            *(large if self.megabytes.amount > MEGABYTES else []),
        ]


def tried(run: Callable[[bytes], None], inputs: Iterable[tuple[str, bytes]], watch: Watch) -> Trial:
    """Read each input; memory is what the process grew by meanwhile, by the system's mark of its peak."""
    count, seconds, megabytes = 0, Most(), Most()
    defects: list[str] = []
    for name, data in inputs:
        count += 1
        before = _forget_peak()
        began = time.process_time()
        try:
            with watch.reading():
                run(data)
        except Exception as defect:  # whatever it is: that is what we look for
            defects.append(f"{name}: {''.join(traceback.format_exception(defect)[-3:])}")
        seconds = seconds.or_more(time.process_time() - began, name)
        megabytes = megabytes.or_more(_peak() - before, name)
    return Trial(
        inputs=count,
        seconds=seconds,
        megabytes=megabytes,
        defects=tuple(defects),
        touched=tuple(watch.touched),
    )


def _forget_peak() -> float:
    """Set the mark of peak memory back to what there is now; returns it in megabytes."""
    with suppress(OSError):  # where the kernel does not let us, it only rises, by what no input took before
        Path("/proc/self/clear_refs").write_bytes(b"5")
    return _peak()


def _peak() -> float:
    """The mark: Linux's, which can be set back, else that of all the process's life."""
    try:
        found = _PEAK.search(Path("/proc/self/status").read_bytes())
    except OSError:
        found = None
    if found:
        return int(found[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _MARKS
