"""Paths of a skill in a sentence to the model: its publisher chose them, so they pose as nobody else."""

from collections.abc import Iterable

from tidegate.serving.posing import shielded


def names(paths: Iterable[str]) -> str:
    """The paths one after another, each quoted, with everything escaped by which it would pose."""
    return ", ".join(f"`{shielded(path)}`" for path in paths)
