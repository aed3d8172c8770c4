"""Each call of a logger is made so that its line can be written, and that its keys stay its own."""

import ast
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from tidegate.bootstrap.logs import JsonLines

ROOT = Path(__file__).parents[2]
LEVELS = {"debug", "info", "warning", "error", "exception", "critical"}
LINE = JsonLines(worker=0)
RESERVED = {
    *vars(logging.makeLogRecord({})),
    *("message", "asctime", "taskName"),
    *LINE.reserved_attrs,
    *LINE.rename_fields.values(),
    *("worker", "timestamp"),
}
"""What a record or a line has of its own: `extra` with one raises KeyError, or overwrites it."""


def calls(tree: ast.AST, loggers: set[str]) -> Iterator[ast.Call]:
    """Every call of a level of these loggers."""
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in LEVELS
            and isinstance(node.func.value, ast.Name)
            and node.func.value.id in loggers
        ):
            yield node


def loggers(tree: ast.Module) -> set[str]:
    """The names that a module binds to loggers."""
    return {
        target.id
        for node in tree.body
        if isinstance(node, ast.Assign) and "getLogger" in ast.unparse(node.value)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def wrong(call: ast.Call) -> str:
    """What is wrong with a call, or ""."""
    match call.args:
        case [ast.Constant(value=str() as said), *values]:
            if said.count("%s") != len(values) or said.count("%") != len(values):
                return "gives its text other values than it has %s for"
        case _:
            return "has no literal text: what differs from line to line goes to `extra`"
    if stray := {word.arg for word in call.keywords} - {"extra", "exc_info"}:
        return f"takes no {stray}: keys go to `extra`"
    for word in call.keywords:
        if word.arg == "extra":
            return wrong_keys(word.value)
    return ""


def wrong_keys(extra: ast.expr) -> str:
    """What is wrong with the keys of an `extra`, or ""."""
    if not isinstance(extra, ast.Dict):
        return "has no literal `extra`: its keys cannot be told before it is called"
    for key in extra.keys:
        if not (isinstance(key, ast.Constant) and isinstance(key.value, str) and key.value.isidentifier()):
            return "has a key in `extra` that is no literal name"
        if key.value in RESERVED or key.value.startswith("_"):
            return (
                f"has `{key.value}` in `extra`, which a line has of its own or leaves out: name it otherwise"
            )
    return ""


def test_every_call_of_a_logger_can_be_written_with_all_its_keys() -> None:
    found: list[str] = []
    counted = 0
    for path in sorted(ROOT.glob("src/**/*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for call in calls(tree, loggers(tree)):
            counted += 1
            if said := wrong(call):
                found.append(f"{path.relative_to(ROOT)}:{call.lineno}: the call {said}")
    assert found == []
    assert counted >= 50, "the calls are not found any more"


@pytest.mark.parametrize(
    ("call", "said"),
    [
        ('_log.info("up")', ""),
        ('_log.info("full: %s", fault, extra={"pid": 1}, exc_info=fault)', ""),
        ('_log.info("up", extra={"name": 1})', "has `name`"),
        ('_log.info("up", extra={"message": 1})', "has `message`"),
        ('_log.info("up", extra={"level": 1})', "has `level`"),
        ('_log.info("up", extra={"worker": 1})', "has `worker`"),
        ('_log.info("up", extra={"_own": 1})', "has `_own`"),
        ('_log.info("up", extra={**more})', "no literal name"),
        ('_log.info("up", extra=more)', "no literal `extra`"),
        ('_log.info("up", pid=1)', "takes no"),
        ('_log.info(f"up {pid}")', "no literal text"),
        ('_log.info("100 %")', "other values"),
        ('_log.info("%s", 1, 2)', "other values"),
    ],
)
def test_a_call_that_cannot_be_written_is_found(call: str, said: str) -> None:
    (found,) = calls(ast.parse(call), {"_log"})
    assert said in wrong(found)
    assert bool(said) == bool(wrong(found))
