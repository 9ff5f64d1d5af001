"""A level gauge at frame rate: what the tube looks like full and empty, and where the one becomes the other.

A level's surface is no clear edge among others: marks, reflections, foam and flaps have stronger ones.
`tube_pictures` knows what the tube looks like full and empty, and finds where in a frame the one becomes the
other. Here is what a frame needs around that: where the tube is, by its surroundings, its samples in
logarithmic brightness (`anchor.LOG`), and whether to believe what is found.
"""

import cv2
import numpy as np

from meter_infer.reading.anchor import LOG, LOG_STEP, Shift
from meter_infer.reading.fast import RELIT, Course, FastReading, Strides
from meter_infer.reading.geometry import TubeGeometry
from meter_infer.reading.surroundings import around_tube
from meter_infer.reading.tube_pictures import FIRST_UNSURE, UNSURE, TubePictures
from meter_infer.types import Luma, Reason

ACROSS = 6
"""Samples across the tube."""
BROAD = 0.28
"""They reach this far from the axis, as a share of the tube's width."""
MARGIN = 0.12
"""How far the pictures go beyond the scale's ends, as a share of its length."""
FAR = 0.04
"""Networks and frame-rate path may call the surface by this share of the tube differently."""
LEARN = 0.2
LEARN_EVERY = 6
LOOKS = 12
"""Looks of the networks whose mean is the geometry."""
STALE_MAP = 0.04
"""The scale's ends may be this far from where the tables assume them, share of its length."""


class FastTube:
    """Reads one level gauge at frame rate. Built from a network pass; not shared between threads.

    Args:
        luma: the frame of that pass, uint8 (height, width).
        geometry: the tube.
        fraction: where the surface stands.
    """

    def __init__(self, luma: Luma, geometry: TubeGeometry, fraction: float) -> None:
        self.geometry = geometry
        self.shape: tuple[int, ...] = luma.shape
        """Of the frames that can be read."""
        self._drawn = geometry
        self._count = int(np.clip(round((1 + 2 * MARGIN) * geometry.length), 64, 640))
        self._make_table(luma)
        self._shift = Shift(0.0, 0.0, 0.0, 0.0)
        self._light = 0.0
        self._anchor = around_tube(luma, geometry)
        self._reads = 0
        self._looks = [geometry]
        self._last: float | None = None
        self._clear = False
        self._rest = 0.0
        self._compared = 0
        self._offset = 0.0
        """What the networks call the surface lies this many samples above what is found here."""
        place, self.course = self._place(fraction), Course(fraction)
        self._strides = Strides()
        index = np.arange(self._count) + 0.5
        scale = (index > self._place(-0.01)) & (index < self._place(1.01))
        self._pictures = TubePictures(ACROSS, self._count, scale)
        self._take(luma)
        self._usable = self._learn(place, 1.0, FIRST_UNSURE)
        if self._usable:
            self._pictures.learn_surface(self._now, 0.0, place)
            self._calibrate(place, self._pictures.find(self._now, 0.0).place)

    @property
    def shift(self) -> tuple[float, float]:
        """How far (px) the picture has swung since this was built, as of the last frame."""
        return self._shift.x, self._shift.y

    def verified(self, geometry: TubeGeometry, fraction: float) -> bool:
        """Take what the networks saw in the last frame that was read; False where that does not fit."""
        still = geometry.moved(-np.array(self.shift))
        off = max(
            abs(self._drawn.fraction_of(still.start)),
            abs(self._drawn.fraction_of(still.end) - 1),
            abs(still.width / self._drawn.width - 1) * 0.15,
        )
        aside = np.abs((np.stack([still.start, still.end]) - self._drawn.start) @ self._drawn.normal).max()
        if off > STALE_MAP or aside > 0.2 * self._drawn.width or not self._usable:
            return False
        self._looks = [*self._looks, still][-LOOKS:]
        mean = np.mean([(look.start, look.end) for look in self._looks], axis=0)
        self.geometry = TubeGeometry(mean[0], mean[1], self._drawn.width)
        seen = self._place(self._drawn.fraction_of(still.point_at(fraction)))
        if self._last is not None and self._clear and abs(seen - self._last) < FAR * self._count:
            self._calibrate(seen, self._last)
            place = self._last
        else:
            place = seen - self._offset
        self.course.go(self.geometry.fraction_of(still.point_at(fraction)))
        relit = abs(self._shift.light - self._light) > 0.5 * RELIT
        self._usable = self._learn(place, 1.0 if relit else LEARN)
        self._pictures.learn_surface(self._now, self._brighter, place + self._rest)
        self._light = self._shift.light
        return self._usable

    def read(self, luma: Luma, *, again: bool = False) -> FastReading:
        """Return the surface's place in this frame; `again`: it was read before, and tells of no step.

        `camera_moved` where the surroundings are not where they were, `occluded` where no surface is seen.
        """
        self._last = None
        if self._anchor is not None:
            shift = self._anchor.follow(luma)
            if shift is None:
                return FastReading(None, 0.0, Reason.CAMERA_MOVED)
            self._shift = shift
        if not self._usable:
            return FastReading(None, 0.0, Reason.OCCLUDED)
        self._take(luma)
        place, confidence = self._pictures.find(self._now, self._brighter)
        place -= self._rest
        self._last, self._clear = place, confidence >= 0.5
        self._reads += 1
        point = self._drawn.point_at((place + self._offset) / self._count * (1 + 2 * MARGIN) - MARGIN)
        fraction = self.geometry.fraction_of(point)
        confidence = self.course.follows(fraction, confidence)
        if not again:
            self._strides.go(fraction if confidence >= 0.5 else None)
        if confidence > 0.6 and self._reads % LEARN_EVERY == 0:
            self._learn(place, LEARN)
        relit = abs(self._shift.light - self._light) > RELIT
        reason = Reason.OK if confidence >= 0.5 else Reason.OCCLUDED
        leapt = self._clear and confidence < 0.5
        return FastReading(fraction, confidence, reason, relit, leapt, self._strides.coarse)

    def _calibrate(self, seen: float, found: float) -> None:
        """Learn by how much the networks call the surface higher than what is found here."""
        if abs(seen - found) < FAR * self._count:
            self._compared = min(self._compared + 1, LOOKS)
            self._offset += (seen - found - self._offset) / self._compared

    def _make_table(self, luma: Luma) -> None:
        geometry = self._drawn
        fractions = (np.arange(self._count) + 0.5) / self._count * (1 + 2 * MARGIN) - MARGIN
        along = geometry.start + fractions[:, None] * (geometry.end - geometry.start)
        across = np.linspace(-BROAD, BROAD, ACROSS) * geometry.width
        points = along[None] + across[:, None, None] * geometry.normal
        height, width = luma.shape
        low = np.floor(points.reshape(-1, 2).min(axis=0)).astype(int) - 1
        high = np.ceil(points.reshape(-1, 2).max(axis=0)).astype(int) + 2
        x1, y1 = int(np.clip(low[0], 0, width - 1)), int(np.clip(low[1], 0, height - 1))
        x2, y2 = int(np.clip(high[0], x1 + 1, width)), int(np.clip(high[1], y1 + 1, height))
        self._box, self._frame = (x1, y1, x2, y2), (width, height)
        grid = (points - (x1 + 0.5, y1 + 0.5)).astype(np.float32)
        self._table = cv2.convertMaps(grid[..., 0], grid[..., 1], cv2.CV_16SC2)
        self._now = np.zeros((ACROSS, self._count), np.uint8)

    def _place(self, fraction: float) -> float:
        return (fraction + MARGIN) / (1 + 2 * MARGIN) * self._count

    def _take(self, luma: Luma) -> None:
        """Sample the tube, in logarithmic brightness, where it is now."""
        x1, y1, x2, y2 = self._box
        dx = min(max(round(self._shift.x), -x1), self._frame[0] - x2)
        dy = min(max(round(self._shift.y), -y1), self._frame[1] - y2)
        view = luma[y1 + dy : y2 + dy, x1 + dx : x2 + dx]
        cv2.remap(view, *self._table, cv2.INTER_LINEAR, self._now, cv2.BORDER_REPLICATE)
        cv2.LUT(self._now, LOG, self._now)
        # The rest of the shift, along the axis.
        ex, ey = self._shift.x - dx, self._shift.y - dy
        direction = self._drawn.direction
        self._rest = (
            (ex * direction[0] + ey * direction[1]) / self._drawn.length * self._count / (1 + 2 * MARGIN)
        )

    @property
    def _brighter(self) -> float:
        """Steps of `LOG` by which the surroundings are brighter than when this was built."""
        return self._shift.light / LOG_STEP

    def _learn(self, place: float, rate: float, unsure: float = UNSURE) -> bool:
        """Learn from the last frame what the tube looks like; False where that is not enough to read it."""
        return self._pictures.learn(self._now, self._brighter, place + self._rest, rate, unsure)
