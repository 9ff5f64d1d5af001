"""What a site file says that can be meant and hardly ever is."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from meter_infer.calibration import mixed_units
from meter_infer.config import CameraConfig, MeterConfig, Site
from meter_infer.types import MeterKind

_BARE_VARIABLE = re.compile(r"\$[A-Za-z_]")
_FEW = 2
"""Points in the picture between which alone a dial would have to be even."""
_LEAST = 4
"""Points on a circle whose order says something: three can be read around in either sense."""


def doubts_of_url(site: Site, camera: CameraConfig) -> Iterator[tuple[str, str]]:
    """Yield the key below the camera, and what is odd about its address."""
    if not camera.url.is_stream and not site.resolve(camera.url.path).exists():
        yield "url", f"{camera.url} does not exist"
    if _BARE_VARIABLE.search(camera.url.reveal()):
        yield "url", "has a $ and a name; a variable of the environment is written ${NAME}"


def doubts_of_meters(camera: CameraConfig, size: tuple[int, int] | None = None) -> Iterator[tuple[str, str]]:
    """Yield the key below the camera, and what is odd about its meters.

    `size`: width and height of its picture, px; None where they are not known.
    """
    for name, meter in camera.meters.items():
        if not meter.range and not meter.calibration:
            yield f"meters.{name}", "has neither range nor calibration: no reading of it has a value"
        for what, problem in _doubts(meter, size):
            yield f"meters.{name}.{what}", problem
    for kind in MeterKind:
        names = [name for name, meter in camera.meters.items() if meter.kind is kind and not meter.box]
        if len(names) > 1:
            yield (
                "meters",
                f"{' and '.join(names)} have no box and are told apart by their order in the picture alone, "
                "once all of them are in view; give each a box",
            )


def _doubts(meter: MeterConfig, size: tuple[int, int] | None) -> Iterator[tuple[str, str]]:
    """Yield what is odd about one meter; `size`: width and height of its picture, px."""
    first = "first mark" if meter.kind is MeterKind.POINTER else "lower end"
    if meter.range and meter.range[0] > meter.range[1]:
        yield "range", f"runs backwards: {meter.range[0]:g} is at the {first}; is that so on the scale?"
    if meter.range and not meter.calibration and meter.kind is MeterKind.POINTER:
        mixed = mixed_units(meter.range, meter.unit)
        if mixed:
            yield "range", f"{mixed}; give it a calibration"
    curve = meter.scale if meter.calibration else None
    if curve is not None and not meter.pixel_points and curve.points[0][1] > curve.points[-1][1]:
        yield "calibration", f"runs backwards: its values fall from the {first} on; is that so on the scale?"
    if curve is not None and (flaw := curve.flaw()):
        yield "calibration", f"its points {flaw}"
    if odd := _odd_order(meter):
        yield "calibration", odd
    elif meter.pixel_points and len(meter.pixel_points) <= _FEW and meter.kind is MeterKind.POINTER:
        yield (
            "calibration",
            "has two points, between which the dial is taken to be even; click four or more, spread over it",
        )
    if ends := _ends(meter):
        low, high = min(ends), max(ends)
        for key, limit in limits_of(meter):
            if not low <= limit <= high:
                scale = f"{low:g} to {high:g}"
                yield (
                    f"alarms.{key}",
                    f"{limit:g} is not on the scale, {scale}: it hardly ever fires, or always",
                )
    if size is not None:
        width, height = size
        picture = f"the picture, which has {width} x {height} pixels"
        if meter.box and (meter.box[2] > width or meter.box[3] > height or min(meter.box[:2]) < 0):
            yield "box", f"reaches beyond {picture}"
        for value, (x, y) in meter.pixel_points or ():
            if x > width or y > height:
                yield "calibration", f"the point of value {value:g} lies outside {picture}"


def _ends(meter: MeterConfig) -> tuple[float, ...]:
    """Return values that stand on the scale, its ends among them as far as they are known."""
    if meter.range:
        return meter.range
    scale = meter.scale
    if scale is not None:
        return scale.value(0.0), scale.value(1.0)
    return ()  # points in the picture need not reach the ends


def limits_of(meter: MeterConfig) -> Iterator[tuple[str, float]]:
    """Yield the key and the limit of each alarm."""
    if meter.alarms is None:
        return
    for side, tiers in (("low", meter.alarms.low), ("high", meter.alarms.high)):
        for tier, limit in (("warn", tiers.warn), ("critical", tiers.critical)):
            if limit is not None:
                yield f"{side}.{tier}", limit


def _odd_order(meter: MeterConfig) -> str | None:
    """Say how the values of points in the picture are out of order along any scale; None where they are not.

    The points of a dial stand around their circle, from whichever of them the scale begins, and those of a
    level along a line.
    """
    points = meter.pixel_points
    if points is None or len(points) < _LEAST:
        return None
    places = np.array([place for _, place in points])
    if meter.kind is MeterKind.POINTER:
        from_center = places - _circle_center(places)
        order = np.argsort(np.arctan2(from_center[:, 1], from_center[:, 0]))  # y down: clockwise
        way = "clockwise"
    else:
        middle = places - places.mean(axis=0)
        along = np.linalg.svd(middle)[2][0]
        order = np.argsort(middle @ (along if along[1] <= 0 else -along))
        way = "from the lowest up"
    values = [points[index][0] for index in order]
    if meter.kind is MeterKind.POINTER:
        smallest = values.index(min(values))
        values = values[smallest:] + values[:smallest]
        if all(b < a for a, b in pairwise([*values[1:], values[0]])):
            return None  # counter-clockwise
    if _is_sorted(values):
        return None
    listed = ", ".join(f"{value:g}" for value in values)
    return f"its points have the values {listed}, {way}: one of them is wrong, or stands at a wrong place"


def _is_sorted(values: Sequence[float]) -> bool:
    steps = [b - a for a, b in pairwise(values)]
    return all(step > 0 for step in steps) or all(step < 0 for step in steps)


def _circle_center(places: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the centre of the circle nearest to points, (n, 2) to (2,).

    Kåsa's fit: ``x^2 + y^2 = 2 a x + 2 b y + c`` solved by least squares.
    """
    middle = places.mean(axis=0)
    off = places - middle
    design = np.column_stack([2 * off, np.ones(len(off))])
    solution = np.linalg.lstsq(design, (off**2).sum(axis=1), rcond=None)[0]
    return np.asarray(middle + solution[:2], np.float64)
