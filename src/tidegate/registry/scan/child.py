"""The process that judges packages for a gateway: `python -m tidegate.registry.scan.child`.

A frame in, a frame out, until its standard input ends.
"""

import resource
import sys
from typing import BinaryIO

from tidegate.registry.archive import files_of
from tidegate.registry.scan.frame import LENGTH_BYTES, Judged, framed, length_of, read_asked
from tidegate.registry.scan.inspect import Scanner

MEMORY_BYTES = 1 << 30
"""Of address space: a package that takes more breaks this process, not the gateway."""


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer each request in turn."""
    scanner = Scanner()
    while len(head := requests.read(LENGTH_BYTES)) == LENGTH_BYTES:
        answers.write(framed(_judge(scanner, requests.read(length_of(head)))))
        answers.flush()


def leave_no_dump() -> None:
    """A crash leaves no dump of what somebody sent, in no file and to no program that the kernel would start
    for it: a limit of 1 keeps it from both, 0 from files alone (core(5)).
    """
    try:
        resource.setrlimit(resource.RLIMIT_CORE, (1, 1))
    except (OSError, ValueError):  # the hard limit is 0, and may not be raised
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _judge(scanner: Scanner, body: bytes) -> Judged:
    try:
        asked = read_asked(body)
        return Judged(found=scanner.scan(asked.manifest, files_of(asked.archive)))
    except Exception as broken:
        return Judged(failure=f"{type(broken).__name__}: {broken}")


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    leave_no_dump()
    serve(sys.stdin.buffer, sys.stdout.buffer)
