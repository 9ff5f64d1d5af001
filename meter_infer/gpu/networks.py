"""Both networks on the card, for `MeterReader`; and what happens when the card falls away."""

import logging
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import TypeVar

from meter_infer.backends.base import BackendOptions
from meter_infer.backends.device import DeviceEngine
from meter_infer.cuda.attempt import Attempt
from meter_infer.cuda.device import Device, Stream
from meter_infer.cuda.worker import DEADLINE_S, GpuThread, release_gpu
from meter_infer.errors import BackendError, DeviceLost
from meter_infer.gpu.base import Networks
from meter_infer.gpu.engines import image_sides
from meter_infer.gpu.session import GpuSession, Network, detector_limits, segmenter_limits
from meter_infer.models import ModelFile
from meter_infer.types import Box, Detection, Frame, Segment
from meter_infer.vision.detect import DetectOptions
from meter_infer.vision.segment import SegmentOptions

T = TypeVar("T")
_log = logging.getLogger(__name__)

MAX_BATCH = 16
FIRST_RETRY_S, LAST_RETRY_S = 1.0, 60.0
_LOADING_S = 3600.0
"""Building both engines takes minutes; what takes an hour has hung."""
LoadEngine = Callable[[ModelFile, Device, Stream], DeviceEngine]


class GpuNetworks:
    """Both networks on the card. Its methods may be called from any one thread."""

    def __init__(
        self,
        thread: GpuThread,
        load: LoadEngine,
        detector: ModelFile,
        segmenter: ModelFile,
        detect_options: DetectOptions,
        segment_options: SegmentOptions,
        deadline_s: float = DEADLINE_S,
    ) -> None:
        """Load both networks on the card's thread, of which this holds a share. Raises BackendError.

        A call that takes longer than `deadline_s` counts as a card that has hung.
        """
        self.thread = thread
        self._deadline_s = deadline_s

        def start(device: Device) -> GpuSession:
            stream = device.stream()
            with ExitStack() as stack:
                first = load(detector, device, stream)
                stack.callback(first.close)
                second = load(segmenter, device, stream)
                stack.callback(second.close)
                self.name = first.name
                session = GpuSession(
                    device,
                    Network(first, detector.spec.input_size, detector_limits(detect_options)),
                    Network(second, segmenter.spec.input_size, segmenter_limits(segment_options)),
                    stream,
                    MAX_BATCH,
                    detect_options,
                )
                thread.at_end(session.close)
                stack.pop_all()
            return session

        try:
            self._session = thread.run(start, _LOADING_S)
        except BaseException:
            release_gpu(thread)
            raise

    def detect(self, frames: Sequence[Frame]) -> list[list[Detection]]:
        """Return the meters of each frame, best first. Raises DeviceLost."""
        return self._run(lambda session: session.detect(frames)) if frames else []

    def segment(self, items: Sequence[tuple[Frame, Box]]) -> list[list[Segment]]:
        """Return the parts of each meter, in frame pixels. Raises DeviceLost."""
        return self._run(lambda session: session.segment(items)) if items else []

    def session(self, work: Callable[[Device, GpuSession], T]) -> T:
        """Run `work` on the card's thread, for benchmarks."""
        return self.thread.run(lambda device: work(device, self._session), deadline_s=None)

    def _run(self, work: Callable[[GpuSession], T]) -> T:
        return self.thread.run(lambda device: work(self._session), self._deadline_s)

    def close(self) -> None:
        """Free the networks, and the card if nobody else uses it."""
        try:
            self.thread.run(lambda device: self._session.close())
            self.thread.not_at_end(self._session.close)
        except BackendError:
            pass  # a card that fell away takes no work: its thread frees all when it ends
        finally:
            release_gpu(self.thread)


class SteadyNetworks:
    """Networks that outlive their card.

    When the card falls away, it is opened again after 1 second at first and 60 at last, by a thread of its
    own: that may take minutes. It is used from the first call after that. Meanwhile the networks on the CPU
    do the work (`spare`), or, without any, every call raises DeviceLost. One call at a time.
    """

    def __init__(
        self,
        card: Callable[[], Networks],
        spare: Callable[[], Networks] | None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Open the card at once. Raises BackendError: what does not even start is a mistake of setting up."""
        self._open_card, self._open_spare, self._clock = card, spare, clock
        self._card: Networks | None = card()
        self._spare: Networks | None = None
        self._delay_s = FIRST_RETRY_S
        self._retry_at_s = 0.0
        self._closing: Attempt[None] | None = None
        self._opening: Attempt[Networks] | None = None

    @property
    def name(self) -> str:
        """Engine and precision of what is at work."""
        working = self._card or self._spare
        return "none" if working is None else working.name

    def detect(self, frames: Sequence[Frame]) -> list[list[Detection]]:
        """Return the meters of each frame. Raises DeviceLost where there is no spare."""
        return self._run(lambda networks: networks.detect(frames))

    def segment(self, items: Sequence[tuple[Frame, Box]]) -> list[list[Segment]]:
        """Return the parts of each meter. Raises DeviceLost where there is no spare."""
        return self._run(lambda networks: networks.segment(items))

    def close(self) -> None:
        """Free all networks. A card that is being opened just now is closed by who opens it."""
        opening, self._opening = self._opening, None
        if opening is not None:
            opening.abandon()
        for networks in (self._card, self._spare):
            if networks is not None:
                networks.close()
        self._card = self._spare = None

    def _run(self, work: Callable[[Networks], T]) -> T:
        self._reopen()
        if self._card is not None:
            try:
                return work(self._card)
            except DeviceLost as error:
                self._drop(error)
                if self._open_spare is None:
                    raise
        if self._open_spare is None:
            if self._opening is not None:
                raise DeviceLost("The GPU fell away; it is being opened again.")
            wait_s = max(0.0, self._retry_at_s - self._clock())
            raise DeviceLost(f"The GPU fell away; it is tried again in {wait_s:.0f} s.")
        if self._spare is None:
            self._spare = self._open_spare()
            _log.warning("The networks run on the CPU (%s) until the GPU is back.", self._spare.name)
        return work(self._spare)

    def _drop(self, error: DeviceLost) -> None:
        _log.warning("%s", error)
        card, self._card = self._card, None
        if card is not None:
            # a card that hangs is waited for, which takes seconds
            self._closing = Attempt("gpu-closing", card.close, lambda _: None)
        self._retry_at_s = self._clock() + self._delay_s

    def _reopen(self) -> None:
        """Begin to open a card that fell away when it is time, and take it when it is open."""
        if self._card is not None:
            return
        if self._opening is None:
            closed = self._closing is None or self._closing.done
            if closed and self._clock() >= self._retry_at_s:
                self._closing = None
                self._opening = Attempt("gpu-opening", self._open_card, lambda card: card.close())
            return
        if not self._opening.done:
            return
        opening, self._opening = self._opening, None
        try:
            self._card = opening.result()
        except Exception as error:  # noqa: BLE001  whatever it is, it must not end the reading
            self._delay_s = min(2 * self._delay_s, LAST_RETRY_S)
            self._retry_at_s = self._clock() + self._delay_s
            _log.warning("The GPU does not come back: %s", error)
            return
        _log.warning("The GPU is back.")
        self._delay_s = FIRST_RETRY_S
        spare, self._spare = self._spare, None
        if spare is not None:
            spare.close()


def engine_loader(backend: str, options: BackendOptions) -> LoadEngine:
    """Return what loads a model into `backend` on the card.

    Raises BackendUnavailable without its packages.
    """
    if backend == "cuda":
        from meter_infer.backends.cuda import OnnxRuntimeEngine, network_for

        return lambda model, device, stream: OnnxRuntimeEngine(network_for(model.data, options), stream)
    from meter_infer.backends.engines import EngineRequest, engine_key
    from meter_infer.backends.tensorrt import TensorRtEngine, engine_for
    from meter_infer.cuda.pycuda_device import gpu_name

    precision = "f16" if options.precision == "auto" else options.precision

    def load(model: ModelFile, device: Device, stream: Stream) -> DeviceEngine:
        key = engine_key(model.data, precision, gpu_name(), image_sides(model.spec))
        return TensorRtEngine(engine_for(EngineRequest(key, model.data), options), device, precision)

    return load
