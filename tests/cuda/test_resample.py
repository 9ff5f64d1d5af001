"""The picture kernel against NumPy, and NumPy against the path that CPUs take."""

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import pytest
from numpy.typing import NDArray

from meter_infer.cuda.device import Device
from meter_infer.cuda.layout import ITEM, item_record, sampling_record
from meter_infer.cuda.reference import resample_picture
from meter_infer.types import Box, ColorMatrix, Frame
from meter_infer.vision.color import bgr_matrix, frame_from_bgr
from meter_infer.vision.letterbox import crop, crop_affine, input_shape, letterbox, letterbox_affine
from meter_infer.vision.resample import Corners
from tests.cuda.host_device import run_kernel

Plane = NDArray[np.uint8]
GREY = (114, 128, 128)
TO_RGB = bgr_matrix(ColorMatrix.BT709_LIMITED)[::-1] / 255
SIZES = [(1920, 1080), (1280, 720), (641, 479), (97, 203), (32, 32), (3, 2), (1, 1)]


def yuv(width: int, height: int, seed: int = 0) -> tuple[Plane, Plane, Plane]:
    rng = np.random.default_rng(seed)
    half = ((height + 1) // 2, (width + 1) // 2)
    y, u, v = (rng.integers(0, 256, shape, np.uint8) for shape in ((height, width), half, half))
    return y, u, v


@dataclass
class Picture:
    """A picture in host memory and the kernel's record for it, but for the addresses."""

    record: NDArray[np.void]
    parts: list[tuple[Plane | None, int]]
    """Memory of each plane, and the bytes to its first pixel."""


def run(
    device: Device, kernel: str, pictures: list[Picture], size: tuple[int, int]
) -> NDArray[np.float32] | NDArray[np.float16]:
    """Run the kernel, and check that it writes all of its output and nothing else."""
    width, height = size
    kind = np.float32 if kernel.endswith("32") else np.float16
    out = np.full((len(pictures) + 1, 3, height, width), np.nan, kind)
    stream, buffers = device.stream(), []
    table = np.stack([picture.record for picture in pictures]).astype(ITEM)
    for record, picture in zip(table, pictures, strict=True):
        for place, (memory, begin) in enumerate(picture.parts):
            if memory is not None:
                buffers.append(device.allocate(memory.nbytes))
                device.upload(buffers[-1].address, memory.reshape(-1), stream)
                record["plane"][place] = buffers[-1].address + begin
    done = device.event()
    device.record(done, stream)
    device.synchronize(done)
    run_kernel(device, kernel, table, out, len(pictures), height, width)
    for buffer in buffers:
        buffer.free()
    assert np.isnan(out[-1]).all(), "the kernel wrote beyond its output"
    assert np.isfinite(out[:-1]).all(), "the kernel left a part of its output out"
    return out[:-1]


def item(
    parts: list[tuple[Plane | None, int]],
    strides: tuple[int, int],
    shapes: tuple[tuple[int, int], tuple[int, int]],
    corners: Corners,
    size: tuple[int, int],
) -> Picture:
    """A picture whose first plane, and whose others, have these pixel strides and shapes (rows, columns)."""
    halved = shapes[0] != shapes[1] or strides[0] != 3
    half = (corners[0] / 2, corners[1] / 2, corners[2] / 2, corners[3] / 2) if halved else corners
    samplings = [sampling_record(shapes[0], corners, size), sampling_record(shapes[1], half, size)]
    places = []
    for place, (memory, _) in enumerate(parts):
        pitch = 0 if memory is None else memory.shape[1]
        places.append((0, pitch, strides[place > 0]))
    record = item_record(places, samplings, GREY if halved else (114,) * 3, TO_RGB if halved else FROM_BGR)
    return Picture(record, parts)


def yuv_item(y: Plane, u: Plane, v: Plane, corners: Corners, size: tuple[int, int]) -> Picture:
    shapes = (y.shape[0], y.shape[1]), (u.shape[0], u.shape[1])
    return item([(y, 0), (u, 0), (v, 0)], (1, 1), shapes, corners, size)


FROM_BGR = np.zeros((3, 4))
FROM_BGR[[0, 1, 2], [2, 1, 0]] = 1 / 255


def corners_of(frame: tuple[int, int], kind: str, size: tuple[int, int], seed: int = 0) -> Corners:
    if kind == "letterbox":
        return letterbox_affine(frame, size).corners(size)
    rng = np.random.default_rng(seed)
    if kind == "outside":
        return (frame[0] + 50.0, -300.0, frame[0] + 90.0, -260.0)
    side = float(rng.uniform(0.2, 2.5)) * max(frame)
    x, y = rng.uniform(-0.5, 1.0, 2) * frame
    return (x, y, x + side, y + side * size[1] / size[0])


@pytest.mark.parametrize("kind", ["letterbox", "crop", "outside"])
@pytest.mark.parametrize("layout", ["i420", "nv12", "grey"])
@pytest.mark.parametrize("frame", SIZES)
def test_the_kernel_computes_what_numpy_does(
    device: Device, frame: tuple[int, int], layout: str, kind: str
) -> None:
    y, u, v = yuv(*frame)
    size = input_shape(frame, 160) if kind == "letterbox" else (96, 96)
    corners = corners_of(frame, kind, size)
    given = yuv_item(y, u, v, corners, size)
    chroma: list[Plane | None] = [u, v]
    if layout == "grey":
        given.parts[1:] = [(None, 0)] * 2
        chroma = [None, None]
    elif layout == "nv12":
        uv = np.stack([u, v], axis=-1).reshape(u.shape[0], -1)
        shapes = (y.shape[0], y.shape[1]), (u.shape[0], u.shape[1])
        given = item([(y, 0), (uv, 0), (uv, 1)], (1, 2), shapes, corners, size)
    wanted = resample_picture([y, *chroma], corners, size, GREY, TO_RGB, halved=True)
    assert np.abs(run(device, "resample_f32", [given], size)[0] - wanted).max() < 2e-4
    assert np.abs(run(device, "resample_f16", [given], size)[0].astype(np.float64) - wanted).max() < 5e-4


@pytest.mark.parametrize("kind", ["letterbox", "crop"])
@pytest.mark.parametrize("frame", SIZES[:4])
def test_packed_colours_are_three_planes_with_a_stride(
    device: Device, frame: tuple[int, int], kind: str
) -> None:
    image = np.random.default_rng(1).integers(0, 256, (frame[1], frame[0], 3), np.uint8)
    size = input_shape(frame, 160) if kind == "letterbox" else (64, 64)
    corners = corners_of(frame, kind, size, seed=3)
    views: list[Plane | None] = [image[..., channel] for channel in range(3)]
    wanted = resample_picture(views, corners, size, (114,) * 3, FROM_BGR, halved=False)
    rows = image.reshape(frame[1], -1)
    shape = (frame[1], frame[0])
    given = item([(rows, 0), (rows, 1), (rows, 2)], (3, 3), (shape, shape), corners, size)
    assert np.abs(run(device, "resample_f32", [given], size)[0] - wanted).max() < 2e-4


def test_a_batch_is_its_items(device: Device) -> None:
    size = (64, 64)
    items: list[Picture] = []
    alone: list[NDArray[np.floating]] = []
    kept = [yuv(200 + 30 * seed, 150, seed) for seed in range(5)]
    for seed, (y, u, v) in enumerate(kept):
        corners = corners_of((y.shape[1], y.shape[0]), "crop", size, seed)
        items.append(yuv_item(y, u, v, corners, size))
        alone.append(run(device, "resample_f32", items[-1:], size)[0])
    assert np.array_equal(run(device, "resample_f32", items, size), np.stack(alone))


@pytest.mark.parametrize("seed", range(20))
def test_random_rectangles_of_random_pictures(device: Device, seed: int) -> None:
    rng = np.random.default_rng(seed)
    frame = (int(rng.integers(1, 400)), int(rng.integers(1, 400)))
    size = (2 * int(rng.integers(1, 40)), int(rng.integers(1, 60)))
    y, u, v = yuv(*frame, seed)
    corners = corners_of(frame, "crop", size, seed)
    wanted = resample_picture([y, u, v], corners, size, GREY, TO_RGB, halved=True)
    got = run(device, "resample_f16", [yuv_item(y, u, v, corners, size)], size)
    assert np.abs(got[0].astype(np.float64) - wanted).max() < 6e-4


def photo_like(width: int, height: int, seed: int) -> Frame:
    """A frame with edges and gradients, as cameras give: noise alone would only measure aliasing."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    waves = [np.sin(x * a + y * b) for a, b in rng.uniform(-0.2, 0.2, (6, 2))]
    luma = 120 + 60 * waves[0] + 40 * (waves[1] > 0.3) + rng.normal(0, 3, x.shape)
    half = ((height + 1) // 2, (width + 1) // 2)
    u, v = (128 + 50 * wave[::2, ::2][: half[0], : half[1]] for wave in waves[2:4])
    planes = [np.clip(plane, 0, 255).astype(np.uint8) for plane in (luma, u, v)]
    matrix = list(ColorMatrix)[(seed + width) % 4]
    return Frame("camera", 0, datetime(2024, 1, 1, tzinfo=UTC), planes[0], (planes[1], planes[2]), matrix)


# The CPU path rounds to 8 bits after every halving, after interpolation and after the colour matrix, and
# places samples to 1/32 of a pixel.
CPU_MEAN, CPU_MOST = 0.6 / 255, 4.0 / 255


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("frame", [(1920, 1080), (1280, 720), (640, 480), (333, 517)])
def test_numpy_is_the_cpu_path_without_its_rounding(frame: tuple[int, int], seed: int) -> None:
    picture = photo_like(*frame, seed)
    to_rgb = bgr_matrix(picture.matrix)[::-1] / 255
    assert picture.chroma is not None
    planes = [picture.luma, *picture.chroma]
    size = input_shape(frame, 640)
    blob, affine = letterbox(picture, size)
    box = Box(frame[0] * 0.4, frame[1] * 0.3, frame[0] * 0.9, frame[1] * 1.0)
    square, around = crop(picture, box, 256)
    assert around == crop_affine(box, 256)
    for got, place, shape in ((blob, affine, size), (square, around, (256, 256))):
        wanted = resample_picture(planes, place.corners(shape), shape, GREY, to_rgb, halved=True)
        difference = np.abs(got - wanted)
        assert difference.mean() < CPU_MEAN
        assert difference.max() < CPU_MOST


def test_packed_colours_look_as_the_cpu_path_shows_them() -> None:
    """The CPU path halves a picture's chroma first; a smooth one shows no more than rounding of it."""
    y, x = np.mgrid[:480, :640]
    image = np.stack([x * 255 / 640, y * 255 / 480, (x + y) * 255 / 1120], axis=-1).astype(np.uint8)
    frame = frame_from_bgr(image, "camera", 0, datetime(2024, 1, 1, tzinfo=UTC))
    blob, affine = letterbox(frame, (320, 256))
    planes: list[Plane | None] = [image[..., channel] for channel in range(3)]
    corners = affine.corners((320, 256))
    direct = resample_picture(planes, corners, (320, 256), (114,) * 3, FROM_BGR, halved=False)
    assert np.abs(blob - direct).max() < 8 / 255
