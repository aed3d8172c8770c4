"""One heap for all threads of a serving process, from which what was large goes back to the system."""

import ctypes

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8
"""mallopt(3)."""

_LARGE = 128 * 1024
"""Bytes; glibc's own first value. Left alone, it rises to the largest block that was ever freed: bodies and
archives of that size then leave holes in the heap."""


def use_one_arena() -> None:
    """Have glibc's malloc keep one arena, and large blocks apart; other C libraries have no such settings.

    Each thread's own arena keeps memory that no other uses; threads of one interpreter take turns anyway, so
    hardly any ever waits for another's allocation.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_ARENA_MAX, 1)
        mallopt(_M_MMAP_THRESHOLD, _LARGE)
        mallopt(_M_TRIM_THRESHOLD, _LARGE)
