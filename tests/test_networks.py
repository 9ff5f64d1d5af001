from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from meter_infer.backends import BACKENDS, DEFAULTS, TensorSpec
from meter_infer.errors import BackendUnavailable, ModelError
from meter_infer.models import CLASSES, Int8Spec, ModelSpec, Task, add_to_manifest, load_model, sha256_of
from meter_infer.networks import (
    Detector,
    Segmenter,
    StripNetworks,
    load_detector,
    load_segmenter,
    load_strips,
)
from meter_infer.reading.dial import view_dial
from meter_infer.reading.geometry import TubeGeometry
from meter_infer.reading.opinion import dial_sights
from meter_infer.reading.strip import HINTS, PLACES, ROWS, THINGS, DialAxis, Thing, TubeAxis, strip_of
from meter_infer.types import Box, Frame, MeterKind, SegmentClass
from meter_infer.vision.color import frame_from_bgr
from meter_infer.vision.letterbox import CROP_MARGIN
from tests.backends.tiny_onnx import tiny_model
from tests.scenes import draw

NOW = datetime(2024, 5, 1, tzinfo=UTC)
Floats = NDArray[np.float32]


class FakeBackend:
    """A network made of a function from one image (3, height, width) to its outputs."""

    name = "fake"
    inputs = (TensorSpec("images", (None, 3, None, None)),)

    def __init__(
        self, function: Callable[[Floats], tuple[Floats, ...]], *shapes: tuple[int | None, ...]
    ) -> None:
        self.outputs = tuple(TensorSpec(f"output{i}", shape) for i, shape in enumerate(shapes))
        self.function = function
        self.batches: list[tuple[int, ...]] = []
        self.closed = False

    def infer(self, images: Floats) -> tuple[Floats, ...]:
        assert images.dtype == np.float32
        assert images.min() >= 0
        assert images.max() <= 1
        self.batches.append(images.shape)
        return tuple(np.stack(parts) for parts in zip(*map(self.function, images), strict=True))

    def close(self) -> None:
        self.closed = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def find_white(image: Floats) -> tuple[int, int, int, int]:
    """Bounding box of the white pixels: x1, y1, x2, y2 in pixels of the image."""
    rows, columns = np.nonzero(image.min(axis=0) > 0.75)
    return columns.min(), rows.min(), columns.max() + 1, rows.max() + 1


def white_detector(image: Floats) -> tuple[Floats]:
    """A detection network that knows one thing: the white rectangle is a level gauge."""
    output = np.zeros((6, 50), np.float32)
    x1, y1, x2, y2 = find_white(image)
    output[:, 11] = ((x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1, 0, 0.8)
    return (output,)


def white_segmenter(image: Floats) -> tuple[Floats, Floats]:
    """A segmentation network that knows one thing: white is the pointer, and its centre the pivot."""
    output = np.zeros((45, 84), np.float32)
    x1, y1, x2, y2 = find_white(image)
    output[:4, 5] = output[:4, 9] = ((x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1)
    output[4 + SegmentClass.POINTER, 5] = 0.9
    output[13, 5] = 1
    output[4 + SegmentClass.PIVOT, 9] = 0.7
    prototypes = np.zeros((32, 64, 64), np.float32)
    prototypes[0] = (image.min(axis=0).reshape(64, 4, 64, 4).mean(axis=(1, 3)) - 0.7) * 40
    return output, prototypes


def picture(width: int, height: int, box: Box, index: int = 0) -> Frame:
    image = np.zeros((height, width, 3), np.uint8)
    image[int(box.y1) : int(box.y2), int(box.x1) : int(box.x2)] = 255
    return frame_from_bgr(image, "c", index, NOW)


def detector(max_batch: int = 8) -> tuple[Detector, FakeBackend]:
    backend = FakeBackend(white_detector, (None, 6, None))
    return Detector(backend, 640, max_batch=max_batch), backend


def segmenter(max_batch: int = 8) -> tuple[Segmenter, FakeBackend]:
    backend = FakeBackend(white_segmenter, (None, 45, None), (None, 32, None, None))
    return Segmenter(backend, 256, max_batch=max_batch), backend


def assert_close(found: Box, wanted: Box, pixels: float) -> None:
    pairs = zip(
        (found.x1, found.y1, found.x2, found.y2), (wanted.x1, wanted.y1, wanted.x2, wanted.y2), strict=True
    )
    assert max(abs(a - b) for a, b in pairs) <= pixels, (found, wanted)


@pytest.mark.parametrize(
    "size", [(1920, 1080), (1080, 1920), (640, 480), (333, 777), (200, 150), (4000, 3000)]
)
def test_a_detected_box_lies_on_the_meter(size: tuple[int, int]) -> None:
    width, height = size
    box = Box(width // 5, height // 3, width // 2, height * 3 // 4)
    network, _ = detector()
    ((found,),) = network.detect([picture(width, height, box)])
    assert found.kind is MeterKind.LEVEL
    assert found.score == pytest.approx(0.8)
    assert_close(found.box, box, max(size) / 640 + 0.01)


def test_frames_of_one_shape_share_batches_and_keep_their_places() -> None:
    network, backend = detector(max_batch=3)
    sizes = [(1920, 1080)] * 4 + [(640, 480)] + [(1280, 720)]
    boxes = [
        Box(w * 0.1 * (i + 1), h * 0.4, w * 0.1 * (i + 1) + w * 0.2, h * 0.7)
        for i, (w, h) in enumerate(sizes)
    ]
    frames = [picture(*size, box, i) for i, (size, box) in enumerate(zip(sizes, boxes, strict=True))]
    order = [0, 4, 1, 2, 5, 3]
    found = network.detect([frames[i] for i in order])
    for place, i in enumerate(order):
        assert_close(found[place][0].box, boxes[i], sizes[i][0] / 640 + 1)
    assert sorted(backend.batches) == [(1, 3, 480, 640), (2, 3, 384, 640), (3, 3, 384, 640)]


def test_what_fills_the_picture_is_sought_again_from_farther_away() -> None:
    def shy(image: Floats) -> tuple[Floats]:
        """Knows meters that leave some room around them."""
        (output,) = white_detector(image)
        output[5, 11] = 0.9 if output[2:4, 11].max() < 400 else 0.3
        return (output,)

    backend = FakeBackend(shy, (None, 6, None))
    sizes = [(1280, 960), (1280, 960), (500, 1000)]
    boxes = [Box(100, 50, 1200, 900), Box(200, 200, 500, 800), Box(20, 100, 480, 950)]
    frames = [picture(*size, box) for size, box in zip(sizes, boxes, strict=True)]
    found = Detector(backend, 640).detect(frames)
    assert sorted(backend.batches) == [(1, 3, 480, 640), *[(1, 3, 640, 384)] * 2, (2, 3, 480, 640)]
    for (seen,), box, score in zip(found, boxes, (0.9, 0.9, 0.9), strict=True):
        assert seen.score == pytest.approx(score)
        assert_close(seen.box, box, 5)


def test_a_segment_lies_on_what_it_shows() -> None:
    pointer = Box(700, 400, 760, 420)
    frame = picture(1920, 1080, pointer)
    network, backend = segmenter()
    ((arm, pivot),) = network.segment([(frame, Box(620, 300, 860, 500))])
    assert backend.batches == [(1, 3, 256, 256)]
    assert (arm.label, pivot.label) == (SegmentClass.POINTER, SegmentClass.PIVOT)
    pixel = 240 * CROP_MARGIN / 256
    assert_close(arm.box, pointer, pixel)
    assert pivot.box.center == pytest.approx(pointer.center, abs=pixel)
    assert arm.mask is not None
    assert arm.mask.pitch == pytest.approx(4 * pixel)
    rows, columns = np.nonzero(arm.mask.values > 0.5)
    area = len(rows) * arm.mask.pitch**2
    assert area == pytest.approx(pointer.width * pointer.height, rel=0.35)
    middle = (
        arm.mask.origin[0] + (columns.mean() + 0.5) * arm.mask.pitch,
        arm.mask.origin[1] + (rows.mean() + 0.5) * arm.mask.pitch,
    )
    assert middle == pytest.approx(pointer.center, abs=2 * pixel)


def test_crops_of_several_frames_run_together() -> None:
    network, backend = segmenter(max_batch=2)
    boxes = [Box(100 + 90 * i, 80, 150 + 90 * i, 100) for i in range(3)]
    frames = [picture(640, 360, box) for box in boxes]
    found = network.segment(
        [(f, Box(b.x1 - 30, b.y1 - 50, b.x2 + 30, b.y2 + 50)) for f, b in zip(frames, boxes, strict=True)]
    )
    assert [batch[0] for batch in backend.batches] == [2, 1]
    for parts, box in zip(found, boxes, strict=True):
        assert_close(parts[0].box, box, 1)


def test_a_meter_at_the_frames_corner_is_read_too() -> None:
    pointer = Box(5, 5, 35, 15)
    network, _ = segmenter()
    ((arm, _),) = network.segment([(picture(320, 240, pointer), Box(0, 0, 60, 60))])
    assert_close(arm.box, pointer, 1)


def test_nothing_in_is_nothing_out() -> None:
    network, backend = detector()
    assert network.detect([]) == []
    parts, _ = segmenter()
    assert parts.segment([]) == []
    assert backend.batches == []


def test_grey_and_tiny_frames_are_taken() -> None:
    network, _ = detector()
    grey = np.zeros((100, 100), np.uint8)
    grey[20:60, 30:80] = 255
    frames = [
        frame_from_bgr(grey, "c", 0, NOW),
        frame_from_bgr(np.full((1, 1, 3), 255, np.uint8), "c", 0, NOW),
    ]
    found = network.detect(frames)
    assert_close(found[0][0].box, Box(30, 20, 80, 60), 0.5)
    assert_close(found[1][0].box, Box(0, 0, 1, 1), 1e-6)


def test_closing_closes_the_backend() -> None:
    network, backend = detector()
    with network:
        pass
    assert backend.closed
    parts, backend = segmenter()
    with parts:
        pass
    assert backend.closed


def test_a_network_for_something_else_is_refused() -> None:
    with pytest.raises(ModelError, match="no detection network"):
        Detector(FakeBackend(white_detector, (None, 84, None)))
    with pytest.raises(ModelError, match="no detection network"):
        Detector(FakeBackend(white_segmenter, (None, 6, None), (None, 32, None, None)))
    with pytest.raises(ModelError, match="no segmentation network"):
        Segmenter(FakeBackend(white_segmenter, (None, 38, None), (None, 32, None, None)))


def test_strip_networks_of_another_shape_are_refused() -> None:
    with pytest.raises(ModelError, match="no strip network"):
        StripNetworks(
            FakeBackend(white_segmenter, (None, 3, 512)), FakeBackend(white_segmenter, (None, 3, 384))
        )


def test_the_shipped_strip_networks_see_where_a_pointer_points() -> None:
    scene = draw(3)
    view = view_dial(scene.segments())
    assert view is not None
    image = cv2.cvtColor(scene.luma, cv2.COLOR_GRAY2BGR)
    frame = frame_from_bgr(np.asarray(image, np.uint8), "c", 0, NOW)
    axis = DialAxis(view.geometry)
    seen = []
    for name in BACKENDS:
        try:
            with load_strips(name, DEFAULTS) as strips:
                seen.append(strips.chances(frame, strip_of(axis, dial_sights(view, scene.segments()))))
        except BackendUnavailable:
            continue
    assert seen
    for chances in seen:
        assert chances.sum(axis=1) == pytest.approx(1.0, abs=1e-5)
        assert np.abs(chances - seen[0]).max() < 1e-3
    tip = axis.place_of(np.array(scene.truth.landmarks[SegmentClass.TIP]))
    off = abs(float(seen[0][Thing.READING].argmax()) - tip)
    assert min(off, 512 - off) < 6


def test_a_level_gauge_is_shown_from_both_sides() -> None:
    """The chances are the mean of both, so that a picture and its mirror image give the same."""
    shape = THINGS[MeterKind.LEVEL], PLACES[MeterKind.LEVEL]

    def left_half(image: Floats) -> tuple[Floats, ...]:
        return (np.cumsum(image[:3, : ROWS // 2].mean(axis=1), axis=1, dtype=np.float32),)

    tube = FakeBackend(left_half, (None, *shape))
    tube.inputs = (TensorSpec("images", (None, 3 + HINTS[MeterKind.LEVEL], ROWS, shape[1])),)
    dial = FakeBackend(left_half, (None, THINGS[MeterKind.POINTER], PLACES[MeterKind.POINTER]))
    dial.inputs = (
        TensorSpec("images", (None, 3 + HINTS[MeterKind.POINTER], ROWS, PLACES[MeterKind.POINTER])),
    )
    picture = np.random.default_rng(4).integers(0, 256, (200, 101, 3), np.uint8)
    axis = TubeAxis(TubeGeometry(np.array([50.5, 170.0]), np.array([50.5, 30.0]), 20.0))
    found = []
    for image in (picture, picture[:, ::-1]):
        frame = frame_from_bgr(np.ascontiguousarray(image), "c", 0, NOW)
        found.append(StripNetworks(dial, tube).chances(frame, strip_of(axis, [[]] * HINTS[MeterKind.LEVEL])))
    assert tube.batches == [(2, 7, ROWS, shape[1])] * 2
    assert found[0].sum(axis=1) == pytest.approx(1.0, abs=1e-5)
    assert np.abs(found[0] - found[1]).max() < 0.02 * found[0].max()


def clutter() -> Frame:
    """A picture with structure everywhere."""
    rng = np.random.default_rng(5)
    small = rng.integers(0, 256, (27, 48, 3), dtype=np.uint8)
    return frame_from_bgr(np.repeat(np.repeat(small, 40, axis=0), 40, axis=1), "c", 0, NOW)


def test_the_shipped_networks_agree_between_engines() -> None:
    """Not what they find, which is for the evaluation, but that every engine finds the same."""
    frame = clutter()
    results = []
    for name in BACKENDS:
        try:
            with load_detector(name, DEFAULTS) as find, load_segmenter(name, DEFAULTS) as part:
                find.options = type(find.options)(score=0.001, keep=5)
                part.options = type(part.options)(score=0.001, per_class=1)
                results.append((find.detect([frame])[0], part.segment([(frame, Box(500, 300, 900, 700))])[0]))
        except ModelError as error:
            pytest.skip(str(error))
        except BackendUnavailable:
            continue
    first = results[0]
    for other in results[1:]:
        for ours, theirs in zip(first[0], other[0], strict=True):
            assert ours.kind is theirs.kind
            assert ours.score == pytest.approx(theirs.score, abs=1e-3)
            assert_close(ours.box, theirs.box, 0.5)
        for part_a, part_b in zip(first[1], other[1], strict=True):
            assert part_a.label is part_b.label
            assert_close(part_a.box, part_b.box, 0.5)


LOADERS: dict[str, Callable[..., object]] = {
    "detect": load_detector,
    "segment": load_segmenter,
    "dial": load_strips,
}


def models_with(folder: Path, task: Task, data: bytes) -> Path:
    """A folder of models whose manifest knows `data` as the network of a task."""
    path = folder / f"{task}.onnx"
    path.write_bytes(data)
    add_to_manifest(folder, ModelSpec(path.name, sha256_of(path), task, "own", CLASSES[task], 640))
    return folder


@pytest.mark.parametrize("backend", ["openvino", "onnxruntime"])
@pytest.mark.parametrize("task", sorted(LOADERS))
def test_a_broken_network_is_named(tmp_path: Path, task: Task, backend: str) -> None:
    models = models_with(tmp_path, task, b"no network")
    says = f"{task}.onnx' cannot be used; restore the file, or export it again .* cannot read"
    with pytest.raises(ModelError, match=says):
        LOADERS[task](backend, DEFAULTS, models=models)


@pytest.mark.parametrize("task", sorted(LOADERS))
def test_a_network_for_something_else_is_named(tmp_path: Path, task: Task) -> None:
    models = models_with(tmp_path, task, tiny_model())
    says = f"{task}.onnx' cannot be used; restore the file, or .* The model is no (detec|segmen|strip)"
    with pytest.raises(ModelError, match=says):
        LOADERS[task]("openvino", DEFAULTS, models=models)


def test_of_a_broken_twin_its_own_file_is_named(tmp_path: Path) -> None:
    models = models_with(tmp_path, "detect", tiny_model())
    spec = load_model("detect", models).spec
    (tmp_path / "small.onnx").write_bytes(b"no network")
    twin = Int8Spec("small.onnx", sha256_of(tmp_path / "small.onnx"), spec.sha256, True)
    add_to_manifest(models, replace(spec, int8=twin))
    with pytest.raises(ModelError, match=r"small\.onnx' cannot be used; restore"):
        load_detector("openvino", replace(DEFAULTS, precision="int8"), models=models)
