"""Read a package from a folder, following no symbolic link."""

import os
from collections.abc import Iterator
from pathlib import Path

from tidegate.domain.errors import InvalidInput
from tidegate.registry.limits import PackageLimits
from tidegate.registry.paths import collisions, left_out, path_problem
from tidegate.registry.tree import Tree


def read_folder(path: Path, limits: PackageLimits) -> Tree:
    """All files below `path`, up to the limits; raises InvalidInput where it is no readable folder."""
    try:
        top = path.resolve(strict=True)
        tree = Tree(root=top.name)
        names = _gather(top, tree, limits)
    except OSError as error:
        where = error.filename or path
        raise InvalidInput(
            f"{where}: cannot be read ({error.strerror}); check the path and its rights"
        ) from error
    tree.findings.extend(collisions(names))
    return tree


def _gather(top: Path, tree: Tree, limits: PackageLimits) -> list[str]:
    """Read the files into the tree; returns their names as the file system spells them."""
    names: list[str] = []
    for entry, name in _entries(top, ""):
        problem = path_problem(name) or _kind_problem(entry)
        if problem:
            tree.refuse(_printable(name), problem)
            continue
        names.append(name)
        if not tree.add(name, _content(entry.path, tree.room(limits)), limits):
            break
    return names


def _entries(folder: Path, prefix: str) -> Iterator[tuple[os.DirEntry[str], str]]:
    """Every entry below the folder that is not itself a folder, sorted, with its path from the top."""
    with os.scandir(folder) as listing:
        entries = sorted(listing, key=lambda entry: entry.name)
    for entry in entries:
        name = f"{prefix}{entry.name}"
        if left_out(entry.name):
            continue
        if entry.is_dir(follow_symlinks=False) and path_problem(name) is None:
            yield from _entries(Path(entry.path), f"{name}/")
        else:
            yield entry, name


def _kind_problem(entry: os.DirEntry[str]) -> str | None:
    if entry.is_symlink():
        return "is a symbolic link; put the file itself into the package"
    if not entry.is_file(follow_symlinks=False):
        return "is neither a file nor a folder (a device, pipe or socket); remove it"
    return None


def _content(path: str, room: int) -> bytes:
    """At most one byte more than there is room for; O_NOFOLLOW in case the file was swapped for a link."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as file:
        return file.read(room + 1)


def _printable(name: str) -> str:
    return name.encode("utf-8", "backslashreplace").decode()
