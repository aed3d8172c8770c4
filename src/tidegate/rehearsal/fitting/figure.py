"""One value of a fitted scenario, and what it rests on."""

from typing import TypeVar

import msgspec

T = TypeVar("T")


class Figure(msgspec.Struct, frozen=True):
    """`key` as in a scenario, such as `control.errors`; `said` is the evidence, or why it is a default."""

    key: str
    value: float
    fitted: bool
    said: str


def fitted(key: str, value: float, said: str) -> Figure:
    """Told by the ledger."""
    return Figure(key, value, fitted=True, said=said)


def missing(key: str, value: float, why: str) -> Figure:
    """The default, since the ledger does not tell it."""
    return Figure(key, value, fitted=False, said=f"the default, not fitted: {why}")
