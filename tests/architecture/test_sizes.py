"""Files stay short enough to read in one go, functions short enough to hold in mind."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = sorted([*ROOT.glob("src/**/*.py"), *ROOT.glob("bench/**/*.py"), *ROOT.glob("skills/**/*.py")])
FILE_LIMIT = 400
FUNCTION_LIMIT = 40


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_file_over_400_lines_and_no_function_over_40(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= FILE_LIMIT
    long = [
        f"{node.name} (line {node.lineno}): {length} lines"
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (length := (node.end_lineno or node.lineno) - node.lineno + 1) > FUNCTION_LIMIT
    ]
    assert long == []


def test_no_module_is_named_for_nothing() -> None:
    nothing = {"utils", "util", "helpers", "helper", "common", "manager", "base", "misc"}
    assert [path for path in FILES if path.stem in nothing or path.parent.name in nothing] == []
