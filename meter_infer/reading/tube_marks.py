"""From the marks of a level gauge's graduation to the ends of its scale.

The segmenter puts the ends of a level gauge's scale near the tube's own ends. Where a graduation stands
beside or on the glass, the scale begins and ends with its first and last mark, a little inside. Here the
comb of its marks is looked for in the luma plane, and the ends are taken from it.
"""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from meter_infer.reading.comb import FAINT, Comb, follow
from meter_infer.reading.comb_weights import COMB
from meter_infer.reading.geometry import TubeGeometry
from meter_infer.reading.sampling import Patch, subpixel_peak
from meter_infer.reading.tube_comb import (
    Hints,
    SeenComb,
    comb_features,
    comb_probability,
    mark_lengths,
    straightness,
)
from meter_infer.types import Luma

Table = NDArray[np.float32]
Row = NDArray[np.float32]

ACCEPTED = 0.5
"""Probability from which the scale's ends are taken from its marks."""
MOST_MOVED = 0.25
"""The network's ends are never off by more, share of its scale."""
BEYOND = 0.16
"""How far beyond the network's ends marks are looked for, share of the scale."""
ROWS = 640
"""Most samples along the axis."""
GROUP = 3
"""Samples across that are averaged: marks are longer than this."""
FINEST = 3.0
"""Least distance between two marks that can be told apart, samples along the axis."""
TRIED = 9
"""Combs that are followed."""
THIN = 13
"""What is wider along the axis is no mark, samples."""


@dataclass(frozen=True, slots=True, eq=False)
class TubeScale:
    """The graduation of a level gauge. All numbers but `teeth` lie between 0 and 1."""

    geometry: TubeGeometry
    """The tube with its ends on the first and last mark."""
    sure: float
    """Probability that both are the scale's ends."""
    evenness: float
    """How clearly marks stand on the comb and none between its teeth."""
    ends: float
    """Clarity of the fainter of the two end marks, as a share of the typical mark's."""
    beyond: float
    """The same of what stands one tooth beyond the ends, on the worse side."""
    teeth: int
    shift: float
    """The larger of the two moves of the ends, share of the network's scale."""
    residual: float
    """Scatter of the marks about an even comb, share of the distance between two."""


@dataclass(frozen=True, slots=True, eq=False)
class _Frame:
    """Surroundings of a tube along its axis: place s along the axis (px from the start), u across."""

    geometry: TubeGeometry
    step: float
    first: float
    """s of the first sample, frame pixels."""
    count: int
    near: float
    """u of the first row, frame pixels."""
    rows: int

    def axes(self, shear: float, slant: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the steps along and across, frame pixels."""
        along, across = self.geometry.direction, self.geometry.normal
        return along + slant * across, across + shear * along

    def table(self, patch: Patch, shear: float, slant: float) -> Luma:
        """Return luma, uint8 (rows across, count along); each row is displaced by `shear` times its u."""
        along, across = self.axes(shear, slant)
        corner = self.geometry.start + self.first * along + self.near * across
        scale = self.step / patch.pitch
        origin = (corner - np.array(patch.origin)) / patch.pitch - 0.5
        matrix = np.column_stack([along * scale, across * scale, origin])
        return cv2.warpAffine(  # type: ignore[return-value]
            patch.pixels,
            matrix,
            (self.count, self.rows),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )


def graduated_ends(patch: Patch, geometry: TubeGeometry, hints: Hints | None = None) -> TubeScale | None:
    """Return the scale with its ends on the first and last mark; None where no comb is seen.

    Args:
        patch: luma around the gauge.
        geometry: the tube with the ends that the network saw.
        hints: how sure the network is of these, and where the tube itself ends; None: it does not say.
    """
    hints = hints or Hints((1.0, 1.0), (0.0, 1.0))
    combs = seen_combs(patch, geometry)
    if not combs:
        return None
    sure = [comb_probability(comb_features(comb, combs, hints), COMB) for comb in combs]
    best = int(np.argmax(sure))
    seen, comb = combs[best], combs[best].comb
    ends = TubeGeometry(geometry.point_at(seen.ends[0]), geometry.point_at(seen.ends[1]), geometry.width)
    return TubeScale(
        ends,
        sure[best],
        comb.evenness,
        comb.ends,
        comb.beyond,
        comb.teeth,
        seen.shift,
        comb.residual,
    )


def seen_combs(patch: Patch, geometry: TubeGeometry) -> list[SeenComb]:
    """Return the combs beside and on a tube that may be its graduation; `geometry` as the network saw it."""
    frame = _surroundings(patch, geometry)
    if frame is None:
        return []
    shear, slant = _leaning(patch, frame)
    lines = _lines(_groups(frame.table(patch, shear, slant)))
    length = geometry.length / frame.step
    combs = []
    for place, row, lag in _periodic(lines):
        comb = follow(place, row, lag, length)
        if comb is None or _flaps(lines, comb.row, comb, frame):
            continue
        lengths = mark_lengths(lines, comb)
        if lengths is None:
            continue
        # The marks' own lean, and where their lines meet the tube's axis.
        aside = frame.near + (comb.row + 1) * GROUP * frame.step
        lean = _shear(lines[max(0, comb.row - 5) : comb.row + 6]) * aside
        low, high = (
            ((frame.first + at * frame.step) * (1 - slant * shear) - lean) / geometry.length
            for at in (comb.low, comb.high)
        )
        if max(abs(low), abs(high - 1)) <= MOST_MOVED:
            look = straightness(lines, comb.row)
            combs.append(SeenComb(comb, (low, high), lean / geometry.length, look, lengths))
    return combs


def _leaning(patch: Patch, frame: _Frame) -> tuple[float, float]:
    """Return the lean of the marks against the axis' normal, and of the device's edges against the axis."""
    coarse = replace(frame, step=2 * frame.step, count=frame.count // 2, rows=frame.rows // 2)
    table = coarse.table(patch, 0.0, 0.0)
    return _shear(_relief(_groups(table))), _slant(table)


def _surroundings(patch: Patch, geometry: TubeGeometry) -> _Frame | None:
    height, width = patch.pixels.shape
    corners = np.array([[0, 0], [width, 0], [0, height], [width, height]]) * patch.pitch
    away = corners + np.array(patch.origin) - geometry.start
    reach, aside = away @ geometry.direction, away @ geometry.normal
    first = max(-BEYOND * geometry.length, float(reach.min()))
    last = min((1 + BEYOND) * geometry.length, float(reach.max()))
    wide = 0.6 * geometry.width + 0.3 * geometry.length
    near, far = max(-wide, float(aside.min())), min(wide, float(aside.max()))
    step = max((last - first) / ROWS, 0.5 * patch.pitch)
    count, rows = int((last - first) / step), int((far - near) / step)
    if count < 60 or rows < 8 * GROUP:
        return None
    return _Frame(geometry, step, first, count, near, rows)


def _groups(table: Luma) -> Luma:
    """Return the means of some rows each, uint8 (groups, count)."""
    rows, count = table.shape
    return cv2.resize(table, (count, rows // GROUP), interpolation=cv2.INTER_AREA)  # type: ignore[return-value]


def _relief(groups: Luma) -> Table:
    """Return groups less their surroundings along the axis, float32 (groups, count)."""
    half = max(3, groups.shape[1] // 40)
    around = cv2.blur(groups, (2 * half + 1, 1))
    relief: Table = cv2.subtract(groups, around, dtype=cv2.CV_32F)  # type: ignore[assignment]
    return np.clip(relief, -40, 40, out=relief)


def _lines(groups: Luma) -> Table:
    """Return how much each place stands out as a thin mark, dark or bright, float32 (groups, count)."""
    # Opening and closing leave steps as they are, such as the edge of a plate, and take away what is thin.
    across = np.ones((1, THIN), np.uint8)
    bright = np.minimum(cv2.subtract(groups, cv2.morphologyEx(groups, cv2.MORPH_OPEN, across)), 40)
    dark = np.minimum(cv2.subtract(cv2.morphologyEx(groups, cv2.MORPH_CLOSE, across), groups), 40)
    both: Table = cv2.subtract(bright, dark, dtype=cv2.CV_32F)  # type: ignore[assignment]
    both -= both.mean(axis=1, keepdims=True)
    # Marks are rarer than what is between them; neighbouring rows see the same marks.
    skew = np.einsum("ij,ij,ij->i", both, both, both)
    skew = np.convolve(skew, np.ones(5), "same") if len(skew) > 5 else skew
    return np.where(skew[:, None] < 0, dark, bright).astype(np.float32)


def _lag(first: Table, second: Table, most: int) -> float:
    """Return by how many columns the second table's content lies after the first's, at most `most`."""
    inner = first[:, most:-most]
    width = inner.shape[1]
    sums = np.array([np.einsum("ij,ij->", inner, second[:, k : k + width]) for k in range(2 * most + 1)])
    return subpixel_peak(sums, int(sums.argmax())) - most


def _shear(relief: Table) -> float:
    """Return by how much marks lean along the axis for a step across."""
    near, far = _lag(relief[:-1], relief[1:], 2), _lag(relief[:-2], relief[2:], 3)
    return (near + 2 * far) / (5 * GROUP)


def _slant(table: Luma) -> float:
    """Return by how much the edges along the axis move across for a step along it."""
    blocks = 8
    part = table.shape[1] // blocks
    rows = cv2.resize(table, (blocks, table.shape[0]), interpolation=cv2.INTER_AREA).astype(np.float32).T
    edges = np.clip(np.diff(rows, axis=1), -20, 20)
    most = min(int(0.2 * part) + 1, edges.shape[1] // 4)
    if most < 1:
        return 0.0
    return float(_lag(edges[:-1], edges[1:], most) / part)


def _periodic(lines: Table) -> list[tuple[int, Row, float]]:
    """Return the profiles with the clearest repetition and its distance, samples; the clearest first."""
    rows = 0.5 * (lines[:-1] + lines[1:])
    count = rows.shape[1]
    longest = count // 4
    padded = np.zeros((len(rows), cv2.getOptimalDFTSize(count + longest)), np.float32)
    padded[:, :count] = rows - rows.mean(axis=1, keepdims=True)
    spectrum = cv2.dft(padded, flags=cv2.DFT_ROWS)
    power = cv2.mulSpectrums(spectrum, spectrum, cv2.DFT_ROWS, conjB=True)
    same = cv2.dft(power, flags=cv2.DFT_ROWS | cv2.DFT_INVERSE | cv2.DFT_SCALE)[:, : longest + 1]
    energy = same[:, 0] / count
    alike = same[:, 1:] / np.maximum(same[:, :1], 1e-6)
    alike *= count / (count - np.arange(1, longest + 1))
    # What comes before the first dip is a mark's own width.
    dip = np.minimum.accumulate(alike, axis=1)
    rise = alike - np.maximum(dip, -0.3)
    rise[:, : int(FINEST) - 1] = 0
    clear = rise.max(axis=1) * np.sqrt(np.clip(energy / FAINT, 0, 1))
    found = []
    for _ in range(TRIED):
        place = int(clear.argmax())
        if clear[place] < 0.12:
            break
        line = rise[place]
        peaks = np.flatnonzero((line[1:-1] >= line[:-2]) & (line[1:-1] > line[2:])) + 1
        peaks = peaks[line[peaks] >= 0.5 * line.max()]
        if len(peaks):
            found.append((place, rows[place], subpixel_peak(line, int(peaks[0])) + 1))
        clear[max(0, place - 2) : place + 3] = 0
    return found


def _flaps(lines: Table, place: int, comb: Comb, frame: _Frame) -> bool:
    """Say whether a comb fills the whole width of the tube, as a magnetic indicator's flaps do."""
    half = 0.5 * frame.geometry.width
    first, last = (round((u - frame.near) / frame.step / GROUP) for u in (-0.8 * half, 0.8 * half))
    first, last = max(0, first), min(len(lines) - 1, last)
    if not first - 3 <= place <= last + 3 or last - first < 2:
        return False
    count = lines.shape[1]
    at = np.clip(np.rint(comb.places), 0, count - 1).astype(np.intp)
    between = np.clip(np.rint(0.5 * (comb.places[1:] + comb.places[:-1])), 0, count - 1).astype(np.intp)
    response = lines[:, at].mean(axis=1) - lines[:, between].mean(axis=1)
    return bool(np.mean(response[first : last + 1] > 0.3 * response[place]) > 0.6)
