"""One heap for all threads of a serving process: each thread's own keeps memory that no other uses."""

import ctypes

_M_ARENA_MAX = -8
"""mallopt(3)."""


def use_one_arena() -> None:
    """Have glibc's malloc keep one arena; other C libraries have no more than one, or no such setting.

    Threads of one interpreter take turns anyway, so hardly any ever waits for another's allocation.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_ARENA_MAX, 1)
