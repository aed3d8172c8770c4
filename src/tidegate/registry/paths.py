"""Paths inside a package: which are allowed, which are left out, which collide."""

import re
import unicodedata
from collections.abc import Iterable, Iterator

from tidegate.domain.unseen import IGNORABLE
from tidegate.registry.finding import Finding

LEFT_OUT = frozenset({"__MACOSX", "__pycache__", ".git", ".DS_Store", "Thumbs.db"})
"""Names of files and folders that systems and tools drop unasked: no part of a package, wherever they are."""

MAX_PATH_BYTES = 512
MAX_SEGMENTS = 16

_DEVICE = re.compile(
    "(?:con|prn|aux|nul|conin\\$|conout\\$|(?:com|lpt)[0-9\xb9\xb2\xb3])(?: *\\..*)?", re.IGNORECASE
)
"""Names that are devices on Windows, whatever follows a dot; a raised digit counts as the digit."""

_BRACKETS = frozenset("<>\uff1c\uff1e\ufe64\ufe65")
"""Also in their wide and small forms: a model that reads the name of a file would read a tag."""

_UNSEEN = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp"})
_IGNORABLE = re.compile(f"[{IGNORABLE}]")
"""Among them letters and marks, such as Hangul fillers and variation selectors, of no telling category."""


def left_out(path: str) -> bool:
    """Whether the path is, or lies in, something that is never part of a package."""
    return not LEFT_OUT.isdisjoint(path.split("/"))


def path_problem(path: str) -> str | None:
    """Why this path (segments joined by `/`, no trailing one) may not be in a package; None where it may."""
    segments = path.split("/")
    if "\\" in path:
        return "has a backslash in its path; separate folders by '/'"
    if ":" in path:
        return "has a ':' in its path, which names a drive on some systems; rename the file"
    if not _BRACKETS.isdisjoint(path):
        return "has a '<' or '>' in its path, by which its name would pose as a tag; rename the file"
    if path.startswith("/"):
        return "has an absolute path; make it relative to the skill's folder"
    if ".." in segments or "." in segments or "" in segments:
        return "has an empty, '.' or '..' segment in its path; write the plain path from the skill's folder"
    if _IGNORABLE.search(path) or any(unicodedata.category(char) in _UNSEEN for char in path):
        return "has a control or invisible character in its path; rename the file"
    if len(path.encode()) > MAX_PATH_BYTES or len(segments) > MAX_SEGMENTS:
        return f"has a path over {MAX_PATH_BYTES} bytes or {MAX_SEGMENTS} levels; shorten it"
    return next(filter(None, map(_name_problem, segments)), None)


def _name_problem(segment: str) -> str | None:
    """Why other systems would take this name for another."""
    if segment[-1] in ". ":
        return "has a name that ends in a dot or space, which some systems drop; rename the file"
    if _DEVICE.fullmatch(segment):
        return "has the name of a device on some systems; rename the file"
    return None


def collisions(paths: Iterable[str]) -> Iterator[Finding]:
    """Paths that would be the same file or folder on a system that folds case or Unicode forms."""
    spelled: dict[str, str] = {}
    files: set[str] = set()
    folders: set[str] = set()
    for path in paths:
        if path in files:
            yield Finding(path=path, message="is in the package twice; keep one of the two")
        files.add(path)
        for prefix in _prefixes(path):
            if prefix != path:
                folders.add(prefix)
            first = spelled.setdefault(_folded(prefix), prefix)
            if first != prefix:
                message = (
                    f"collides with '{first}' where case or Unicode form is ignored; rename one of the two"
                )
                yield Finding(path=path, message=message)
                break
    for path in sorted(files & folders):
        yield Finding(path=path, message="is both a file and a folder; rename one of the two")


def _prefixes(path: str) -> Iterator[str]:
    """`a`, `a/b`, `a/b/c` of `a/b/c`."""
    for at, char in enumerate(path):
        if char == "/":
            yield path[:at]
    yield path


def _folded(path: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", path).casefold())
