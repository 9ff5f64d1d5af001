"""How long the networks take, measured around them."""

import time
from collections.abc import Callable, Sequence

from meter_infer.pipeline import MeterDetector, MeterSegmenter
from meter_infer.types import Box, Detection, Frame, Segment

Observe = Callable[[str, float], None]


class TimedDetector:
    """A detector that tells how long each call took."""

    def __init__(self, detector: MeterDetector, observe: Observe) -> None:
        self._detector = detector
        self._observe = observe

    def detect(self, frames: Sequence[Frame]) -> list[list[Detection]]:
        """Return the meters of each frame."""
        began = time.perf_counter()
        try:
            return self._detector.detect(frames)
        finally:
            self._observe("detect", time.perf_counter() - began)


class TimedSegmenter:
    """A segmenter that tells how long each call took."""

    def __init__(self, segmenter: MeterSegmenter, observe: Observe) -> None:
        self._segmenter = segmenter
        self._observe = observe

    def segment(self, items: Sequence[tuple[Frame, Box]]) -> list[list[Segment]]:
        """Return the parts of each meter."""
        began = time.perf_counter()
        try:
            return self._segmenter.segment(items)
        finally:
            self._observe("segment", time.perf_counter() - began)
