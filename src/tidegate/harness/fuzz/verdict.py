"""What came of all targets, as a table for people and as data."""

from datetime import UTC, datetime

import msgspec

from tidegate.harness.fuzz.fuzzing import Fuzzed
from tidegate.harness.fuzz.trial import MEGABYTES, SECONDS


class Fuzzing(msgspec.Struct, frozen=True, kw_only=True):
    """The whole result; `minutes` for all targets together."""

    at: float
    minutes: float
    targets: tuple[Fuzzed, ...]

    @property
    def missed(self) -> list[str]:
        """All that was not kept."""
        return [f"{each.name}: {what}" for each in self.targets for what in each.missed]


def table(fuzzing: Fuzzing) -> str:
    """The table as Markdown."""
    day = datetime.fromtimestamp(fuzzing.at, UTC).date().isoformat()
    runs = sum(each.runs for each in fuzzing.targets)
    lines = [
        f"Printed on {day}: {fuzzing.minutes:g} minutes in one process, {runs:,} inputs.",
        "",
        "| target | inputs | edges covered | corpus | defects | touched outside | read plainly "
        "| slowest of these | most memory of these | |",
        "|---|---|---|---|---|---|---|---|---|---|",
        f"| *required* | | | | *0* | *0* | | *≤ {SECONDS:g} s* | *≤ {MEGABYTES:g} MB* | |",
    ]
    return "\n".join([*lines, *map(_line, fuzzing.targets), ""])


def _line(each: Fuzzed) -> str:
    plain = each.plain
    return (
        f"| {each.what} | {each.runs:,} | {each.edges:,} | {each.corpus:,} "
        f"| {len(each.found) + len(plain.defects)} | {len(plain.touched)} | {plain.inputs:,} "
        f"| {plain.seconds.amount:.2f} s ({_called(plain.seconds.name)}) "
        f"| {plain.megabytes.amount:.0f} MB ({_called(plain.megabytes.name)}) "
        f"| {'**missed**' if each.missed else 'kept'} |"
    )


def _called(name: str) -> str:
    """An input's name; what a fuzzer came upon has a digest for one."""
    return name if " " in name or not name.isalnum() or len(name) < 30 else "found"
