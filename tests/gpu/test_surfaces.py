"""Frames on the card: kept for the next network, and no longer than that."""

import gc
import weakref
from datetime import UTC, datetime

import numpy as np
import pytest

from meter_infer.gpu.surfaces import KEPT, Surfaces
from meter_infer.types import Frame
from tests.cuda.host_device import HostDevice


@pytest.fixture
def device() -> HostDevice:
    return HostDevice()


def frame(number: int, width: int = 64) -> Frame:
    luma = np.full((48, width), number % 256, np.uint8)
    chroma = np.full((24, width // 2), 128, np.uint8)
    return Frame(f"camera {number % 9}", number, datetime(2024, 1, 1, tzinfo=UTC), luma, (chroma, chroma))


def on_card(device: HostDevice) -> int:
    return sum(buffer.nbytes for buffer in device.buffers)


def uploads(device: HostDevice) -> int:
    return sum(call[0] == "upload" for call in device.calls)


def test_looks_at_ever_new_frames_take_no_more_memory(device: HostDevice) -> None:
    """As the live service looks: at meters whose places it knows, so that nothing is ever detected."""
    surfaces, reader = Surfaces(device), device.stream()
    kept = [frame(number) for number in range(100)]  # somebody else keeps them all
    for each in kept:
        surfaces.hold([each], reader, fresh=False)
    assert len(device.buffers) == KEPT
    assert on_card(device) == KEPT * 48 * 64 * 3 // 2
    held = uploads(device)
    surfaces.hold(kept[-KEPT:], reader, fresh=False)
    assert uploads(device) == held


def test_frames_that_nobody_keeps_share_one_buffer(device: HostDevice) -> None:
    surfaces, reader = Surfaces(device), device.stream()
    for number in range(50):
        surfaces.hold([frame(number)], reader, fresh=False)
    gc.collect()
    assert len(device.buffers) == 1


def test_the_hosts_memory_is_let_go(device: HostDevice) -> None:
    surfaces, reader = Surfaces(device), device.stream()
    one = frame(1)
    gone, plane = weakref.ref(one), weakref.ref(one.luma)
    surfaces.hold([one], reader, fresh=False)
    del one
    gc.collect()
    assert gone() is None
    assert plane() is None


def test_one_call_may_ask_for_more_than_are_kept(device: HostDevice) -> None:
    surfaces, reader = Surfaces(device), device.stream()
    many = [frame(number) for number in range(3 * KEPT)]
    held = surfaces.hold(many, reader, fresh=True)
    assert len({surface.address for surface in held}) == len(many)
    assert surfaces.hold(many, reader, fresh=False) == held
    assert uploads(device) == len(many)
    surfaces.hold([frame(999)], reader, fresh=False)
    assert len(device.buffers) == len(many)


def test_what_a_call_asks_for_is_never_overwritten_by_it(device: HostDevice) -> None:
    surfaces, reader = Surfaces(device), device.stream()
    old = [frame(number) for number in range(KEPT)]
    surfaces.hold(old, reader, fresh=False)
    new = [frame(100 + number) for number in range(KEPT - 1)]
    held = surfaces.hold([old[0], *new, old[0]], reader, fresh=False)
    assert held[0] == held[-1]
    assert len({surface.address for surface in held}) == KEPT
    assert len(device.buffers) == KEPT


def test_large_and_small_frames_find_the_buffers_that_suit(device: HostDevice) -> None:
    surfaces, reader = Surfaces(device), device.stream()
    for turn in range(4):
        pair = [frame(turn, width) for width in ((64, 640) if turn % 2 else (640, 64))]
        surfaces.hold(pair, reader, fresh=True)
    assert len(device.buffers) == 2
