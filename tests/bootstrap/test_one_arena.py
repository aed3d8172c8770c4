"""A serving process has one heap, however many threads it starts."""

import platform
import subprocess
import sys

import pytest

from tidegate.bootstrap import gateway

COUNT = """
import ctypes, threading
from tidegate.bootstrap.one_arena import use_one_arena
libc = ctypes.CDLL(None)
libc.malloc.restype = libc.fdopen.restype = ctypes.c_void_p
{first}
barrier = threading.Barrier(6)
def take():
    for _ in range(200):
        libc.malloc(ctypes.c_size_t(4000))
    barrier.wait()
threads = [threading.Thread(target=take) for _ in range(6)]
for thread in threads: thread.start()
for thread in threads: thread.join()
out = ctypes.c_void_p(libc.fdopen(1, b"w"))
libc.malloc_info(0, out)
libc.fflush(out)
"""


def heaps(first: str) -> int:
    code = COUNT.replace("{first}", first)
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, text=True, timeout=60
    )
    return done.stdout.count("<heap nr=")


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has arenas")
def test_threads_share_one_heap_where_they_would_each_have_one() -> None:
    assert heaps("") > 1
    assert heaps("use_one_arena()") == 1


def test_whoever_serves_uses_one_heap() -> None:
    for starter in (gateway.run_gateway, gateway.run_worker):
        assert "use_one_arena" in starter.__code__.co_names
