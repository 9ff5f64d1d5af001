"""The frame-rate path: a dial whose geometry is known, read from the luma plane alone.

`look` needs the networks. Between two of their passes the dial stays where it is and only the
pointer moves; finding it again takes one table lookup and one warp:

1. a coarse polar picture about the hub, by a table made once (`cv2.remap`), against a background
   profile that is learned as the pointer moves: set-point hands, numerals and shadows of the rim are
   part of the background, the pointer is what differs;
2. a strip along the found direction (`cv2.warpAffine`: the dial's plane is an affine image), in which
   `pointer.trace_strip` finds the axis to a fraction of a pixel.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from meter_infer.reading.dial import PointerLine
from meter_infer.reading.geometry import TAU, DialGeometry, TubeGeometry
from meter_infer.reading.pointer import crossing, trace_strip
from meter_infer.reading.sampling import Profile, subpixel_peak
from meter_infer.types import Luma

BINS = 480
RINGS = 10
ROWS = 32
COLUMNS = 41
HALF_WIDTH = 0.11
LEARN = 0.25
"""Share of a learned frame in the background, where the pointer is not."""
LEARN_EVERY = 4
"""Frames between two that are learned: the background is static, and learning is not free."""
MASK_RAD = np.deg2rad(9)
"""Half-width of what the pointer may cover, around its axis."""


@dataclass(frozen=True, slots=True)
class FastReading:
    """What one frame says by the luma plane alone."""

    fraction: float
    confidence: float
    """0 to 1; from the ridge's contrast, its shape, and how much clearer it is than the second best."""


class FastDial:
    """Reads one dial at frame rate. Built from a network pass; not shared between threads.

    Args:
        luma: the frame of that pass, uint8 (height, width).
        geometry: the dial.
        pointer: its axis in that frame; gives hub, length and polarity.
        before: the reader it replaces, of the same dial at the same place: what it has learned of the
            dial beneath the pointer is kept.
    """

    def __init__(
        self, luma: Luma, geometry: DialGeometry, pointer: PointerLine, before: "FastDial | None" = None
    ) -> None:
        self.geometry = geometry
        hub, tip = geometry.to_dial(pointer.hub), geometry.to_dial(pointer.tip)
        self._length = float(np.linalg.norm(tip - hub))
        self._hub = hub
        self._angle = float(np.arctan2(*(tip - hub)[::-1]))
        self._along = np.linspace(0.3, 0.96, ROWS) * self._length
        self._across = np.linspace(-HALF_WIDTH, HALF_WIDTH, COLUMNS)
        self._phi = (np.arange(BINS) + 0.5) / BINS * TAU - np.pi
        radii = np.linspace(0.38, 0.94, RINGS) * self._length
        unit = np.stack([np.cos(self._phi), np.sin(self._phi)], axis=-1)
        points = geometry.to_frame(hub + radii[:, None, None] * unit[None])
        low = np.floor(points.reshape(-1, 2).min(axis=0)).astype(int) - 2
        high = np.ceil(points.reshape(-1, 2).max(axis=0)).astype(int) + 3
        height, width = luma.shape
        x1, y1 = int(np.clip(low[0], 0, width - 1)), int(np.clip(low[1], 0, height - 1))
        x2, y2 = int(np.clip(high[0], x1 + 1, width)), int(np.clip(high[1], y1 + 1, height))
        self._window = (slice(y1, y2), slice(x1, x2))
        self._corner = np.array([x1, y1], dtype=np.float64)
        grid = (points - self._corner - 0.5).astype(np.float32)
        self._map = cv2.convertMaps(grid[..., 0], grid[..., 1], cv2.CV_16SC2)
        polar = self._polar(luma)
        self._background = self._without(polar, self._angle)
        if before is not None:
            covered = self._near(self._angle)
            self._background[:, covered] = before._background[:, covered]
        strip = trace_strip(self._strip(luma, self._angle), self._along, self._across)
        self._step = strip.contrast if strip is not None else 0.0
        self._reads = 0

    def read(self, luma: Luma) -> FastReading | None:
        """Return the pointer's place in this frame, or None when it cannot be told from the dial."""
        polar = self._polar(luma)
        relief = polar - self._background
        # Light that changed everywhere alike moves no pointer: a straight line through each ring's medians.
        relief -= np.partition(relief[:, ::4], BINS // 8, axis=1)[:, BINS // 8, None]
        if self._step < 0:
            relief = -relief
        ridge = np.clip(relief, 0, 1.5 * abs(self._step) + 1).mean(axis=0)
        ridge = cv2.blur(np.concatenate([ridge[-4:], ridge, ridge[:4]])[None], (5, 1))[0, 4:-4]
        peak = int(np.argmax(ridge))
        away = np.abs((self._phi - self._phi[peak] + np.pi) % TAU - np.pi) > MASK_RAD
        second = float(ridge[away].max())
        place = subpixel_peak(np.roll(ridge, BINS // 2 - peak), BINS // 2) - BINS // 2 + peak
        angle = float((place + 0.5) / BINS * TAU - np.pi)
        fine = trace_strip(self._strip(luma, angle), self._along, self._across)
        if fine is None:
            return None
        axis = np.array([np.cos(angle), np.sin(angle)])
        normal = np.array([-axis[1], axis[0]])
        hub = self._hub + fine.offset * normal
        direction = axis + fine.slope * normal
        met = crossing(hub, hub + direction, self.geometry.band[0])
        if met is None or fine.contrast * self._step < 0:
            return None
        clear = float(ridge[peak]) / max(second, 1.0)
        strength = min(1.0, abs(fine.contrast) / max(abs(self._step), 1.0))
        confidence = (
            float(np.clip((clear - 1.1) / 0.8, 0, 1))
            * float(np.clip(fine.support / 0.6, 0, 1))
            * float(np.clip((strength - 0.2) / 0.3, 0, 1))
        )
        self._angle = float(np.arctan2(direction[1], direction[0]))
        self._reads += 1
        if confidence > 0.6 and self._reads % LEARN_EVERY == 0:
            self._learn(polar, self._angle)
        return FastReading(self.geometry.fraction_of_angle(met), confidence)

    def _polar(self, luma: Luma) -> Profile:
        window = luma[self._window]
        picture = cv2.remap(
            window, self._map[0], self._map[1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        return picture.astype(np.float32)

    def _near(self, angle: float) -> NDArray[np.bool_]:
        near: NDArray[np.bool_] = np.abs((self._phi - angle + np.pi) % TAU - np.pi) < MASK_RAD
        return near

    def _without(self, polar: Profile, angle: float) -> Profile:
        """Return the polar picture with the pointer bridged from both sides."""
        result = polar.copy()
        covered = self._near(angle)
        bins = np.arange(BINS)
        for ring in result:
            ring[covered] = np.interp(bins[covered], bins[~covered], ring[~covered], period=BINS)
        return result

    def _learn(self, polar: Profile, angle: float) -> None:
        free = ~self._near(angle)
        self._background[:, free] += LEARN * (polar[:, free] - self._background[:, free])

    def _strip(self, luma: Luma, angle: float) -> Profile:
        """Return the strip along a direction, float32 (ROWS, COLUMNS), by one affine warp."""
        axis = np.array([np.cos(angle), np.sin(angle)])
        normal = np.array([-axis[1], axis[0]])
        along, across = self._along, self._across
        axes = self.geometry.axes
        column = axes @ normal * (across[1] - across[0])
        row = axes @ axis * (along[1] - along[0])
        first = self.geometry.to_frame(self._hub + along[0] * axis + across[0] * normal)
        matrix = np.column_stack([column, row, first - self._corner - 0.5])
        out = cv2.warpAffine(
            luma[self._window],
            matrix,
            (COLUMNS, ROWS),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )
        return np.asarray(out, dtype=np.float32)


class FastTube:
    """Reads one level gauge at frame rate. Built from a network pass; not shared between threads."""

    def __init__(self, luma: Luma, geometry: TubeGeometry, fraction: float) -> None:
        self.geometry = geometry
        length = geometry.length
        self._count = int(np.clip(length, 32, 720))
        self._profile = self._read_profile(luma)
        below, above = self._sides(self._profile, fraction)
        self._step = below - above
        self._fraction = fraction

    def _read_profile(self, luma: Luma) -> Profile:
        direction, width = self.geometry.direction, self.geometry.width
        normal = np.array([-direction[1], direction[0]])
        columns = 9
        column = normal * (0.56 * width / (columns - 1))
        row = direction * (1.2 * self.geometry.length / (self._count - 1))
        first = self.geometry.point_at(-0.1) - 0.28 * width * normal
        matrix = np.column_stack([column, row, first - 0.5])
        strip = cv2.warpAffine(
            luma,
            matrix,
            (columns, self._count),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )
        return np.asarray(np.median(strip, axis=1), dtype=np.float32)

    def _place(self, fraction: float) -> float:
        return (fraction + 0.1) / 1.2 * (self._count - 1)

    def _sides(self, profile: Profile, fraction: float) -> tuple[float, float]:
        middle = int(np.clip(round(self._place(fraction)), 3, self._count - 4))
        window = max(3, self._count // 20)
        below = profile[max(0, middle - window) : max(1, middle - 1)]
        above = profile[middle + 2 : middle + 2 + window]
        return float(np.median(below)), float(np.median(above))

    def read(self, luma: Luma) -> FastReading | None:
        """Return the surface's place in this frame, or None when there is no step like the known one."""
        if abs(self._step) < 6:
            return None
        profile = self._read_profile(luma)
        window = max(3, self._count // 40)
        total = np.concatenate([[0.0], np.cumsum(profile, dtype=np.float64)])
        index = np.arange(window, self._count - window)
        below = (total[index] - total[index - window]) / window
        above = (total[index + window] - total[index]) / window
        edge = (below - above) * np.sign(self._step)
        peak = int(np.argmax(edge))
        strength = float(edge[peak]) / abs(self._step)
        away = np.abs(np.arange(len(edge)) - peak) > 2 * window
        second = float(edge[away].max()) if away.any() else 0.0
        clear = float(edge[peak]) / max(second, 1.0)
        place = index[0] + subpixel_peak(edge, peak) - 0.5
        fraction = place / (self._count - 1) * 1.2 - 0.1
        confidence = float(np.clip((strength - 0.3) / 0.4, 0, 1)) * float(np.clip((clear - 1.1) / 0.5, 0, 1))
        return FastReading(fraction, confidence)
