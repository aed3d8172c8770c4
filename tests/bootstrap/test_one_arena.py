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


LARGE = """
import ctypes
from tidegate.bootstrap.one_arena import use_one_arena
{first}
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
libc.free.argtypes = [ctypes.c_void_p]
libc.free(libc.malloc(8 << 20))  # after this glibc, left alone, keeps blocks of so many bytes in the heap
block = libc.malloc(1 << 20)
heap = next(line for line in open("/proc/self/maps") if line.endswith("[heap]\\n")).split("-", 2)
print(int(heap[0], 16) <= block < int(heap[1].split()[0], 16))
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc's bound rises")
@pytest.mark.parametrize(("first", "in_the_heap"), [("", "True"), ("use_one_arena()", "False")])
def test_a_large_block_is_kept_apart_whatever_was_freed_before(first: str, in_the_heap: str) -> None:
    told = subprocess.check_output(
        [sys.executable, "-c", LARGE.replace("{first}", first)], text=True, timeout=60
    )
    assert told.strip() == in_the_heap
