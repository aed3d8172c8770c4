"""The whole names of what a Python script speaks of, by its imports and the usual ways round them."""

import ast

from tidegate.registry.capabilities.python_names import MOST_CHARACTERS, starred

MOST_PARTS = 8
"""Of an expression that names something; a longer one is looked at by its last part alone."""

_RESOLVERS = frozenset({"getattr", "vars", "__import__", "globals", "__builtins__"})
_IMPORTS = frozenset(
    {"builtins.__import__", "importlib.__import__", "importlib.import_module", "pkgutil.resolve_name"}
)
_LOADED = "sys.modules"


class Scope:
    """Names that a script gives to modules and to what is in them, with their whole names."""

    def __init__(self, tree: ast.Module) -> None:
        self._known: dict[str, str] = {}
        nodes = list(ast.walk(tree))
        for node in nodes:
            if isinstance(node, ast.Import):
                self._import(node)
            elif isinstance(node, ast.ImportFrom) and node.module:
                self._import_from(node.module, node)
        for node in nodes:
            self._assign(node)

    def whole(self, node: ast.expr, parts: int = MOST_PARTS) -> str | None:
        """`sp.run` as `subprocess.run`, `getattr(os, "fork")` as `os.fork`; None where no module is named."""
        if not parts:
            return None
        match node:
            case ast.Name(id=name):
                return self._known.get(name) or (f"builtins.{name}" if name in _RESOLVERS else None)
            case ast.Attribute(value=value, attr=name):
                return _joined(self.whole(value, parts - 1), name)
            case ast.Subscript(value=value, slice=key):
                return self._looked_up(self.whole(value, parts - 1), key)
            case ast.NamedExpr(value=value):
                return self.whole(value, parts - 1)
            case ast.Call(func=function, args=[first, *more]):
                return self._called(self.whole(function, parts - 1) or "", first, more, parts - 1)
            case _:
                return None

    def imported(self, node: ast.expr) -> str | None:
        """The module that a call imports, or a look-up finds, by its name as a text."""
        match node:
            case ast.Call(func=function, args=[first, *_]) if self.whole(function) in _IMPORTS:
                return _text(first)
            case ast.Call() | ast.Subscript():
                return self.whole(node)
            case _:
                return None

    def made_up(self, node: ast.expr) -> str | None:
        """What `getattr` or a look-up asks by a name that only running it tells; None for another node."""
        match node:
            case ast.Call(func=function, args=[base, name, *_]) if _text(name) is None:
                return self.whole(base) if self.whole(function) == "builtins.getattr" else None
            case ast.Subscript(value=value, slice=key) if _text(key) is None:
                base = self.whole(value) or ""
                return base.removesuffix(".__dict__") if _is_table(base) else None
            case _:
                return None

    def _looked_up(self, table: str | None, key: ast.expr) -> str | None:
        name = _text(key)
        if table is None or name is None:
            return None
        if table == _LOADED:
            return name
        return _joined(table, name) if _is_table(table) else None

    def _called(self, function: str, first: ast.expr, more: list[ast.expr], parts: int) -> str | None:
        if function in _IMPORTS:
            name = (_text(first) or "").replace(":", ".")
            return (name.partition(".")[0] if function.endswith("__import__") else name) or None
        if function == "builtins.vars":
            return _joined(self.whole(first, parts), "__dict__")
        if function == "builtins.getattr" and more:
            return _joined(self.whole(first, parts), _text(more[0]))
        owner, _, method = function.rpartition(".")
        if method in ("get", "pop", "__getitem__"):
            return self._looked_up(owner, first)
        return _joined(owner, _text(first)) if method == "__getattribute__" else None

    def _import(self, node: ast.Import) -> None:
        for each in node.names:
            root = each.name.partition(".")[0]
            self._known[each.asname or root] = each.name if each.asname else root

    def _import_from(self, module: str, node: ast.ImportFrom) -> None:
        for each in node.names:
            names = starred(module) if each.name == "*" else (each.name,)
            self._known |= {each.asname or name: f"{module}.{name}" for name in names}

    def _assign(self, node: ast.AST) -> None:
        match node:
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=value)
                | ast.NamedExpr(target=ast.Name(id=name), value=value)
            ):
                whole = self.whole(value)
                if whole is not None:
                    self._known.setdefault(name, whole)
            case _:
                pass


def _joined(base: str | None, name: str | None) -> str | None:
    if not base or name is None or len(base) + len(name) >= MOST_CHARACTERS:
        return None
    return f"{base}.{name}"


def _is_table(whole: str) -> bool:
    return whole.endswith((".__dict__", ".__builtins__")) or whole == _LOADED


def _text(node: ast.expr, parts: int = MOST_PARTS) -> str | None:
    """A text that is written out, perhaps in pieces; None for any other."""
    match node:
        case ast.Constant(value=str(text)) if len(text) <= MOST_CHARACTERS:
            return text
        case ast.BinOp(left=left, op=ast.Add(), right=right) if parts:
            pieces = _text(left, parts - 1), _text(right, parts - 1)
            return None if None in pieces else "".join(piece or "" for piece in pieces)
        case _:
            return None
