"""`python -m tidegate.harness.fuzz.replay TARGET [FOLDER …]`: seeds, largest inputs and others, read plainly.

A process of its own for each target: what one keeps is not counted as the other's. Prints a Trial as JSON.
"""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from tidegate.harness.fuzz.targets import Target, target
from tidegate.harness.fuzz.trial import tried
from tidegate.harness.fuzz.watch import Watch


def main(name: str, *folders: Path) -> None:
    """Read all inputs of the target and print what came of it."""
    chosen = target(name)
    chosen.run(b"")  # what is made at the first use is nobody's cost
    trial = tried(chosen.run, _inputs(chosen, folders), Watch())
    sys.stdout.buffer.write(msgspec.json.encode(trial))


def _inputs(chosen: Target, folders: Sequence[Path]) -> Iterator[tuple[str, bytes]]:
    yield from chosen.seeds()
    yield from chosen.largest()
    for folder in folders:
        for path in sorted(folder.iterdir()):
            yield path.name, path.read_bytes()


if __name__ == "__main__":
    main(sys.argv[1], *map(Path, sys.argv[2:]))
