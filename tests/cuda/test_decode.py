"""The kernels behind the networks against NumPy: boxes with suppression, masks with their sums."""

import numpy as np
import pytest
from numpy.typing import NDArray

from meter_infer.cuda.device import Device
from meter_infer.cuda.layout import FOUND, JOB, LIMITS, RAYS, SUMS, VIEW
from meter_infer.cuda.reference import ListLimits, decode_boxes, mask_sums
from meter_infer.types import Box, Mask
from meter_infer.vision.letterbox import Affine
from meter_infer.vision.segment import COEFFICIENTS, decode_mask
from tests.cuda.host_device import run_kernel

Floats = NDArray[np.float32]
FRAME = (1920, 1080)
AFFINE = Affine(3.0, (0.0, -36.0))


def limits_record(limits: ListLimits, classes: int, *, each: bool) -> NDArray[np.void]:
    lists = classes if each else 1
    values = (limits.score, limits.iou, limits.top_k, limits.keep, 0, classes, lists, limits.across)
    return np.array(values, LIMITS)


def decode(
    device: Device, outputs: Floats, affines: list[Affine], limits: ListLimits, classes: int, *, each: bool
) -> list[NDArray[np.void]]:
    """Call the kernel: what it found in each list of each image."""
    images, rows, anchors = outputs.shape
    lists = images * (classes if each else 1)
    views = np.zeros(images, VIEW)
    for view, affine in zip(views, affines, strict=True):
        view["scale"], view["offset"], view["size"] = affine.scale, affine.offset, FRAME
    scratch, kept = np.zeros((lists, anchors), FOUND), np.zeros((lists + 1, limits.keep), FOUND)
    counts = np.full(lists, -1, np.int32)
    record = limits_record(limits, classes, each=each)
    run_kernel(
        device,
        "decode_boxes",
        outputs,
        views,
        record.reshape(1),
        scratch,
        kept,
        counts,
        images,
        rows,
        anchors,
    )
    assert not kept[-1].view(np.uint8).any(), "the kernel wrote beyond its output"
    return [row[:count] for row, count in zip(kept, counts, strict=False)]


def outputs_of(
    images: int, classes: int, anchors: int, seed: int, share: float, extra: int = 0
) -> tuple[Floats, list[Affine]]:
    """Raw outputs with clusters of overlapping boxes, some of them across the frame's border or outside."""
    rng = np.random.default_rng(seed)
    out = np.zeros((images, 4 + classes + extra, anchors), np.float32)
    spots = rng.uniform(-60, 700, (images, 12, 2))
    chosen = rng.integers(0, 12, (images, anchors))
    out[:, :2] = np.take_along_axis(spots, chosen[..., None], axis=1).transpose(0, 2, 1)
    out[:, :2] += rng.normal(0, 6, (images, 2, anchors))
    out[:, 2:4] = rng.uniform(20, 120, (images, 2, anchors))
    out[:, 4 : 4 + classes] = rng.random((images, classes, anchors)) * (
        rng.random((images, 1, anchors)) < share
    )
    out[:, 4 + classes :] = rng.normal(0, 1, (images, extra, anchors))
    affines = [Affine(float(s), (float(x), float(y))) for s, x, y in rng.uniform(1, 3, (images, 3))]
    return out, affines


def assert_same(got: NDArray[np.void], wanted: NDArray[np.void]) -> None:
    assert np.array_equal(got["anchor"], wanted["anchor"])
    assert np.array_equal(got["label"], wanted["label"])
    assert np.array_equal(got["score"], wanted["score"])
    assert np.abs(got["box"] - wanted["box"]).max(initial=0) < 2e-3


@pytest.mark.parametrize("share", [0.0, 0.01, 0.2, 1.0])
@pytest.mark.parametrize("across", [True, False])
@pytest.mark.parametrize("seed", range(4))
def test_meters_are_those_of_numpy(device: Device, seed: int, across: bool, share: float) -> None:
    limits = ListLimits(0.25, 0.6, 300, 100, across)
    outputs, affines = outputs_of(3, 2, 1000, seed, share)
    found = decode(device, outputs, affines, limits, 2, each=False)
    for output, affine, got in zip(outputs, affines, found, strict=True):
        wanted = decode_boxes(output, (0, 1), affine, FRAME, limits)
        assert_same(got, wanted)
        assert (share == 0) == (len(wanted) == 0)


@pytest.mark.parametrize("share", [0.0, 0.02, 1.0])
@pytest.mark.parametrize("seed", range(4))
def test_parts_are_found_class_by_class(device: Device, seed: int, share: float) -> None:
    limits = ListLimits(0.15, 0.6, 50, 3)
    outputs, affines = outputs_of(2, 9, 500, seed, share, extra=COEFFICIENTS)
    found = decode(device, outputs, affines, limits, 9, each=True)
    for i, got in enumerate(found):
        assert_same(got, decode_boxes(outputs[i // 9], (i % 9,), affines[i // 9], FRAME, limits))


def test_equal_scores_keep_their_order_and_empty_boxes_are_dropped(device: Device) -> None:
    outputs = np.zeros((1, 5, 6), np.float32)
    outputs[0, :2] = [[100, 300, 500, -400, 200, 600], [100] * 6]
    outputs[0, 2:4] = 50
    outputs[0, 2:4, 4] = 0
    outputs[0, 4] = 0.5
    (got,) = decode(device, outputs, [AFFINE], ListLimits(0.25, 0.6, 300, 100), 1, each=False)
    assert got["anchor"].tolist() == [0, 1, 2, 5]
    assert_same(got, decode_boxes(outputs[0], (0,), AFFINE, FRAME, ListLimits(0.25, 0.6, 300, 100)))


@pytest.mark.parametrize("keep", [1, 2, 40])
@pytest.mark.parametrize("top_k", [1, 7, 512])
def test_the_limits_hold(device: Device, top_k: int, keep: int) -> None:
    limits = ListLimits(0.1, 0.3, top_k, keep)
    outputs, affines = outputs_of(2, 2, 800, 9, 0.9)
    for output, affine, got in zip(
        outputs, affines, decode(device, outputs, affines, limits, 2, each=False), strict=True
    ):
        assert_same(got, decode_boxes(output, (0, 1), affine, FRAME, limits))


def reduce(
    device: Device, outputs: Floats, prototypes: Floats, jobs: NDArray[np.void]
) -> tuple[NDArray[np.float16], NDArray[np.void]]:
    cells = int((jobs["cells"].prod(axis=1)).sum())
    values, sums = np.full(cells + 8, np.nan, np.float16), np.full(len(jobs), np.nan, SUMS)
    run_kernel(
        device, "reduce_masks", outputs, prototypes, jobs, values, sums,
        len(jobs), *outputs.shape[1:], *prototypes.shape[2:],
    )  # fmt: skip
    assert np.isnan(values[cells:]).all(), "the kernel wrote beyond its output"
    return values[:cells], sums


@pytest.mark.parametrize("seed", range(8))
def test_masks_and_their_sums_are_those_of_numpy(device: Device, seed: int) -> None:
    rng = np.random.default_rng(seed)
    side, grid = 256, 64
    outputs, _ = outputs_of(2, 9, 60, seed, 0.5, extra=COEFFICIENTS)
    prototypes = rng.normal(0, 0.6, (2, COEFFICIENTS, grid, grid)).astype(np.float32)
    affine = Affine(2.0, (300.0, 200.0))
    boxes = [
        Box(400, 300, 520, 420), Box(250, 150, 330, 240), Box(299, 199, 301, 201), Box(700, 600, 900, 800),
    ]  # fmt: skip
    jobs = np.zeros(len(boxes), JOB)
    masks: list[Mask] = []
    origins: list[tuple[float, float]] = []
    for k, box in enumerate(boxes):
        mask = decode_mask(outputs[k % 2, -COEFFICIENTS:, 7 + k], prototypes[k % 2], box, affine, side)
        low = np.round((np.array(mask.origin) - affine.offset) / mask.pitch).astype(int)
        origin = (float(rng.integers(0, 640)) / 10 + 0.03, float(rng.integers(0, 640)) / 10 + 0.07)
        first = sum(each.values.size for each in masks)
        jobs[k] = (k % 2, 7 + k, low, mask.values.shape[::-1], first, 0.3 + 0.1 * (k % 2), origin)
        masks.append(mask)
        origins.append(origin)
    values, sums = reduce(device, outputs, prototypes, jobs)
    for job, mask, origin, got in zip(jobs, masks, origins, sums, strict=True):
        part = values[job["first"] : job["first"] + mask.values.size].reshape(mask.values.shape)
        assert np.abs(part.astype(np.float32) - mask.values).max() < 5e-4
        begin = (int(job["low"][0]), int(job["low"][1]))
        wanted = mask_sums(mask.values, begin, origin, float(job["threshold"]))
        assert got["count"] == wanted.count
        assert got["total"] == pytest.approx(wanted.total, rel=1e-4, abs=1e-6)
        for name in ("mean", "spread", "rays"):
            theirs = getattr(wanted, name)
            assert np.abs(got[name] - theirs).max() <= 1e-4 * max(1.0, np.abs(theirs).max()), name


def test_a_mask_below_the_threshold_sums_to_nothing(device: Device) -> None:
    outputs = np.zeros((1, 4 + COEFFICIENTS, 1), np.float32)
    outputs[0, 4:] = -1
    prototypes = np.ones((1, COEFFICIENTS, 8, 8), np.float32)
    values, sums = reduce(
        device, outputs, prototypes, np.array([(0, 0, (0, 0), (8, 8), 0, 0.3, (4, 4))], JOB)
    )
    assert float(values.max()) < 1e-6
    assert not sums.view(np.float32).any()


def test_rays_begin_at_three_o_clock_and_run_clockwise() -> None:
    values = np.zeros((9, 9), np.float32)
    values[4, 8] = values[8, 4] = 0.9  # right of the middle, and below it
    rays = mask_sums(values, (0, 0), (4.5, 4.4999), 0.3).rays
    assert np.flatnonzero(rays[0]).tolist() == [0, RAYS // 4]
    assert rays[1, 0] == pytest.approx(0.9 * 4, rel=1e-3)
