"""Frames to detections and segments on the card: only boxes and masks come back.

Everything here runs on the thread that owns the card. Uploads have a stream of their own; kernels and
engines share one, in whose order they run. A call ends with the one wait for its results.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from meter_infer.backends.device import DeviceEngine, DeviceTensor, Growing
from meter_infer.cuda.device import Device, Event, Pointer, Stream
from meter_infer.cuda.layout import FOUND, ITEM, JOB, LIMITS, VIEW
from meter_infer.gpu.surfaces import Surface, Surfaces
from meter_infer.types import Box, Detection, Frame, Mask, Segment, SegmentClass
from meter_infer.vision.detect import KINDS, DetectOptions, near_and_far
from meter_infer.vision.letterbox import Affine, crop_affine, input_shape, letterbox_affine
from meter_infer.vision.segment import MASK_CLASSES, SegmentOptions, mask_window

LANES = 256
_NO_SUMS = Pointer(0)  # the geometry works on the masks' cells
Item = tuple[Frame, Box]
Mark = Callable[[str], None]
"""Is told that a stage was queued; a benchmark records an event."""


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """An engine and how its output becomes boxes."""

    engine: DeviceEngine
    input_size: int
    """Longer side of the detector's input, side of the segmenter's."""
    limits: NDArray[np.void]
    """A `LIMITS` record."""


def detector_limits(options: DetectOptions) -> NDArray[np.void]:
    """Return the record for the detector: one list of all classes."""
    return np.array(
        (options.score, options.iou, options.top_k, options.keep, 0, len(KINDS), 1, options.across), LIMITS
    )


def segmenter_limits(options: SegmentOptions) -> NDArray[np.void]:
    """Return the record for the segmenter: one list for each class."""
    classes = len(SegmentClass)
    return np.array(
        (options.score, options.iou, options.top_k, options.per_class, 0, classes, classes, True), LIMITS
    )


class GpuSession:
    """Both networks on one card."""

    def __init__(
        self,
        device: Device,
        detector: Network,
        segmenter: Network,
        stream: Stream,
        max_batch: int,
        options: DetectOptions,
    ) -> None:
        """Work on `stream`, which the engines were loaded for; the session owns the engines.

        `options` are those of the detector's `limits`.
        """
        self._options = options
        self._device, self._detector, self._segmenter = device, detector, segmenter
        self.stream, self._max_batch = stream, max_batch
        self._memory = Growing(device)
        self._surfaces = Surfaces(device)
        self._done: Event = device.event()
        self.mark: Mark = lambda stage: None
        """Called after each stage was queued on `stream`."""

    @property
    def takes_half(self) -> bool:
        """The detector's input is float16."""
        return self._detector.engine.half

    def detect(self, frames: Sequence[Frame]) -> list[list[Detection]]:
        """Return the meters of each frame, best first, as `networks.Detector` does."""
        # what is held must not be overwritten by this call's later chunks: segmentation comes after
        surfaces = self._surfaces.hold(frames, self.stream, fresh=True)
        self.mark("upload")
        return near_and_far(
            frames,
            lambda places, afar: self._view([frames[p] for p in places], [surfaces[p] for p in places], afar),
            self._options,
        )

    def _view(
        self, frames: Sequence[Frame], surfaces: Sequence[Surface], afar: float
    ) -> list[list[Detection]]:
        groups: dict[tuple[int, int], list[int]] = defaultdict(list)
        for place, frame in enumerate(frames):
            shape = input_shape((frame.width, frame.height), self._detector.input_size)
            groups[shape].append(place)
        found: list[list[Detection]] = [[] for _ in frames]
        for size, places in groups.items():
            for first in range(0, len(places), self._max_batch):
                batch = places[first : first + self._max_batch]
                affines = [letterbox_affine((frames[p].width, frames[p].height), size, afar) for p in batch]
                _, lists = self._boxes(self._detector, [surfaces[p] for p in batch], affines, size)
                for place, records in zip(batch, lists, strict=True):
                    found[place] = [
                        Detection(KINDS[int(each["label"])], _box(each["box"]), float(each["score"]))
                        for each in records[0]
                    ]
        return found

    def segment(self, items: Sequence[Item]) -> list[list[Segment]]:
        """Return the parts of each meter, in frame pixels, as `networks.Segmenter` does."""
        surfaces = self._surfaces.hold([frame for frame, _ in items], self.stream, fresh=False)
        self.mark("upload")
        found: list[list[Segment]] = []
        side = self._segmenter.input_size
        for first in range(0, len(items), self._max_batch):
            batch = items[first : first + self._max_batch]
            affines = [crop_affine(box, side) for _, box in batch]
            part = surfaces[first : first + self._max_batch]
            outputs, lists = self._boxes(self._segmenter, part, affines, (side, side))
            found += self._segments(outputs, lists, affines)
        return found

    def close(self) -> None:
        """Free the engines and all memory."""
        with ExitStack() as stack:  # what one of them raises keeps no other from being freed
            stack.callback(self._memory.free)
            stack.callback(self._surfaces.free)
            stack.callback(self._segmenter.engine.close)
            stack.callback(self._detector.engine.close)

    def _boxes(
        self, network: Network, surfaces: Sequence[Surface], affines: Sequence[Affine], size: tuple[int, int]
    ) -> tuple[tuple[DeviceTensor, ...], list[list[NDArray[np.void]]]]:
        """Run a network over rectangles of surfaces: its outputs, and each image's lists of boxes."""
        width, height = size
        count, half = len(surfaces), network.engine.half
        items = np.stack([s.item(affine, size) for s, affine in zip(surfaces, affines, strict=True)])
        views = np.zeros(count, VIEW)
        for view, surface, affine in zip(views, surfaces, affines, strict=True):
            view["scale"], view["offset"] = affine.scale, affine.offset
            view["size"] = surface.size
        items_at = self._put("items", items.astype(ITEM))
        views_at, limits_at = self._put("views", views), self._put("limits", network.limits.reshape(1))
        shape = (count, 3, height, width)
        images = DeviceTensor(
            self._memory.on_card("images", DeviceTensor(0, shape, half).nbytes).address, shape, half
        )
        pixels = count * height * width // (2 if half else 1)
        self._launch(
            "resample_f16" if half else "resample_f32", -(-pixels // LANES), items_at,
            Pointer(images.address), count, height, width,
        )  # fmt: skip
        self.mark("resample")
        outputs = network.engine.infer(images, self.stream)
        self.mark("network")
        _, rows, anchors = outputs[0].shape
        lists, keep = count * int(network.limits["lists"]), int(network.limits["keep"])
        scratch = Pointer(self._memory.on_card("scratch", lists * anchors * FOUND.itemsize).address)
        results = self._memory.on_card("boxes", lists * (keep * FOUND.itemsize + 4)).address
        counts_at = Pointer(results + lists * keep * FOUND.itemsize)
        self._launch(
            "decode_boxes", lists, Pointer(outputs[0].address), views_at, limits_at, scratch,
            Pointer(results), counts_at, count, rows, anchors,
        )  # fmt: skip
        self.mark("decode")
        host = self._fetch("boxes", results, lists * (keep * FOUND.itemsize + 4))
        kept = host[: lists * keep * FOUND.itemsize].view(FOUND).reshape(count, -1, keep)
        counts = host[lists * keep * FOUND.itemsize :].view(np.int32).reshape(count, -1)
        return outputs, [
            [row[:number].copy() for row, number in zip(image, numbers, strict=True)]
            for image, numbers in zip(kept, counts, strict=True)
        ]

    def _segments(
        self,
        outputs: tuple[DeviceTensor, ...],
        lists: Sequence[Sequence[NDArray[np.void]]],
        affines: Sequence[Affine],
    ) -> list[list[Segment]]:
        raw, prototypes = outputs
        grid = (prototypes.shape[2], prototypes.shape[3])
        cell = self._segmenter.input_size / grid[1]
        jobs: list[tuple[Any, ...]] = []
        first = 0
        for image, (records, affine) in enumerate(zip(lists, affines, strict=True)):
            for label in sorted(MASK_CLASSES):
                for each in records[label]:
                    low, high = mask_window(_box(each["box"]), affine, cell, grid)
                    size = high - low
                    jobs.append((image, each["anchor"], low, size, first, 0.0, (0.0, 0.0)))
                    first += int(size.prod())
        values = np.zeros(0, np.float16)
        if jobs:
            table = np.array(jobs, JOB)
            jobs_at = self._put("jobs", table)
            values_at = self._memory.on_card("masks", 2 * first).address
            self._launch(
                "reduce_masks", len(jobs), Pointer(raw.address), Pointer(prototypes.address), jobs_at,
                Pointer(values_at), _NO_SUMS, len(jobs), raw.shape[1], raw.shape[2], *grid,
            )  # fmt: skip
            self.mark("masks")
            values = self._fetch("masks", values_at, 2 * first).view(np.float16)
        masks = iter(jobs)
        found: list[list[Segment]] = []
        for records, affine in zip(lists, affines, strict=True):
            segments: list[Segment] = []
            for label in SegmentClass:
                for each in records[label]:
                    mask = None
                    if label in MASK_CLASSES:
                        _, _, low, size, begin, *_ = next(masks)
                        cells = values[begin : begin + int(size.prod())].reshape(size[1], size[0])
                        x, y = affine.to_frame(low * cell)
                        mask = Mask(cells.astype(np.float32), (float(x), float(y)), affine.scale * cell)
                    segments.append(Segment(label, _box(each["box"]), float(each["score"]), mask))
            found.append(segments)
        return found

    def _put(self, name: str, table: NDArray[np.void]) -> Pointer:
        """Queue a small table's copy to the card and return where it goes."""
        source = np.ascontiguousarray(table).reshape(-1).view(np.uint8)
        staged = self._memory.pinned(f"put {name}", len(source))
        staged[:] = source
        buffer = self._memory.on_card(f"put {name}", len(source))
        self._device.upload(buffer.address, staged, self.stream)
        return Pointer(buffer.address)

    def _launch(self, kernel: str, blocks: int, *arguments: int) -> None:
        self._device.launch(kernel, self.stream, blocks, *arguments, lanes=LANES)

    def _fetch(self, name: str, address: int, nbytes: int) -> NDArray[np.uint8]:
        """Copy results to the host and wait for them; they are overwritten by the next call."""
        staged = self._memory.pinned(f"fetch {name}", nbytes)
        self._device.download(staged, address, self.stream)
        self._device.record(self._done, self.stream)
        self._device.synchronize(self._done)
        self.mark("download")
        return staged


def _box(corners: NDArray[np.floating]) -> Box:
    x1, y1, x2, y2 = (float(value) for value in corners)
    return Box(x1, y1, x2, y2)
