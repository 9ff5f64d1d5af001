"""The whole GPU path against the CPU path, with kernels compiled for the host in place of the card's."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("onnxruntime")

from meter_infer.backends.device import DeviceTensor
from meter_infer.cuda.device import Stream
from meter_infer.gpu.networks import GpuNetworks
from meter_infer.networks import Detector, Segmenter, load_detector, load_segmenter
from meter_infer.resources import data_dir
from meter_infer.types import Box, Frame, Segment
from meter_infer.vision.color import frame_from_bgr
from tests.cuda.host_device import HostDevice, host_kernels
from tests.gpu.rig import card_networks, host_networks

pytestmark = pytest.mark.timeout(600)

BOX_PX = 1.0
"""Boxes may differ by so many pixels: the CPU path rounds its pictures to 8 bits."""


@pytest.fixture(scope="module")
def cpu() -> Iterator[tuple[Detector, Segmenter]]:
    with load_detector("onnxruntime") as detector, load_segmenter("onnxruntime") as segmenter:
        yield detector, segmenter


@pytest.fixture
def device() -> HostDevice:
    host_kernels()
    return HostDevice()


@pytest.fixture
def networks(device: HostDevice) -> Iterator[GpuNetworks]:
    made = host_networks(device)
    yield made
    made.close()
    assert device.closed


@pytest.fixture(
    params=[
        "host-f32",
        "host-f16",
        *(
            pytest.param(name, marks=pytest.mark.gpu)
            for name in ("tensorrt-f32", "tensorrt-f16", "cuda-f32", "cuda-f16")
        ),
    ]
)
def anywhere(request: pytest.FixtureRequest) -> Iterator[GpuNetworks]:
    """The networks on the host, and with every engine on a card where there is one."""
    where, precision = request.param.split("-")
    if where == "host":
        host_kernels()
        made = host_networks(HostDevice(), precision)
    else:
        made = card_networks(where, precision)
    yield made
    made.close()


def frames(*numbers: int, size: tuple[int, int] | None = None, grey: bool = False) -> list[Frame]:
    """Rendered frames with gauges, those over which int8 is calibrated."""
    paths: list[Path] = sorted((data_dir("calibration") / "images" / "detect").glob("*.jpg"))
    made = []
    for number in numbers:
        image = cv2.imread(str(paths[number]))
        assert image is not None
        if size is not None:
            image = cv2.resize(image, size)
        pixels = np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY) if grey else image, np.uint8)
        made.append(frame_from_bgr(pixels, f"camera {number}", 0, datetime(2024, 1, 1, tzinfo=UTC)))
    return made


def apart(a: Box, b: Box) -> float:
    return max(abs(a.x1 - b.x1), abs(a.y1 - b.y1), abs(a.x2 - b.x2), abs(a.y2 - b.y2))


def test_it_finds_the_meters_that_the_cpu_path_finds(
    anywhere: GpuNetworks, cpu: tuple[Detector, Segmenter]
) -> None:
    mixed = [*frames(1, 3), *frames(3, size=(505, 381)), *frames(1, grey=True), *frames(1, size=(1281, 769))]
    count = 0
    for got, wanted in zip(anywhere.detect(mixed), cpu[0].detect(mixed), strict=True):
        sure = [each for each in wanted if each.score > 0.4]
        for theirs in sure:
            ours = min(got, key=lambda each: apart(each.box, theirs.box))
            assert ours.kind is theirs.kind
            assert apart(ours.box, theirs.box) < BOX_PX
            assert abs(ours.score - theirs.score) < 0.03
        assert len(got) >= len(sure)
        count += len(sure)
    assert count >= 8


def mask_distance(a: Segment, b: Segment) -> float:
    """Mean difference of two masks' cells; 0 for two landmarks."""
    if a.mask is None or b.mask is None:
        assert a.mask is b.mask is None
        return 0.0
    assert a.mask.pitch == pytest.approx(b.mask.pitch)
    low = [
        round((p.mask.origin[k] - a.mask.origin[k]) / a.mask.pitch) for k in (0, 1) for p in (b,) if p.mask
    ]
    ours = np.pad(a.mask.values, 8)
    rows, columns = b.mask.values.shape
    part = ours[8 + low[1] : 8 + low[1] + rows, 8 + low[0] : 8 + low[0] + columns]
    inner = slice(2, -2)  # a box that differs by a hair may take one more cell
    return float(np.abs(part[inner, inner] - b.mask.values[inner, inner]).mean())


def test_it_finds_the_parts_that_the_cpu_path_finds(
    anywhere: GpuNetworks, cpu: tuple[Detector, Segmenter]
) -> None:
    seen = frames(1, 3)
    items = [
        (frame, each.box) for frame, found in zip(seen, anywhere.detect(seen), strict=True) for each in found
    ]
    items.append((items[0][0], Box(-40, -40, 80, 80)))  # over the border
    compared = 0
    for got, wanted in zip(anywhere.segment(items), cpu[1].segment(items), strict=True):
        for theirs in (each for each in wanted if each.score > 0.5):
            ours = min(
                (each for each in got if each.label is theirs.label), key=lambda s: apart(s.box, theirs.box)
            )
            assert apart(ours.box, theirs.box) < BOX_PX
            assert mask_distance(ours, theirs) < 0.01
            compared += 1
    assert compared > 15


def test_frames_are_uploaded_once_through_two_pinned_buffers(
    networks: GpuNetworks, device: HostDevice
) -> None:
    seen = frames(0, 1, 2, 3)
    device.calls.clear()
    networks.detect(seen)
    kinds = [call[0] for call in device.calls]
    big = [call for call in device.calls if call[0] == "upload" and call[1] == 640 * 384 * 3 // 2]
    assert len(big) == 4
    # a slot is filled again only after its copy is done: the third frame waits for the first
    assert kinds.index("synchronize") > [i for i, call in enumerate(device.calls) if call in big][1]
    assert kinds[: kinds.index("launch")].count("synchronize") == 2
    # the kernels' stream waits for the copies, which have a stream of their own
    copies, work = big[0][2], next(call[2] for call in device.calls if call[0] == "launch")
    assert copies != work
    waited = next(call for call in device.calls if call[0] == "wait")
    assert waited[1] == work
    assert device.calls.index(waited) < kinds.index("launch")
    device.calls.clear()
    networks.segment([(seen[2], Box(10, 10, 90, 90)), (seen[2], Box(50, 50, 200, 200))])
    assert not any(call[0] == "upload" and call[1] == big[0][1] for call in device.calls)


def test_nothing_is_allocated_once_it_has_run(networks: GpuNetworks, device: HostDevice) -> None:
    for turn in range(3):
        seen = frames(1)
        items = [(seen[0], each.box) for each in networks.detect(seen)[0]]
        networks.segment(items[:1])
        allocated, made = len(device.buffers), sum(call[0] in ("stream", "event") for call in device.calls)
        if turn == 1:
            before = allocated, made
    assert (allocated, made) == before


def test_more_frames_than_a_batch_and_frames_that_were_not_detected_in(
    device: HostDevice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("meter_infer.gpu.networks.MAX_BATCH", 2)
    networks = host_networks(device)
    one, other = frames(3, 1)
    many = networks.detect([one] * 3)
    assert [len(found) for found in many] == [len(many[0])] * 3
    assert all(apart(found[0].box, many[0][0].box) < 0.01 for found in many)
    boxes = [Box(3, 65, 335, 373)] * 3
    parts = networks.segment([(other, box) for box in boxes])
    assert [len(found) for found in parts] == [len(parts[0])] * 3
    assert parts[0]
    networks.close()


def test_nothing_in_is_nothing_out(networks: GpuNetworks) -> None:
    assert networks.detect([]) == []
    assert networks.segment([]) == []
    blank = frame_from_bgr(np.full((90, 160, 3), 90, np.uint8), "blank", 0, datetime(2024, 1, 1, tzinfo=UTC))
    assert networks.detect([blank]) == [[]]


def test_results_outlive_the_next_batch(networks: GpuNetworks) -> None:
    seen = frames(1, 3)
    box = networks.detect(seen)[0][0].box
    (kept,) = networks.segment([(seen[0], box)])
    copies = [None if each.mask is None else each.mask.values.copy() for each in kept]
    networks.segment([(seen[1], Box(289, 268, 366, 346))])
    for each, copy in zip(kept, copies, strict=True):
        if each.mask is not None and copy is not None:
            assert np.array_equal(each.mask.values, copy)


def test_a_tensor_knows_its_size() -> None:
    assert DeviceTensor(0, (2, 3, 4)).nbytes == 96
    assert DeviceTensor(0, (2, 3, 4), half=True).nbytes == 48
    assert int(Stream(7)) == 7
