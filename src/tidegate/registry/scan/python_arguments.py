"""What the arguments of a call say by themselves."""

import ast


def is_true(node: ast.expr) -> bool:
    """Whether the value is, or may be, true."""
    return not (isinstance(node, ast.Constant) and not node.value)


def writes(node: ast.expr) -> bool:
    """Whether this is an `open` mode that writes."""
    return (
        isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and len(node.value) <= 3
        and bool(set(node.value) & set("wax+"))
    )


def words_of(node: ast.expr) -> list[str]:
    """The constant words of a command."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value.split()
    if isinstance(node, ast.List | ast.Tuple):
        return [
            each.value for each in node.elts if isinstance(each, ast.Constant) and isinstance(each.value, str)
        ]
    return []


def of_pieces(node: ast.expr) -> bool:
    """Whether a text is put together from nothing but constants: `"ex" + "ec"`."""
    if isinstance(node, ast.BinOp):
        return all(isinstance(each, ast.Constant | ast.BinOp) for each in (node.left, node.right))
    if isinstance(node, ast.Subscript):
        return isinstance(node.value, ast.Constant)
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Constant)
    )


def makes_executable(arguments: list[ast.expr]) -> bool:
    """Whether a mode among the arguments of a `chmod` makes a file executable."""
    numbers = [
        each.value
        for each in ast.walk(ast.Tuple(elts=arguments, ctx=ast.Load()))
        if isinstance(each, ast.Constant)
    ]
    names = [
        each.attr
        for each in ast.walk(ast.Tuple(elts=arguments, ctx=ast.Load()))
        if isinstance(each, ast.Attribute)
    ]
    return any(isinstance(number, int) and number & 0o111 for number in numbers) or any(
        name.startswith("S_IX") or name == "S_IEXEC" for name in names
    )
