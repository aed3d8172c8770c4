"""Read a package from files that were sent one by one, each under its path."""

from collections.abc import Iterable

from tidegate.registry.finding import Finding
from tidegate.registry.limits import PackageLimits
from tidegate.registry.paths import collisions, left_out, path_problem
from tidegate.registry.tree import Tree

_WHOLE = "(files)"


def read_files(sent: Iterable[tuple[str, bytes]], limits: PackageLimits) -> Tree:
    """All files of the one top-level folder, or of none: then `root` is empty and SKILL.md names it."""
    tree = Tree()
    wanted: list[tuple[str, bytes]] = []
    for path, content in sent:
        problem = path_problem(path)
        if problem:
            tree.refuse(ascii(path)[1:-1], problem)
        elif not left_out(path):
            wanted.append((path, content))
    tree.findings.extend(collisions(path for path, _ in wanted))
    _place_root([path for path, _ in wanted], tree)
    if not tree.findings:
        _take(wanted, tree, limits)
    return tree


def _place_root(paths: list[str], tree: Tree) -> None:
    tops = sorted({path.partition("/")[0] for path in paths})
    loose = "SKILL.md" in tops
    if not paths:
        _refuse(tree, "has no files; send those of the skill's folder, NAME/SKILL.md among them")
    elif not loose and len(tops) > 1:
        shown = ", ".join(tops[:5])
        _refuse(
            tree,
            f"has {len(tops)} top-level names ({shown}); all files lie in one folder named like the skill",
        )
    elif not loose and tops == paths:
        tree.refuse(paths[0], "lies outside a folder; name files by their path in the skill: NAME/SKILL.md")
    tree.root = "" if loose or not tops else tops[0]


def _refuse(tree: Tree, message: str) -> None:
    tree.findings.append(Finding(path=_WHOLE, message=message))


def _take(wanted: list[tuple[str, bytes]], tree: Tree, limits: PackageLimits) -> None:
    for path, content in wanted:
        below = path.removeprefix(f"{tree.root}/") if tree.root else path
        if not tree.add(below, content, limits):
            return
