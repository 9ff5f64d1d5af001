"""What waits for a sink."""

import subprocess
import sys
from dataclasses import fields, replace

import numpy as np
import pytest

from meter_infer.events import CameraState, CameraStatus, Item
from meter_infer.runtime.backlog import Backlog
from meter_infer.types import Box, Quality, Reading
from tests.runtime.fakes import START, reading


def test_items_come_out_as_they_went_in() -> None:
    status = CameraStatus(START, "a", CameraState.ONLINE, "")
    items: list[Item] = [reading("a", at_s=index / 7, value=index / 3, index=index) for index in range(5000)]
    items[1200] = status
    items[1201] = replace(reading("a", value=None, quality=Quality.BAD), box=Box(1.5, 2.0, 30.25, 40.0))
    items[1202] = replace(reading("ä"), value=np.float64(0.1), raw=np.float32(0.5))  # type: ignore[arg-type]
    backlog, out = Backlog(), list[Item]()
    for first in range(0, len(items), 7):
        backlog.extend(items[first : first + 7])
        out += backlog.pop(3)
        assert len(backlog) + len(out) == min(first + 7, len(items))
    assert backlog.pop(0) == backlog.pop(-3) == []
    while len(backlog):
        out += backlog.pop(333)
    assert out == items
    assert isinstance(out[1201], Reading)
    assert out[1201].quality is Quality.BAD
    assert isinstance(out[1200], CameraStatus)
    assert out[1200].state is CameraState.ONLINE  # and not something that equals it
    assert backlog.pop(1) == []
    assert len(fields(Reading)) == 14  # a field more is one to be packed


FULL_DISK = """
import os
from datetime import timedelta
from random import random
from meter_infer.runtime.backlog import Backlog
from tests.runtime.fakes import START, reading
from dataclasses import replace
def rss_mib():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
def fresh(number):
    at = START + timedelta(seconds=number / 120)
    value, raw, fraction = random(), random(), random()
    return replace(reading("a", index=number), captured_at=at, value=value, raw=raw, fraction=fraction)
backlog, number = Backlog(), 0
def come(count):
    global number
    for _ in range(count):
        backlog.extend([fresh(number)])
        number += 1
come(2000)
backlog.pop(1900)
before = rss_mib()
come(28_000)
full = rss_mib()
while len(backlog) > 500:
    backlog.pop(500)
    come(20)
print(full - before, rss_mib() - before)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs /proc")
def test_four_minutes_of_a_full_disk_leave_no_memory_behind() -> None:
    done = subprocess.run([sys.executable, "-c", FULL_DISK], capture_output=True, text=True, check=True)
    full, after = map(float, done.stdout.split())
    assert full < 3  # MiB; 8 as objects
    assert after < 3  # 5
