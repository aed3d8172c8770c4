"""What a pure function said of a text, kept for later: a conversation brings its texts with every turn."""

from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")

KEPT = 4096
"""Answers of one function; the oldest goes first. The texts themselves are not kept, only their hashes."""


class Memo(Generic[T]):
    """The function with a memory; its answers must not be changed by who gets them.

    Texts are told apart by length and Python's own hash: 64 bits of SipHash under a key of this process, and
    computed once however many memories a text is looked up in.
    """

    __slots__ = ("_function", "_kept")

    def __init__(self, function: Callable[[str], T]) -> None:
        self._function = function
        self._kept: dict[tuple[int, int], T] = {}

    def __call__(self, text: str) -> T:
        """What the function says of the text."""
        key = (hash(text), len(text))
        try:
            return self._kept[key]
        except KeyError:
            pass  # computed below, outside the handler, so that the function's own KeyError stays its own
        answer = self._function(text)
        if len(self._kept) >= KEPT:
            del self._kept[next(iter(self._kept))]
        self._kept[key] = answer
        return answer
