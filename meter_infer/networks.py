"""The networks: frames to meters, meters to their parts, and unrolled meters to chances."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Literal, Self, TypeVar

import numpy as np

from meter_infer.backends import ON_GPU, Backend, BackendOptions, create_backend
from meter_infer.backends.hardware import has_int8
from meter_infer.errors import ModelError, NetworkFormatError
from meter_infer.gpu.base import Networks
from meter_infer.models import CLASSES, ModelFile, load_int8, load_model
from meter_infer.reading.sampling import Profile
from meter_infer.reading.strip import HINTS, PLACES, ROWS, THINGS, Strip
from meter_infer.types import Box, Detection, Frame, MeterKind, Segment
from meter_infer.vision import detect, segment
from meter_infer.vision.detect import DetectOptions, decode_detections, near_and_far
from meter_infer.vision.letterbox import crop, input_shape, letterbox
from meter_infer.vision.segment import COEFFICIENTS, SegmentOptions, decode_segments
from meter_infer.vision.unroll import unroll

if TYPE_CHECKING:
    from meter_infer.gpu.networks import GpuNetworks

_T = TypeVar("_T")
GpuLoss = Literal["cpu", "restart"]
_MAX_BATCH = 8
_STRIP_TASKS: dict[MeterKind, Literal["dial", "tube"]] = {MeterKind.POINTER: "dial", MeterKind.LEVEL: "tube"}
FASTEST = BackendOptions(precision="auto")
"""What is fastest on this processor, as long as it reads as well: 8-bit integers, bfloat16, or float32."""


Wrap = Callable[[Backend], Backend]
"""Puts something around an engine."""


class Detector:
    """Finds meters in whole frames."""

    def __init__(
        self,
        backend: Backend,
        input_size: int = 640,
        options: DetectOptions = detect.DEFAULTS,
        max_batch: int = _MAX_BATCH,
    ) -> None:
        """`input_size` is the longer side of the network's input; the detector owns `backend`.

        Raises ModelError where the model's outputs are not a detection network's.
        """
        _check_outputs(backend, 4 + len(CLASSES["detect"]), masks=False)
        self.backend = backend
        self.engine = backend.name
        """What it runs on, to be shown."""
        self.options = options
        self._input_size = input_size
        self._max_batch = max_batch

    def detect(self, frames: Sequence[Frame]) -> list[list[Detection]]:
        """The meters of each frame, best first. Frames of equal shape run in batches."""
        return near_and_far(
            frames, lambda places, afar: self._view([frames[p] for p in places], afar), self.options
        )

    def _view(self, frames: Sequence[Frame], afar: float) -> list[list[Detection]]:
        groups: dict[tuple[int, int], list[int]] = defaultdict(list)
        for place, frame in enumerate(frames):
            groups[input_shape((frame.width, frame.height), self._input_size)].append(place)
        found: list[list[Detection]] = [[] for _ in frames]
        for size, places in groups.items():
            for batch in _chunks(places, self._max_batch):
                images = np.empty((len(batch), 3, size[1], size[0]), np.float32)
                affines = [
                    letterbox(frames[place], size, out, afar)[1]
                    for place, out in zip(batch, images, strict=True)
                ]
                (outputs,) = self.backend.infer(images)
                for place, affine, output in zip(batch, affines, outputs, strict=True):
                    frame_size = (frames[place].width, frames[place].height)
                    found[place] = decode_detections(output, affine, frame_size, self.options)
        return found

    def close(self) -> None:
        """Free the network."""
        self.backend.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


class Segmenter:
    """Finds a meter's parts in the square crop around it."""

    def __init__(
        self,
        backend: Backend,
        input_size: int = 256,
        options: SegmentOptions = segment.DEFAULTS,
        max_batch: int = _MAX_BATCH,
    ) -> None:
        """`input_size` is the side of the network's input; the segmenter owns `backend`.

        Raises ModelError where the model's outputs are not a segmentation network's.
        """
        _check_outputs(backend, 4 + len(CLASSES["segment"]) + COEFFICIENTS, masks=True)
        self.backend = backend
        self.options = options
        self._side = input_size
        self._max_batch = max_batch

    def segment(self, items: Sequence[tuple[Frame, Box]]) -> list[list[Segment]]:
        """The parts of each meter, given as its frame and its detector's box, in frame pixels."""
        found: list[list[Segment]] = []
        for batch in _chunks(items, self._max_batch):
            images = np.empty((len(batch), 3, self._side, self._side), np.float32)
            affines = [
                crop(frame, box, self._side, out)[1] for (frame, box), out in zip(batch, images, strict=True)
            ]
            outputs, prototypes = self.backend.infer(images)
            for (frame, _), affine, output, protos in zip(batch, affines, outputs, prototypes, strict=True):
                size = (frame.width, frame.height)
                found.append(decode_segments(output, protos, affine, size, self._side, self.options))
        return found

    def close(self) -> None:
        """Free the network."""
        self.backend.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


class StripNetworks:
    """Says where along an unrolled meter its reading and its scale's ends are."""

    def __init__(self, dial: Backend, tube: Backend) -> None:
        """Own one network for dials and one for level gauges.

        Raises ModelError where a model's inputs or outputs are not those of a strip network.
        """
        self._lock = Lock()
        self._engines = {MeterKind.POINTER: dial, MeterKind.LEVEL: tube}
        for kind, engine in self._engines.items():
            _check_strips(engine, kind)

    def chances(self, frame: Frame, strip: Strip) -> Profile:
        """Return the chances of each `Thing` along a strip, float32 (THINGS, places); each row sums to 1.

        A level gauge is shown twice, as it is and left for right: the two err apart, and their mean less.
        """
        axis = strip.axis
        views = 2 if axis.kind is MeterKind.LEVEL else 1
        images = np.zeros((views, 3 + HINTS[axis.kind], ROWS, PLACES[axis.kind]), np.float32)
        unroll(frame, *axis.table(), axis.step, images[0, :3])
        if views == 2:
            images[1, :3] = images[0, :3, ::-1]
        images[:, 3:, 0] = strip.hints
        with self._lock:
            (found,) = self._engines[axis.kind].infer(images)
        scores = found.mean(axis=0)
        rise = np.exp(scores - scores.max(axis=1, keepdims=True))
        share: Profile = rise / rise.sum(axis=1, keepdims=True)
        return share

    def close(self) -> None:
        """Free the networks."""
        for engine in self._engines.values():
            engine.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def load_detector(
    backend: str = "auto",
    options: BackendOptions = FASTEST,
    decode: DetectOptions = detect.DEFAULTS,
    models: Path | None = None,
    wrap: Wrap | None = None,
) -> Detector:
    """The shipped detector, or the one in the folder `models`. Raises ModelError and BackendError."""
    model = load_model("detect", models)
    engine = _engine(backend, model, options)
    with _named(model.path):
        return Detector(wrap(engine) if wrap else engine, model.spec.input_size, decode)


def load_segmenter(
    backend: str = "auto",
    options: BackendOptions = FASTEST,
    decode: SegmentOptions = segment.DEFAULTS,
    models: Path | None = None,
    wrap: Wrap | None = None,
) -> Segmenter:
    """The shipped segmenter, or the one in the folder `models`. Raises ModelError and BackendError."""
    model = load_model("segment", models)
    engine = _engine(backend, model, options)
    with _named(model.path):
        return Segmenter(wrap(engine) if wrap else engine, model.spec.input_size, decode)


def load_strips(
    backend: str = "auto", options: BackendOptions = FASTEST, models: Path | None = None
) -> StripNetworks:
    """The shipped strip networks, or those in the folder `models`, on the CPU: they take a millisecond.

    Raises ModelError and BackendError.
    """
    on_cpu = "auto" if backend in ON_GPU else backend
    precision = options.precision if options.precision in ("f32", "bf16") else "auto"
    engine = replace(options, precision=precision)
    with ExitStack() as stack:
        dial, tube = (stack.enter_context(_strips(on_cpu, kind, engine, models)) for kind in _STRIP_TASKS)
        strips = StripNetworks(dial, tube)
        stack.pop_all()
    return strips


def _strips(backend: str, kind: MeterKind, options: BackendOptions, models: Path | None) -> Backend:
    model = load_model(_STRIP_TASKS[kind], models)
    with _named(model.path):
        engine = create_backend(backend, model.data, options)
        _check_strips(engine, kind)
    return engine


def _engine(backend: str, model: ModelFile, options: BackendOptions) -> Backend:
    """Load a network into an engine; on the CPU its 8-bit twin where that is asked for, or fastest here."""
    if backend in ("auto", "openvino") and options.precision in ("auto", "int8"):
        wanted = options.precision == "int8"
        twin = load_int8(model) if wanted or has_int8() else None
        if twin is not None:
            with _named(twin.path):
                return create_backend(backend, twin.data, replace(options, precision="auto"))
        if wanted:
            raise ModelError(
                f"The model '{model.path}' has no 8-bit twin that holds; make one with: "
                "meter-infer export --int8"
            )
    if backend in ON_GPU:
        from meter_infer.gpu.engines import image_sides

        # by its sides the engine is found again that `export --engine` and `run` have built
        options = replace(options, sides=image_sides(model.spec))
    with _named(model.path):
        return create_backend(backend, model.data, options)


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """Say of a network that cannot be used which file it is, and what to do."""
    try:
        yield
    except (ModelError, NetworkFormatError) as error:
        raise ModelError(
            f"The model '{path}' cannot be used; restore the file, or export it again with this version. "
            f"{error}"
        ) from error


class CpuNetworks:
    """A detector and a segmenter as one thing, as `gpu.networks.Networks`."""

    def __init__(self, detector: Detector, segmenter: Segmenter) -> None:
        """Own both."""
        self._detector, self._segmenter = detector, segmenter
        self.name = detector.backend.name
        self.detect, self.segment = detector.detect, segmenter.segment

    def close(self) -> None:
        """Free both."""
        self._detector.close()
        self._segmenter.close()


def load_networks(
    backend: str = "auto",
    options: BackendOptions = FASTEST,
    models: Path | None = None,
    gpu_loss: GpuLoss = "cpu",
    wrap: Wrap | None = None,
) -> Networks:
    """Both networks, shipped or from the folder `models`, on the CPU or, by the backend's name, on a GPU.

    `gpu_loss` says what happens when the GPU falls away: `cpu` lets the CPU do the work until it is back,
    `restart` opens it again and fails in between. `wrap` puts something around each engine on the CPU.
    Raises ModelError and BackendError.
    """
    if backend not in ON_GPU:
        with ExitStack() as stack:
            detector = stack.enter_context(load_detector(backend, options, models=models, wrap=wrap))
            segmenter = load_segmenter(backend, options, models=models, wrap=wrap)
            stack.pop_all()
        return CpuNetworks(detector, segmenter)
    from meter_infer.gpu.networks import SteadyNetworks

    def card() -> Networks:
        return load_gpu_networks(backend, options, models)

    def spare() -> Networks:
        return load_networks("auto", replace(FASTEST, threads=options.threads), models, wrap=wrap)

    return SteadyNetworks(card, spare if gpu_loss == "cpu" else None)


def load_gpu_networks(backend: str, options: BackendOptions, models: Path | None = None) -> "GpuNetworks":
    """Both networks on the first card, by the engine `backend`. Raises ModelError and BackendError."""
    from meter_infer.cuda.pycuda_device import open_gpu
    from meter_infer.gpu.networks import GpuNetworks, engine_loader

    load = engine_loader(backend, options)
    files = load_model("detect", models), load_model("segment", models)
    return GpuNetworks(open_gpu(), load, *files, detect.DEFAULTS, segment.DEFAULTS)


def _check_outputs(backend: Backend, rows: int, *, masks: bool) -> None:
    """Refuse a model that another task or another set of classes was trained for."""
    shapes = [output.shape for output in backend.outputs]
    ranks = [3, 4] if masks else [3]
    if [len(shape) for shape in shapes] != ranks or shapes[0][1] not in (None, rows):
        task = "segmentation" if masks else "detection"
        raise ModelError(
            f"The model is no {task} network for this version's classes; its outputs are {shapes}."
        )


def _check_strips(engine: Backend, kind: MeterKind) -> None:
    shapes = engine.inputs[0].shape, engine.outputs[0].shape
    wanted = (3 + HINTS[kind], ROWS, PLACES[kind]), (THINGS[kind], PLACES[kind])
    if tuple(shape[1:] for shape in shapes) != wanted:
        raise ModelError(f"The model is no strip network for this version: its shapes are {shapes}.")


def _chunks(items: Sequence[_T], size: int) -> Iterator[Sequence[_T]]:
    for first in range(0, len(items), size):
        yield items[first : first + size]
