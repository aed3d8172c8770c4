"""What a Python script uses, by the modules that it imports and the functions that it names."""

import ast
from collections.abc import Iterator

from tidegate.domain.capability import Capability, Use
from tidegate.registry.capabilities.python_names import OPEN_ENDED, Seen, of_attribute, of_module, of_name
from tidegate.registry.capabilities.python_scope import Scope
from tidegate.registry.scan.python_tree import read_tree

MAX_PARSED = 131_072
"""Bytes that are parsed; a tree takes a hundred times its text."""


def python_uses(path: str, text: str) -> Iterator[Use]:
    """In the order of the tree; one that cannot be parsed may do anything."""
    if len(text) > MAX_PARSED:
        yield Use(Capability.CODE, path, 1, "too long to be read")
        return
    read = read_tree(text)
    if read.tree is None or read.acts:
        yield Use(Capability.CODE, path, 1, read.error or "cannot be read")
    if read.tree is not None:
        scope = Scope(read.tree)
        for node in ast.walk(read.tree):
            if isinstance(node, ast.Import | ast.ImportFrom):
                yield from _placed(path, node, _of_import(node))
            elif isinstance(node, ast.expr):
                yield from _placed(path, node, _of_expression(node, scope))


def _placed(path: str, node: ast.stmt | ast.expr, seen: Iterator[Seen]) -> Iterator[Use]:
    for capability, what in seen:
        yield Use(capability, path, node.lineno, what)


def _of_import(node: ast.Import | ast.ImportFrom) -> Iterator[Seen]:
    if isinstance(node, ast.Import):
        for each in node.names:
            yield from of_module(each.name)
            yield from of_name(each.name)
    elif node.module:
        for each in node.names:
            yield from () if node.level else of_module(f"{node.module}.{each.name}")
            yield from of_name(f"{node.module}.{each.name}")


def _of_expression(node: ast.expr, scope: Scope) -> Iterator[Seen]:
    whole = scope.whole(node)
    module = scope.imported(node)
    if module is not None:
        yield from of_module(module)
    if whole is not None:
        yield from of_name(whole)
    elif isinstance(node, ast.Name):
        yield from of_name(node.id)
    elif isinstance(node, ast.Attribute):
        yield from of_attribute(node.attr)
    made_up = scope.made_up(node)
    if made_up is not None and made_up.partition(".")[0] in OPEN_ENDED:
        yield Capability.CODE, f"a name of {made_up} that is made up"
