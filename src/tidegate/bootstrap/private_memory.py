"""The memory of a serving process holds every key and prompt of the moment: nobody else is to have it."""

import ctypes
import resource
import sys

_PR_SET_DUMPABLE = 4
"""prctl(2)."""


def keep_memory_private() -> None:
    """Leave no core dump, and let other processes of the same user read neither memory nor environment.

    On Linux the process is no longer dumpable, which holds for dumps that the system pipes to a program too.
    What is under /proc then belongs to root: `environ`, `mem`, `fd`, `maps` of it, and no debugger attaches,
    but with CAP_SYS_PTRACE. A program that it starts is as any other again, but for a core limit of 1, which
    keeps its dumps from files and from a system's program alike (core(5)); 0 would keep it from files alone.
    """
    hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
    resource.setrlimit(resource.RLIMIT_CORE, (1 if hard else 0, hard))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)  # it cannot fail with 0
