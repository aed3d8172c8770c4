"""Where a script takes hold of what evaluates code, or of the builtins, without calling it by name.

A call that names `exec` is judged by what it is given; a value that may be called anywhere cannot be.
"""

import ast
from collections.abc import Iterator, Sequence

from tidegate.registry.scan.python_facts import Facts

EVALUATORS = frozenset({"exec", "eval", "compile"})
_MODULES = ("builtins", "__builtins__", "__builtin__")
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_IMPORTS = ("__import__", "import_module")


def taken_hold_of(tree: ast.Module, facts: Facts) -> Iterator[ast.AST]:
    """Each place where `exec`, `eval`, `compile` or the module that has them is handed on as a value."""
    called = {id(node.func) for node in facts.nodes if isinstance(node, ast.Call)}
    looked_into = {
        id(node.value)
        for node in facts.nodes
        if isinstance(node, ast.Attribute) and not node.attr.startswith("__")
    }
    for name in _free(tree):
        if name.id in _MODULES[1:] or facts.aliases.get(name.id) in _MODULES:
            if id(name) not in looked_into:
                yield name
        elif id(name) not in called and _evaluates(name, facts):
            yield name
    for node in facts.nodes:
        if _leads_to_builtins(node, facts) or (_is_evaluator(node, facts) and id(node) not in called):
            yield node


def _evaluates(name: ast.Name, facts: Facts) -> bool:
    """`compile` may be that of `re`; `exec` and `eval` are themselves whatever some function imports."""
    if name.id == "compile":
        return facts.aliases.get("compile", "compile") in ("compile", "builtins.compile")
    return name.id in EVALUATORS


def _is_evaluator(node: ast.AST, facts: Facts) -> bool:
    """`builtins.exec`."""
    return (
        isinstance(node, ast.Attribute) and node.attr in EVALUATORS and facts.dotted(node.value) in _MODULES
    )


def _leads_to_builtins(node: ast.AST, facts: Facts) -> bool:
    """`from builtins import exec`, `sys.modules["builtins"]`, `__import__("builtins")`."""
    if isinstance(node, ast.ImportFrom):
        return node.module in _MODULES and any(each.name in (*EVALUATORS, "*") for each in node.names)
    if isinstance(node, ast.Subscript):
        key = node.slice
        return isinstance(node.ctx, ast.Load) and isinstance(key, ast.Constant) and key.value in _MODULES
    return (
        isinstance(node, ast.Call)
        and facts.dotted(node.func).rpartition(".")[2] in _IMPORTS
        and any(isinstance(each, ast.Constant) and each.value in _MODULES for each in node.args)
    )


def _free(tree: ast.Module) -> Iterator[ast.Name]:
    """Names that are read and that no function around them binds: globals, and so builtins."""
    waiting: list[tuple[ast.AST, frozenset[str]]] = [(tree, _own(tree))]
    while waiting:
        node, bound = waiting.pop()
        if isinstance(node, ast.Name):
            if isinstance(node.ctx, ast.Load) and node.id not in bound:
                yield node
        elif isinstance(node, _COMPREHENSIONS):
            first, inner = node.generators[0].iter, bound | _targets(node)
            waiting.append((first, bound))
            waiting.extend((each, inner) for each in _within(node) if each is not first)
        elif isinstance(node, _FUNCTIONS):
            inner = bound | _bound_by(node)
            body: Sequence[ast.AST] = [node.body] if isinstance(node, ast.Lambda) else node.body
            within = set(map(id, body))
            waiting.extend((each, inner) for each in body)
            waiting.extend((each, bound) for each in ast.iter_child_nodes(node) if id(each) not in within)
        else:
            waiting.extend((each, bound) for each in ast.iter_child_nodes(node))


def _own(tree: ast.Module) -> frozenset[str]:
    """Names of evaluators that the script makes its own at its top, before it reads any of them.

    What is bound further down, under a condition, or deleted again, is the builtin where it is read before.
    """
    bound: dict[str, int] = {}
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            bound.setdefault(node.name, node.lineno)
        elif isinstance(node, ast.Assign) and len(node.targets) == 1 and not _names_evaluator(node.value):
            target = node.targets[0]
            if isinstance(target, ast.Name):
                bound.setdefault(target.id, node.lineno)
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id in bound:
            is_early = isinstance(node.ctx, ast.Load) and node.lineno <= bound[node.id]
            if is_early or isinstance(node.ctx, ast.Del):
                del bound[node.id]
    return frozenset(bound.keys() & EVALUATORS)


def _names_evaluator(value: ast.AST) -> bool:
    """Whether the value could be an evaluator, or something that holds one."""
    return any(
        (isinstance(node, ast.Name) and node.id in (*EVALUATORS, *_MODULES, "getattr", "vars", "globals"))
        or isinstance(node, ast.Attribute | ast.Subscript | ast.Call)
        for node in ast.walk(value)
        if not (isinstance(node, ast.Attribute) and ast.unparse(node) == "sys.argv")
    )


def _targets(node: ast.AST) -> frozenset[str]:
    """What a comprehension binds for as long as it lasts."""
    stored = (each for each in ast.walk(node) if isinstance(each, ast.Name))
    return frozenset(each.id for each in stored if isinstance(each.ctx, ast.Store) and each.id in EVALUATORS)


def _within(node: ast.AST) -> Iterator[ast.AST]:
    for each in ast.iter_child_nodes(node):
        if isinstance(each, ast.comprehension):
            yield from ast.iter_child_nodes(each)
        else:
            yield each


def _bound_by(function: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> frozenset[str]:
    """The names of evaluators that are the function's own: arguments, and what it assigns."""
    given = function.args
    arguments = [*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg]
    names = {each.arg for each in arguments if each is not None and each.arg in EVALUATORS}
    waiting: list[ast.AST] = [] if isinstance(function, ast.Lambda) else list(function.body)
    elsewhere = set[str]()
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Global | ast.Nonlocal):
            elsewhere.update(node.names)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id in EVALUATORS:
            names.add(node.id)
        if not isinstance(node, (*_FUNCTIONS, ast.ClassDef, ast.comprehension)):
            waiting.extend(ast.iter_child_nodes(node))
    return frozenset(names - elsewhere)
