"""The process that judges and reads packages for a gateway: `python -m tidegate.registry.apart.child`.

A frame in, a frame out, until its standard input ends.
"""

import resource
import sys
from functools import cached_property
from typing import BinaryIO

from tidegate.registry.apart.frame import (
    LENGTH_BYTES,
    AskedDiff,
    AskedUses,
    Judged,
    framed,
    length_of,
    read_asked,
)
from tidegate.registry.apart.here import read_diff, read_uses
from tidegate.registry.archive import files_of
from tidegate.registry.scan.inspect import Scanner

MEMORY_BYTES = 1 << 30
"""Of address space: a package that takes more breaks this process, not the gateway."""


class Judges:
    """Answers questions; the rules are compiled for the first package that is to be judged."""

    @cached_property
    def _scanner(self) -> Scanner:
        return Scanner()

    def answer(self, body: bytes) -> Judged:
        """What was asked for; whatever breaks is told in `failure`."""
        try:
            asked = read_asked(body)
            if isinstance(asked, AskedUses):
                return Judged(uses=read_uses(asked.archive))
            if isinstance(asked, AskedDiff):
                return Judged(diff=read_diff(asked.before, asked.after, asked.archives))
            return Judged(found=self._scanner.scan(asked.manifest, files_of(asked.archive)))
        except Exception as broken:
            return Judged(failure=f"{type(broken).__name__}: {broken}")


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer each request in turn."""
    judges = Judges()
    while len(head := requests.read(LENGTH_BYTES)) == LENGTH_BYTES:
        answers.write(framed(judges.answer(requests.read(length_of(head)))))
        answers.flush()


def leave_no_dump() -> None:
    """A crash leaves no dump of what somebody sent, in no file and to no program that the kernel would start
    for it: a limit of 1 keeps it from both, 0 from files alone (core(5)).
    """
    try:
        resource.setrlimit(resource.RLIMIT_CORE, (1, 1))
    except (OSError, ValueError):  # the hard limit is 0, and may not be raised
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    leave_no_dump()
    serve(sys.stdin.buffer, sys.stdout.buffer)
