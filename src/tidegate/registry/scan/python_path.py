"""What a script has Python import from: entries of `sys.path`, archives among them."""

import ast
from dataclasses import dataclass

from tidegate.registry.scan.pattern import pattern
from tidegate.registry.scan.python_facts import Fact, Facts, ends_with

MOST_ENTRIES = 64
ANY = "*"
"""In place of a name: an entry that is known only when the script runs."""

_ARCHIVE = pattern(r"(?i)\.(?:zip|whl|egg|pyzw?|pex|jar|apk|xpi|docx|xlsx|pptx|od[tsp]|epub)(?:$|[^\w.-])")
_READ_ONLY = ("remove", "index", "count", "pop", "copy", "clear", "reverse", "sort")
_ADDS = ("site.addsitedir", "zipimport.zipimporter", "addsitedir", "zipimporter")
_LISTS = ("glob", "iglob", "rglob", "iterdir", "listdir", "walk", "scandir")
_MADE = Fact.FILE | Fact.DECODED | Fact.SPELLED | Fact.FETCHED


@dataclass(frozen=True, slots=True)
class PathEntry:
    """What is put on the path, at which node; `names` are its texts, or ANY; whether they name an archive."""

    node: ast.AST
    names: frozenset[str]
    archive: bool


class ImportPath:
    """What a script does to the path; of more entries than anybody has, each counts as an archive."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._entries = 0
        self._names = frozenset(
            name for name, values in facts.assignments() if any(map(self._is_called, values))
        )

    def entry(self, node: ast.AST) -> PathEntry | None:
        """The entry that the node adds to what Python imports from; None where it adds none."""
        values = self._added(node)
        if not values:
            return None
        self._entries += 1
        if self._entries > MOST_ENTRIES:
            return PathEntry(node, frozenset({ANY}), archive=True)
        facts = self._facts
        reached = facts.reached(*values)
        texts = [
            each.value for each in reached if isinstance(each, ast.Constant) and isinstance(each.value, str)
        ]
        names = frozenset({"".join(texts), "/".join(texts)})
        listed = any(
            isinstance(each, ast.Call) and ends_with(facts.dotted(each.func), _LISTS) for each in reached
        )
        made = listed or facts.of(*values) & _MADE
        return PathEntry(node, names | {ANY} if made else names, any(map(_ARCHIVE.search, names)))

    def _added(self, node: ast.AST) -> list[ast.expr]:
        if isinstance(node, ast.Call):
            arguments = [*node.args, *(each.value for each in node.keywords)]
            if ends_with(self._facts.dotted(node.func), _ADDS):
                return arguments
            method = node.func
            if isinstance(method, ast.Attribute) and method.attr not in _READ_ONLY:
                return arguments if self._is_path(method.value) else []
            return []
        if isinstance(node, ast.Assign):
            return [node.value] if any(map(self._is_path, node.targets)) else []
        if isinstance(node, ast.AugAssign):
            return [node.value] if self._is_path(node.target) else []
        return []

    def _is_path(self, node: ast.AST) -> bool:
        """`sys.path`, a part of it, what a package imports from, or a name that stands for one of them."""
        while isinstance(node, ast.Subscript):
            node = node.value
        return self._is_called(node) or (isinstance(node, ast.Name) and node.id in self._names)

    def _is_called(self, node: ast.AST) -> bool:
        name = self._facts.dotted(node)
        return name == "sys.path" or name.rpartition(".")[2] == "__path__"
