"""How one setting is declared."""

from collections.abc import Callable
from dataclasses import field
from typing import TypeVar

T = TypeVar("T")


def setting(parse: Callable[[object], T], default: str, help: str, *, secret: bool = False) -> T:
    """One setting: its parser, its default as it would be written, what it is for."""
    metadata = {"parse": parse, "written": default, "help": help, "secret": secret}
    return field(default=parse(default), metadata=metadata, repr=not secret)
