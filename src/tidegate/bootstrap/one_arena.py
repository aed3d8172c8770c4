"""One heap for all threads of a serving process, from which what was large goes back to the system."""

import ctypes

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8
"""mallopt(3)."""

_LARGE, _KEPT = 256 * 1024, 16 * 1024 * 1024
"""Bytes of a block that is kept apart, and of the heap's free end that is not given back. Left alone, the
first rises to the largest block that was ever freed, and bodies and archives of that size leave holes in the
heap. Once the first is set, the second is 128 KiB: a busy gateway would give its heap's end back and fetch it
again all the time.
"""


def use_one_arena() -> None:
    """Have glibc's malloc keep one arena, and large blocks apart; other C libraries have no such settings.

    Each thread's own arena keeps memory that no other uses; threads of one interpreter take turns anyway, so
    hardly any ever waits for another's allocation.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_ARENA_MAX, 1)
        mallopt(_M_MMAP_THRESHOLD, _LARGE)
        mallopt(_M_TRIM_THRESHOLD, _KEPT)
