"""The capabilities of a package: those of every script in it, and what is only in one of two versions."""

from collections.abc import Iterator, Mapping

from tidegate.domain.capability import Capability, Use
from tidegate.registry.capabilities.python import python_uses
from tidegate.registry.capabilities.text import javascript_uses, shell_uses
from tidegate.registry.scan.kind import SCRIPTS, Kind, kinds_of

EVALS = "evals/"
"""Of no use to a model or a script, so nothing there is run."""

MAX_READ = 524_288
"""Characters of a script that are read; in a longer one anything may stand."""

MAX_READ_IN_ALL = 2_097_152
"""Characters of all scripts of a package that are read; what comes after them is told as not read."""

_ORDER = list(Capability)
_READERS = {Kind.PYTHON: python_uses, Kind.SHELL: shell_uses, Kind.JAVASCRIPT: javascript_uses}


def capabilities_of(files: Mapping[str, bytes]) -> tuple[Use, ...]:
    """What the scripts of a package use, each thing once a file, by capability, file and line.

    Derived, not proven: what a script is made to load is `code`, and may be anything. What the sandbox lets
    it have is another matter.
    """
    first: dict[tuple[Capability, str, str], Use] = {}
    for use in _every(files):
        first.setdefault((use.capability, use.path, use.seen), use)
    return tuple(sorted(first.values(), key=lambda use: (_ORDER.index(use.capability), use.path, use.line)))


def changed(before: tuple[Use, ...], after: tuple[Use, ...]) -> tuple[tuple[Use, ...], tuple[Use, ...]]:
    """What came with the later one, and what went with the earlier; a use that only moved is neither."""
    was, now = ({(use.capability, use.path, use.seen) for use in each} for each in (before, after))
    added = tuple(use for use in after if (use.capability, use.path, use.seen) not in was)
    removed = tuple(use for use in before if (use.capability, use.path, use.seen) not in now)
    return added, removed


def _every(files: Mapping[str, bytes]) -> Iterator[Use]:
    left = MAX_READ_IN_ALL
    for path, content in sorted(files.items()):
        if path.startswith(EVALS):
            continue
        text = content.decode(errors="replace")
        kinds = [kind for kind in kinds_of(path, text) if kind in SCRIPTS]
        if path.startswith("scripts/") and b"\0" in content:
            yield Use(Capability.CODE, path, 0, "a program in binary form")
        for kind in kinds:
            yield from _of_kind(kind, path, text, left)
        left -= len(text) if kinds and len(text) <= MAX_READ else 0


def _of_kind(kind: Kind, path: str, text: str, left: int) -> Iterator[Use]:
    reader = _READERS.get(kind)
    if reader is None:
        yield Use(Capability.CODE, path, 1, "a script in a language that is not read")
    elif len(text) > MAX_READ:
        yield Use(Capability.CODE, path, 1, "too long to be read")
    elif len(text) > left:
        yield Use(Capability.CODE, path, 1, "not read: the scripts before it are too long together")
    else:
        yield from reader(path, text)
