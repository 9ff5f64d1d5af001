"""What the service does about the C library's heaps."""

import platform
import subprocess
import sys

import pytest

HOLES = """
import ctypes, os
from meter_infer.runtime.memory import give_back, share_heaps
share_heaps()
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
libc.malloc.argtypes = [ctypes.c_size_t]
libc.free.argtypes = [ctypes.c_void_p]
def rss_mib():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
blocks = []
for _ in range(600):
    block = libc.malloc(100_000)
    ctypes.memset(block, 1, 100_000)
    blocks.append(block)
    libc.malloc(16)  # stays, between what goes
full = rss_mib()
for block in blocks:
    libc.free(block)
holed = rss_mib()
give_back()
print(full - holed, holed - rss_mib())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries keep their heaps otherwise")
def test_pages_between_what_lives_are_given_back() -> None:
    done = subprocess.run([sys.executable, "-c", HOLES], capture_output=True, text=True, check=True)
    by_itself, given_back = map(float, done.stdout.split())
    assert by_itself < 10  # 57 MiB are free, and held by what lies between them
    assert given_back > 40


CIRCLES = """
import gc
from meter_infer.runtime.memory import give_back, settle
class Circle:
    def __init__(self):
        self.me = self
kept = [[number] for number in range(200_000)]
settle()
for _ in range(3000):
    Circle()
waiting = sum(type(item) is Circle for item in gc.get_objects())
give_back()
print(waiting, sum(type(item) is Circle for item in gc.get_objects()), gc.get_freeze_count())
"""


def test_circles_of_garbage_do_not_wait_for_hours() -> None:
    done = subprocess.run([sys.executable, "-c", CIRCLES], capture_output=True, text=True, check=True)
    waiting, left, settled = map(int, done.stdout.split())
    assert waiting < 1500  # Python alone would let 50,000 of them wait beside so many that live
    assert left == 0
    assert settled > 200_000
